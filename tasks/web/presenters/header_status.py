"""The status in every page's header: videos at risk, silent workers, budgets near their limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db.models import BooleanField, Count, DateTimeField, Exists, Min, Q, QuerySet, Value
from django.utils.translation import get_language, gettext_lazy

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.near_limit import COLUMNS, NearLimit, near_limits, told_to
from tasks.models import Budget, Copy, CopyState, Lease, Project
from tasks.models.access import Rights, alarming_copies
from tasks.models.copy import RISKY, risky
from tasks.models.statement import NOW
from tasks.web.presenters.facts import clock
from tasks.web.presenters.personal_rows import personal_rows
from tasks.web.shared import Shared

WINDOW = 2_000  # copies whose links end first; a count that reaches this bound says so
SILENCE = timedelta(seconds=20)  # a heartbeat that is older counts as missing
#: Words for what must beat, by the names of their leases.
HEARTBEATS = {
    "sweep": gettext_lazy("Worker last seen"),
    "archive": gettext_lazy("Archive last seen"),
    "storage": gettext_lazy("Video storage last seen"),
}
STORAGE_SILENCE = timedelta(minutes=3)  # the archive looks at the storage once a minute
DAMAGE = "damage"  # this one beats when a saved file is found missing or changed …
TOLD_FOR = timedelta(days=7)  # … which every page tells for so long, and the archive's page always


Beats = dict[str, datetime | None]  # when each was last heard of, by the name of its lease
_QUIET: dict[str, Any] = {"silent": "", "beat_at": None}


@dataclass(frozen=True, kw_only=True)
class HeaderStatus:
    """The status of the header for one person at one moment."""

    now: datetime
    lost: int  # saved files found missing or changed of late, that cannot be fetched again
    at_risk: int
    at_least: bool  # whether there may be more
    deadline: datetime | None  # the first end of a link in the future
    silent: str  # the process whose heartbeat is missing, in words; "" while all beat
    beat_at: datetime | None
    budgets: tuple[NearLimit, ...]  # their own and those that they set, the fullest first

    @classmethod
    def read(cls, user: Any, now: datetime) -> HeaderStatus:
        """The status for `user`. Two queries; one more while saved files were lost of late.

        One more, too, while some budget of the site is near its limit. Which are is read for
        everybody at once, some seconds before at most, with the heartbeats of whoever comes first.
        """
        read_with_budgets: list[Beats | None] = []

        def near_now() -> tuple[BudgetStatus, ...]:
            beats, rows = _beats_and_budgets(user)
            read_with_budgets.append(beats)
            return near_limits(rows, now)

        all_near = near.get(None, near_now)
        beat_at = read_with_budgets[0] if read_with_budgets else _beats(user)
        damaged_at = beat_at.get(DAMAGE) if beat_at else None
        is_lost = damaged_at is not None and damaged_at > now - TOLD_FOR
        return cls(
            now=now,
            lost=_lost(user, now) if is_lost else 0,
            budgets=told_to(user, all_near, now),
            **_risk(user, now),
            **(_QUIET if beat_at is None else _silence(beat_at, now)),
        )

    @classmethod
    def read_shared(cls, user: Any, now: datetime) -> HeaderStatus:
        """The status for a person's open pages, which share one that is some seconds old."""
        key = (user.pk, get_language())
        return replace(shared.get(key, lambda: cls.read(user, now)), now=now)

    @property
    def left(self) -> str:
        return clock((self.deadline - self.now).total_seconds()) if self.deadline else ""

    @property
    def silence(self) -> str:
        return clock((self.now - self.beat_at).total_seconds()) if self.beat_at else ""

    @property
    def digest(self) -> str:
        """A digest that stays the same while the header shows the same."""
        risk = (self.at_risk, self.at_least, self.deadline)
        content = (self.lost, *risk, self.silent, self.beat_at, self.budgets)
        return blake2b(repr(content).encode(), digest_size=4).hexdigest()


#: Each page asks every 15 s, and putting a status together costs as much as five quiet questions.
SHARED_SECONDS = 5.0
shared: Shared[HeaderStatus] = Shared(SHARED_SECONDS)
#: The budgets near their limit are the same for all who are told of them.
near: Shared[tuple[BudgetStatus, ...]] = Shared(SHARED_SECONDS)


def _risk(user: Any, now: datetime) -> dict[str, Any]:
    """Counts among the copies whose links end first, so that a long queue costs no more."""
    rows = personal_rows(f"risk {WINDOW}", user, lambda: _nearest_ends(user), now, RISKY)
    in_window, at_risk, deadline = rows[0] if rows else (0, 0, None)
    return {"at_least": in_window == WINDOW, "at_risk": at_risk, "deadline": deadline}


def _nearest_ends(user: Any) -> QuerySet[Copy, tuple[int, int, datetime | None]]:
    """The copies whose links end first, those of them at risk, and the first end ahead."""
    nearest = Copy.objects.unsaved().values("pk")[:WINDOW]
    theirs = risky(NOW) & alarming_copies(user)
    ahead = theirs & Q(link_ends_at__gt=NOW)
    together = Copy.objects.filter(pk__in=nearest).order_by().values(together=Value(1))
    return together.annotate(
        in_window=Count("pk"),
        at_risk=Count("pk", filter=theirs),
        deadline=Min("link_ends_at", filter=ahead),
    ).values_list("in_window", "at_risk", "deadline")


def _lost(user: Any, now: datetime) -> int:
    """Count their saved files that were lost of late, up to a bound."""
    lost = Copy.objects.damaged().filter(
        alarming_copies(user), state=CopyState.GONE, damaged_at__gt=now - TOLD_FOR
    )
    return lost.order_by()[:WINDOW].count()


def _beats_and_budgets(user: Any) -> tuple[Beats | None, list[tuple[Any, ...]]]:
    """The heartbeats, and all budgets of the site as rows of COLUMNS, in one statement."""
    beats = _beating(user, *(Value(None, output_field=field) for field in COLUMNS.values()))
    nothing = (Value(None, output_field=DateTimeField()), Value(None, output_field=BooleanField()))
    budgets = Budget.objects.order_by().values_list(Value(""), *nothing, *COLUMNS)
    rows = list(beats.union(budgets, all=True))
    beating = [row[:3] for row in rows if row[0]]
    return _told(user, beating), [row[3:] for row in rows if not row[0]]


def _beats(user: Any) -> Beats | None:
    return _told(user, personal_rows("beats", user, lambda: _beating(user)))


def _beating(user: Any, *more: Value) -> QuerySet[Any, Any]:
    """Names and times of the heartbeats, and whether this person sees any project's details."""
    detailed = Exists(Project.objects.detailed_to(user).order_by())
    beating = Lease.objects.filter(name__in=[*HEARTBEATS, DAMAGE]).order_by()
    return beating.values_list("name", "beat_at", detailed, *more)


def _told(user: Any, rows: list[tuple[Any, ...]]) -> Beats | None:
    """The heartbeats by name; None for somebody who sees no project's details."""
    # Before the first worker has begun there is no row of it to tell.
    is_told = rows[0][2] if rows else Rights.of(user).sees_details
    return {row[0]: row[1] for row in rows} if is_told else None


def _silence(beat_at: dict[str, datetime | None], now: datetime) -> dict[str, Any]:
    """The first of them that has not beaten for too long, and when it last did.

    That the storage was never looked at says nothing of it: the archive may be new.
    """
    for name, words in HEARTBEATS.items():
        last = beat_at.get(name)
        longest = STORAGE_SILENCE if name == "storage" else SILENCE
        if (name in beat_at or name != "storage") and (last is None or now - last > longest):
            return {"silent": str(words), "beat_at": last}
    return _QUIET
