"""The untracked tasks of each account, and the differences that its last comparison found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.models import (
    Credential,
    Difference,
    Lease,
    ListOutcome,
    Project,
    Reconciliation,
    Task,
    UntrackedTask,
)
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.badges import STATUS_BADGES, Badge
from tasks.web.presenters.header_status import SILENCE

MOST_ROWS = 100  # in an account's table; "adopt all" takes the others as well
MOST_DIFFERENCES = 50
SOON, NEAR = timedelta(days=1), timedelta(days=2)

OUTCOME_BADGES = {
    ListOutcome.WAITING: Badge("clock", "grey"),
    ListOutcome.RUNNING: Badge("loader-2", "blue"),
    ListOutcome.COMPARED: Badge("circle-check", "green"),
    ListOutcome.EMPTY: Badge("circle-check", "grey"),
    ListOutcome.FAILED: Badge("circle-x", "red"),
    ListOutcome.CANNOT: Badge("ban", "grey"),
}


@dataclass(frozen=True)
class UntrackedPresenter:
    """A task in a provider's list that nobody tracks here."""

    row: UntrackedTask
    now: datetime

    @property
    def badge(self) -> Badge:
        return STATUS_BADGES[self.row.status]  # type: ignore[index]

    @property
    def deadline_badge(self) -> Badge:
        """The badge of the time left until its provider forgets it: grey, amber, red."""
        ends_at = self.row.ends_at
        if ends_at is None or ends_at > self.now + NEAR:
            return Badge("clock", "grey")
        soon = ends_at <= self.now + SOON
        return Badge("alert-triangle", "red") if soon else Badge("hourglass", "amber")


@dataclass(frozen=True)
class Differences:
    """Tasks of ours that differ in one comparison; those a person may not see are counted."""

    visible: list[Difference]
    hidden: int  # how many are not in `visible`

    @classmethod
    def of(cls, row: Reconciliation, kind: Difference.Kind, number: int, user: Any) -> Differences:
        visible = row.differences.filter(kind=kind, task__in=Task.objects.visible_to(user))
        light = visible.select_related("task").defer("task__raw").prefetch_related("task__copies")
        rows = list(light[:MOST_DIFFERENCES])
        return cls(rows, max(0, number - len(rows)))


@dataclass(frozen=True)
class Account:
    """A credential and how its last comparison ended."""

    credential: Credential
    row: Reconciliation | None
    silent_since: datetime | None  # the sweep's last heartbeat
    is_silent: bool  # whether that heartbeat is too old
    now: datetime

    @property
    def badge(self) -> Badge:
        return (
            OUTCOME_BADGES[ListOutcome(self.row.outcome)]
            if self.row
            else Badge("clock-off", "grey")
        )

    @property
    def is_resting(self) -> bool:
        until = self.credential.paused_until
        return until is not None and until > self.now

    @property
    def trouble(self) -> str:
        return trouble_sentence(self.row.trouble) if self.row else ""

    @property
    def trouble_detail(self) -> str:
        return trouble_detail(self.row.trouble, self.row.message) if self.row else ""

    @classmethod
    def read(cls, credential: Credential, row: Reconciliation | None, now: datetime) -> Account:
        beat = Lease.objects.filter(name="sweep").values_list("beat_at", flat=True).first()
        is_silent = beat is None or now - beat > SILENCE
        return cls(credential, row, beat, is_silent, now)


@dataclass(frozen=True)
class Section:
    """An account with its tables."""

    account: Account
    total: int
    untracked: list[UntrackedPresenter]
    missing: Differences | None
    differing: Differences | None
    projects: list[Project]

    @property
    def more(self) -> int:
        return self.total - len(self.untracked)

    @classmethod
    def read(cls, account: Account, user: Any) -> Section:
        """The section as this person may see it. Five queries."""
        now, row = account.now, account.row
        unknown = UntrackedTask.objects.of(account.credential).unknown(now)
        rows = list(unknown.nearest_end_first().defer("raw")[: MOST_ROWS + 1])
        total = unknown.count() if len(rows) > MOST_ROWS else len(rows)
        kinds = Difference.Kind
        return cls(
            account=account,
            total=total,
            untracked=[UntrackedPresenter(each, now) for each in rows[:MOST_ROWS]],
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
    """The projects that this person manages and that may use the credential."""
    return list(Project.objects.managed_by(user).that_may_use(credential).order_by("name"))
