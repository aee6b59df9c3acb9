"""Whether videos are in danger and the machinery works, as every page's header says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy

from tasks.models import Copy, Lease, Project
from tasks.models.copy import risky
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

    @classmethod
    def read(cls, user: Any, now: datetime) -> Pulse:
        """Two queries."""
        return cls(now=now, **_risk(user, now), **_silence(now))

    @property
    def left(self) -> str:
        return clock((self.deadline - self.now).total_seconds()) if self.deadline else ""

    @property
    def silence(self) -> str:
        return clock((self.now - self.beat_at).total_seconds()) if self.beat_at else ""

    @property
    def digest(self) -> str:
        """Equal while a page need not be told anything."""
        told = (self.at_risk, self.at_least, self.deadline, self.silent, self.beat_at)
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


def _silence(now: datetime) -> dict[str, Any]:
    beats = dict(Lease.objects.filter(name__in=BEATING).values_list("name", "beat_at"))
    for name, words in BEATING.items():
        beat_at = beats.get(name)
        if beat_at is None or now - beat_at > SILENCE:
            return {"silent": str(words), "beat_at": beat_at}
    return {"silent": "", "beat_at": None}
