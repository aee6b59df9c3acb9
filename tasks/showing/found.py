"""What the page of found tasks shows of each account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.models import (
    Credential,
    Difference,
    Found,
    Lease,
    Outcome,
    Project,
    Reconciliation,
    Task,
)
from tasks.sentences import trouble_sentence, words_beside
from tasks.showing.looks import LOOKS, Look
from tasks.showing.pulse import SILENCE

MOST_ROWS = 100  # of an account's table; "adopt all" takes the others as well
MOST_DIFFERENCES = 50
SOON, NEAR = timedelta(days=1), timedelta(days=2)

OUTCOMES = {
    Outcome.WAITING: Look("clock", "grey"),
    Outcome.RUNNING: Look("loader-2", "blue"),
    Outcome.COMPARED: Look("circle-check", "green"),
    Outcome.EMPTY: Look("circle-check", "grey"),
    Outcome.FAILED: Look("circle-x", "red"),
    Outcome.CANNOT: Look("ban", "grey"),
}


@dataclass(frozen=True)
class FoundShown:
    row: Found
    now: datetime

    @property
    def look(self) -> Look:
        return LOOKS[self.row.status]  # type: ignore[index]

    @property
    def haste(self) -> Look:
        """How near the end is at which its provider forgets it."""
        ends_at = self.row.ends_at
        if ends_at is None or ends_at > self.now + NEAR:
            return Look("clock", "grey")
        soon = ends_at <= self.now + SOON
        return Look("alert-triangle", "red") if soon else Look("hourglass", "amber")


@dataclass(frozen=True)
class Differences:
    """Ours that one comparison has something to say of; others' are only counted."""

    told: list[Difference]
    hidden: int

    @classmethod
    def of(cls, row: Reconciliation, kind: Difference.Kind, number: int, user: Any) -> Differences:
        visible = row.differences.filter(kind=kind, task__in=Task.objects.visible_to(user))
        told = list(visible.select_related("task").defer("task__raw")[:MOST_DIFFERENCES])
        return cls(told, max(0, number - len(told)))


@dataclass(frozen=True)
class Account:
    """One credential: how its last comparison ended, and what was found by it."""

    credential: Credential
    row: Reconciliation | None
    silent_since: datetime | None
    is_silent: bool
    now: datetime

    @property
    def look(self) -> Look:
        return OUTCOMES[Outcome(self.row.outcome)] if self.row else Look("clock-off", "grey")

    @property
    def is_resting(self) -> bool:
        until = self.credential.paused_until
        return until is not None and until > self.now

    @property
    def trouble(self) -> str:
        return trouble_sentence(self.row.trouble) if self.row else ""

    @property
    def last_words(self) -> str:
        return words_beside(self.row.trouble, self.row.message) if self.row else ""

    @classmethod
    def read(cls, credential: Credential, row: Reconciliation | None, now: datetime) -> Account:
        beat = Lease.objects.filter(name="sweep").values_list("beat_at", flat=True).first()
        is_silent = beat is None or now - beat > SILENCE
        return cls(credential, row, beat, is_silent, now)


@dataclass(frozen=True)
class Section:
    """An account with its tables. Five queries."""

    account: Account
    total: int
    found: list[FoundShown]
    missing: Differences | None
    differing: Differences | None
    projects: list[Project]

    @property
    def more(self) -> int:
        return self.total - len(self.found)

    @classmethod
    def read(cls, account: Account, user: Any) -> Section:
        now, row = account.now, account.row
        unknown = Found.objects.of(account.credential).unknown(now)
        shown = list(unknown.nearest_end_first().defer("raw")[: MOST_ROWS + 1])
        total = unknown.count() if len(shown) > MOST_ROWS else len(shown)
        kinds = Difference.Kind
        return cls(
            account=account,
            total=total,
            found=[FoundShown(each, now) for each in shown[:MOST_ROWS]],
            missing=_differences(row, kinds.MISSING, "missing_there", user),
            differing=_differences(row, kinds.DIFFERS, "differing", user),
            projects=adopting_projects(account.credential, user),
        )


def _differences(
    row: Reconciliation | None, kind: Difference.Kind, count: str, user: Any
) -> Differences | None:
    number = getattr(row, count) if row and row.is_complete else 0
    return Differences.of(row, kind, number, user) if row and number else None


def adopting_projects(credential: Credential, user: Any) -> list[Project]:
    """Those this person manages and that may use the credential."""
    managed = Project.objects.managed_by(user)
    usable = managed if credential.open_to_all else managed.filter(credentials=credential)
    return list(usable.order_by("name"))
