"""Whether videos are in danger, the machinery works and budgets last, as each header says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db.models import Count, DateTimeField, Field, Min, Q, QuerySet, Value
from django.utils.translation import gettext_lazy

from tasks.models import Copy, Lease, Project
from tasks.models.charge import day_of
from tasks.models.copy import risky
from tasks.money.nearly import COLUMNS, NearlySpent, limited, nearly_spent
from tasks.showing.facts import clock

WINDOW = 2_000  # of the queue's nearest ends; a count that met this bound says so
SILENCE = timedelta(seconds=20)
#: The leases whose heartbeats are looked at, by whom they belong to.
BEATING = {
    "sweep": gettext_lazy("Worker last seen"),
    "archive": gettext_lazy("Archive last seen"),
}


@dataclass(frozen=True, kw_only=True)
class Pulse:
    now: datetime
    at_risk: int
    at_least: bool  # there may be more
    deadline: datetime | None  # the first end of a link that is still ahead
    silent: str  # whose heartbeat is missing, in words; "" while all beat
    beat_at: datetime | None
    budgets: tuple[NearlySpent, ...]  # that this person may raise, the fullest first

    @classmethod
    def read(cls, user: Any, now: datetime, *, manages: bool = True) -> Pulse:
        """Two queries. `manages`: whether the person may manage any project, as far as is known."""
        return cls(now=now, **_risk(user, now), **_beats_and_budgets(user, now, manages))

    @property
    def left(self) -> str:
        return clock((self.deadline - self.now).total_seconds()) if self.deadline else ""

    @property
    def silence(self) -> str:
        return clock((self.now - self.beat_at).total_seconds()) if self.beat_at else ""

    @property
    def digest(self) -> str:
        """Equal while a page need not be told anything."""
        in_danger = (self.at_risk, self.at_least, self.deadline)
        told = (*in_danger, self.silent, self.beat_at, self.budgets)
        return blake2b(repr(told).encode(), digest_size=4).hexdigest()


def _risk(user: Any, now: datetime) -> dict[str, Any]:
    """Among the copies whose links end first, so that the longest queue costs no more."""
    nearest = Copy.objects.unsaved().values("pk")[:WINDOW]
    theirs = risky(now) & visible_copies(user)
    ahead = theirs & Q(link_ends_at__gt=now)
    found = (
        Copy.objects.filter(pk__in=nearest)
        .order_by()
        .aggregate(
            looked_at=Count("pk"),
            at_risk=Count("pk", filter=theirs),
            deadline=Min("link_ends_at", filter=ahead),
        )
    )
    return {"at_least": found.pop("looked_at") == WINDOW, **found}


def visible_copies(user: Any) -> Q:
    """What `Copy.objects.visible_to` filters by, for counting within a wider query."""
    kept = Q(task__deleted_at=None)
    if user.is_active and user.is_staff:
        return kept
    return kept & Q(task__project__in=Project.objects.visible_to(user).order_by())


def _beats_and_budgets(user: Any, now: datetime, manages: bool) -> dict[str, Any]:
    """One statement for both: whatever the header asks is asked on every page, and each 15 s.

    To put it together takes 2 ms, which who manages nothing is spared.
    """
    beating = Lease.objects.filter(name__in=BEATING).order_by()
    beats = beating.values_list("name", "beat_at", *map(_nothing, COLUMNS.values()))
    rows = list(beats.union(_spent(user, now), all=True) if manages else beats)
    budgets = nearly_spent(row[2:] for row in rows if not row[0])
    return {"budgets": budgets, **_silence({row[0]: row[1] for row in rows}, now)}


def _spent(user: Any, now: datetime) -> QuerySet[Any, Any]:
    found = limited(user, day_of(now)).order_by()
    return found.values_list(Value(""), _nothing(DateTimeField()), *COLUMNS)


def _nothing(field: Field[Any, Any]) -> Value:
    """Where one half of the statement has a column that the other has not."""
    return Value(None, output_field=field)


def _silence(beats: Mapping[str, datetime], now: datetime) -> dict[str, Any]:
    for name, words in BEATING.items():
        beat_at = beats.get(name)
        if beat_at is None or now - beat_at > SILENCE:
            return {"silent": str(words), "beat_at": beat_at}
    return {"silent": "", "beat_at": None}
