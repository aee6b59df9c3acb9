"""The progress of a batch, in words and as a bar with one piece per take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tasks.models.status_change import STATUS_CHOICES
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.status import LIVE, Status
from tasks.web.presenters import facts
from tasks.web.presenters.badges import STATUS_BADGES, Badge

WORDS = dict(STATUS_CHOICES)
#: The statuses as a batch's progress orders them: succeeded first, then live, then failed ones.
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
    Status.FOREIGN,
)


@dataclass(frozen=True)
class StatusCount:
    """The number of takes with one status."""

    status: Status
    badge: Badge
    word: str
    number: int


@dataclass(frozen=True)
class Progress:
    """The statuses of a batch's takes, and the tokens billed for them."""

    statuses: tuple[Status, ...]
    billed: int | None  # tokens of the succeeded takes; None where the reader sees no details

    @classmethod
    def of(cls, takes: TaskQuerySet, user: Any) -> Progress:
        """Read the progress as this person sees it, in one query however many takes there are."""
        columns = ("status", "total_tokens", "completion_tokens", "shows_details")
        rows = takes.with_details_for(user).order_by("pk").values_list(*columns)
        statuses, billed = [], None
        for status, total, completion, shows_details in rows:
            statuses.append(Status(status))
            tokens = total if total is not None else completion
            if status == Status.SUCCEEDED and tokens is not None and shows_details:
                billed = (billed or 0) + tokens
        return cls(statuses=tuple(statuses), billed=billed)

    @property
    def parts(self) -> list[StatusCount]:
        counted = Counter(self.statuses)
        return [
            StatusCount(status, STATUS_BADGES[status], str(WORDS[status]), counted[status])
            for status in ORDER
            if counted[status]
        ]

    @property
    def pieces(self) -> list[Badge]:
        """One badge per take, in the order of statuses."""
        return [STATUS_BADGES[status] for status in sorted(self.statuses, key=ORDER.index)]

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
        """A digest that changes exactly when a page must show the progress anew."""
        state = f"{sorted(self.statuses)} {self.billed}"
        return blake2b(state.encode(), digest_size=4).hexdigest()
