"""How far a batch has come, in words and in a bar of one piece a take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

from tasks.models.status_change import STATUS_CHOICES
from tasks.models.task_queries import TaskQuerySet
from tasks.showing import facts
from tasks.showing.looks import LOOKS, Look
from tasks.status import LIVE, Status

WORDS = dict(STATUS_CHOICES)
#: In the order of a task's life, what needs a person last.
ORDER = (
    Status.SUCCEEDED,
    Status.RUNNING,
    Status.QUEUED,
    Status.SUBMITTING,
    Status.UNKNOWN,
    Status.UNCONFIRMED,
    Status.FAILED,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.LOST,
)


@dataclass(frozen=True)
class Part:
    """So many takes of one status."""

    status: Status
    look: Look
    word: str
    number: int


@dataclass(frozen=True)
class Progress:
    statuses: tuple[Status, ...]
    billed: int | None  # tokens of those that succeeded; no others are billed

    @classmethod
    def of(cls, takes: TaskQuerySet) -> Progress:
        """In one query, whatever their number."""
        columns = ("status", "total_tokens", "completion_tokens")
        rows = list(takes.order_by("pk").values_list(*columns))
        told = [total if total is not None else completion for status, total, completion in rows
                if status == Status.SUCCEEDED]  # fmt: skip
        known = [tokens for tokens in told if tokens is not None]
        return cls(
            statuses=tuple(Status(status) for status, _total, _completion in rows),
            billed=sum(known) if known else None,
        )

    @property
    def parts(self) -> list[Part]:
        counted = Counter(self.statuses)
        return [
            Part(status, LOOKS[status], str(WORDS[status]), counted[status])
            for status in ORDER
            if counted[status]
        ]

    @property
    def pieces(self) -> list[Look]:
        """One a take, the finished ones first."""
        return [LOOKS[status] for status in sorted(self.statuses, key=ORDER.index)]

    @property
    def number(self) -> int:
        return len(self.statuses)

    @property
    def ended(self) -> int:
        return sum(status not in LIVE for status in self.statuses)

    @property
    def tokens(self) -> str:
        return facts.grouped(self.billed) if self.billed is not None else ""

    @property
    def mark(self) -> str:
        """Changes exactly when a page must show it anew."""
        said = f"{sorted(self.statuses)} {self.billed}"
        return blake2b(said.encode(), digest_size=4).hexdigest()
