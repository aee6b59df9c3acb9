"""How the installation fares, in numbers: read by `/statusz`, `doctor` and whoever watches."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Count, Min

from tasks import queue
from tasks.models import Copy, Credential, Lease, Task

SWEEP, ARCHIVE = "sweep", "archive"  # names of the leases whose heartbeats are looked at
LONGEST_SILENCE = 60.0  # seconds; within them the watch has started again what fell silent
LONGEST_OVERDUE = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Ages in seconds, sizes in bytes; None where there is nothing to tell."""

    sweep_heartbeat_age: float | None
    archive_heartbeat_age: float | None
    queue_depth: int
    oldest_due_check_age: float | None
    tasks_live: int
    copies_unsaved: int
    copies_at_risk: int
    first_deadline: datetime | None
    disk_free: int
    disk_reserve: int

    @classmethod
    def read(cls, now: datetime) -> Condition:
        """Six small questions, each answered by an index."""
        return cls(
            sweep_heartbeat_age=_silence(SWEEP, now),
            archive_heartbeat_age=_silence(ARCHIVE, now),
            queue_depth=queue.depth(),
            oldest_due_check_age=_age(_oldest_due(now), now),
            tasks_live=Task.objects.live().count(),
            copies_unsaved=Copy.objects.unsaved().count(),
            **_at_risk(now),
            disk_free=disk_free(),
            disk_reserve=int(getattr(settings, "DISK_RESERVE", 0)),
        )

    @property
    def concerns(self) -> list[str]:
        """The names of the numbers that a person should look at."""
        concerning = {
            "sweep_heartbeat_age": is_silent(self.sweep_heartbeat_age),
            "archive_heartbeat_age": is_silent(self.archive_heartbeat_age),
            "oldest_due_check_age": (self.oldest_due_check_age or 0) > LONGEST_OVERDUE,
            "copies_at_risk": self.copies_at_risk > 0,
            "disk_free": self.disk_free <= self.disk_reserve,
        }
        return [name for name, is_so in concerning.items() if is_so]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"concerns": self.concerns, **asdict(self)}


def is_silent(heartbeat_age: float | None) -> bool:
    return heartbeat_age is None or heartbeat_age > LONGEST_SILENCE


def _silence(lease: str, now: datetime) -> float | None:
    beats = Lease.objects.filter(name=lease).values_list("beat_at", flat=True)
    return _age(beats.first(), now)


def _age(at: datetime | None, now: datetime) -> float | None:
    """A clock that was set back makes nothing younger than new."""
    return max(0.0, round((now - at).total_seconds(), 1)) if at else None


def _oldest_due(now: datetime) -> datetime | None:
    """Of the credentials that may be asked: nobody waits for those that rest, or are off."""
    askable = Credential.objects.askable(now)
    due = Task.objects.filter(credential__in=askable, check_after__lte=now)
    oldest: datetime | None = due.aggregate(at=Min("check_after"))["at"]
    return oldest


def _at_risk(now: datetime) -> dict[str, Any]:
    found = Copy.objects.at_risk(now).order_by()
    return found.aggregate(copies_at_risk=Count("id"), first_deadline=Min("link_ends_at"))


def disk_free() -> int:
    """Where the videos go, or the database where those go elsewhere."""
    return shutil.disk_usage(_existing(videos_folder() or settings.DATA_DIR)).free


def videos_folder() -> Path | None:
    """The folder of the storage "videos"; None where that is no folder."""
    location = getattr(storages["videos"], "location", None)
    is_folder = isinstance(location, str) and Path(location).is_absolute()
    return Path(str(location)) if is_folder else None


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
