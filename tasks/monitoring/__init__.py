"""Key figures of the installation's condition, for `/statusz`, `doctor` and monitors."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Count, Min, Sum

from tasks import queue
from tasks.models import Copy, Credential, Damage, Lease, StorageUse, Task
from tasks.monitoring import damage

#: Names of the leases whose heartbeats are checked. The storage beats whenever it is seen.
SWEEP, ARCHIVE, STORAGE = "sweep", "archive", "storage"
LONGEST_SILENCE = 60.0  # seconds; by then the watch has restarted a silent process
LONGEST_OVERDUE = 300.0  # seconds
STORAGE_SILENCE = 180.0  # seconds; the archive looks at the storage once a minute


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationStatus:
    """Key figures: ages in seconds, sizes in bytes; None without a value."""

    sweep_heartbeat_age: float | None
    archive_heartbeat_age: float | None
    storage_heartbeat_age: float | None
    queue_depth: int
    oldest_due_check_age: float | None
    tasks_live: int
    copies_unsaved: int
    copies_at_risk: int
    first_deadline: datetime | None
    copies_saved: int
    copies_gone: int
    copies_missing: int
    copies_changed: int
    oldest_file_check_age: float | None
    disk_free: int
    disk_reserve: int
    database_damage: str

    @classmethod
    def read(cls, now: datetime) -> InstallationStatus:
        """Read all figures in eleven small queries, each of an index."""
        at_risk = Copy.objects.at_risk(now).order_by()
        beats = dict(Lease.objects.values_list("name", "beat_at"))
        return cls(
            sweep_heartbeat_age=_age(beats.get(SWEEP), now),
            archive_heartbeat_age=_age(beats.get(ARCHIVE), now),
            storage_heartbeat_age=_storage_age(beats, now),
            queue_depth=queue.depth(),
            oldest_due_check_age=_age(_oldest_due(now), now),
            tasks_live=Task.objects.live().count(),
            copies_unsaved=Copy.objects.unsaved().count(),
            **at_risk.aggregate(copies_at_risk=Count("id"), first_deadline=Min("link_ends_at")),
            **_saved_files(now),
            disk_free=disk_free(),
            disk_reserve=int(getattr(settings, "DISK_RESERVE", 0)),
            database_damage=damage.noted(),
        )

    @property
    def concerns(self) -> list[str]:
        """Names of the figures that a person should look at."""
        concerning = {
            "sweep_heartbeat_age": is_silent(self.sweep_heartbeat_age),
            "archive_heartbeat_age": is_silent(self.archive_heartbeat_age),
            "storage_heartbeat_age": (self.storage_heartbeat_age or 0) > STORAGE_SILENCE,
            "oldest_due_check_age": (self.oldest_due_check_age or 0) > LONGEST_OVERDUE,
            "copies_at_risk": self.copies_at_risk > 0,
            "copies_missing": self.copies_missing > 0,
            "copies_changed": self.copies_changed > 0,
            "disk_free": self.disk_free <= self.disk_reserve,
            "database_damage": bool(self.database_damage),
        }
        return [name for name, is_so in concerning.items() if is_so]

    def as_dict(self) -> dict[str, Any]:
        """Figures and concerns, for JSON."""
        return {"concerns": self.concerns, **asdict(self)}


def is_silent(heartbeat_age: float | None) -> bool:
    return heartbeat_age is None or heartbeat_age > LONGEST_SILENCE


def _age(at: datetime | None, now: datetime) -> float | None:
    """Seconds since a time, at least 0, as a clock may have been set back; None without a time."""
    return max(0.0, round((now - at).total_seconds(), 1)) if at else None


def _storage_age(beats: dict[str, datetime | None], now: datetime) -> float | None:
    """Seconds since the storage was seen; None while nothing has looked for it yet.

    Where it was away from the first look on, it counts from the last file that was saved.
    """
    if STORAGE not in beats or beats[STORAGE]:
        return _age(beats.get(STORAGE), now)
    newest = Copy.objects.saved().order_by("-pk").values_list("saved_at", flat=True)
    return _age(newest.first(), now)


def _saved_files(now: datetime) -> dict[str, Any]:
    damages = Copy.objects.damaged().order_by().values_list("damage").annotate(number=Count("id"))
    numbers = dict(damages)
    oldest = Copy.objects.checked_before(now).values_list("checked_at", flat=True).first()
    return {
        "copies_saved": StorageUse.objects.aggregate(number=Sum("files"))["number"] or 0,
        "copies_gone": Copy.objects.gone().order_by().count(),
        "copies_missing": numbers.get(Damage.MISSING, 0),
        "copies_changed": numbers.get(Damage.CHANGED, 0),
        "oldest_file_check_age": _age(oldest, now),
    }


def _oldest_due(now: datetime) -> datetime | None:
    """The time of the longest overdue check, without paused or inactive credentials."""
    askable = Credential.objects.askable(now)
    due = Task.objects.filter(credential__in=askable, check_after__lte=now)
    oldest: datetime | None = due.aggregate(at=Min("check_after"))["at"]
    return oldest


def disk_free() -> int:
    """Free bytes on the disk of the videos, or of the database if videos are stored elsewhere."""
    folder = videos_folder() or settings.DATA_DIR
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def videos_folder() -> Path | None:
    """The folder of the storage "videos"; None if that is no local folder."""
    location = getattr(storages["videos"], "location", None)
    is_folder = isinstance(location, str) and Path(location).is_absolute()
    return Path(str(location)) if is_folder else None
