"""Room on the disk: a reserve stays free, so that the database and the site go on."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from tasks.archive.errand import Snag, incoming
from tasks.models import CopyTrouble

FULL = "There is no room on the disk beside its reserve."


def places() -> list[Path]:
    """Where the archive writes: unfinished files, and the videos where they are a folder."""
    storage = storages["videos"]
    folder = [Path(storage.location)] if isinstance(storage, FileSystemStorage) else []
    return [_existing(path) for path in (incoming(), *folder)]


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def room(place: Path) -> int:
    """Bytes that may still be written there; below zero where the reserve is touched."""
    return shutil.disk_usage(place).free - int(settings.DISK_RESERVE)


def is_full() -> bool:
    return any(room(place) <= 0 for place in places())


class Promises:
    """What the files on their way will still need, so that together they do not fill the disk."""

    def __init__(self) -> None:
        self._missing: dict[int, int] = {}
        self._lock = threading.Lock()

    def make(self, pk: int, missing: int) -> None:
        """Before the first byte; Snag where the others leave no room."""
        with self._lock:
            others = sum(size for other, size in self._missing.items() if other != pk)
            if any(room(place) < others + missing for place in places()):
                raise full()
            self._missing[pk] = missing

    def keep(self, pk: int, missing: int) -> None:
        """So much is still to come."""
        with self._lock:
            self._missing[pk] = missing

    def forget(self, pk: int) -> None:
        with self._lock:
            self._missing.pop(pk, None)


def full() -> Snag:
    """What came goes, for unfinished files together could keep each other from their ends."""
    return Snag(FULL, trouble=CopyTrouble.DISK_FULL, is_useless=True)
