"""Room on the disk: a reserve stays free, so that the database and the site go on."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from tasks.archive.job import DownloadError, incoming
from tasks.models import CopyTrouble

FULL = "There is no room on the disk beside its reserve."


def places() -> list[Path]:
    """Folders the archive writes to: unfinished files, and the videos where they are a folder."""
    storage = storages["videos"]
    folder = [Path(storage.location)] if isinstance(storage, FileSystemStorage) else []
    return [_existing(path) for path in (incoming(), *folder)]


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def room(place: Path) -> int:
    """Bytes that may still be written there; below zero where the reserve is touched."""
    return shutil.disk_usage(place).free - int(settings.DISK_RESERVE)


def takes(size: int) -> bool:
    """Whether so many bytes may be stored beside the reserve; a remote storage takes any."""
    storage = storages["videos"]
    if not isinstance(storage, FileSystemStorage):
        return True
    return room(_existing(Path(storage.location))) >= size


def is_full() -> bool:
    return any(room(place) <= 0 for place in places())


class SpaceReservations:
    """Bytes that each download will still write, so that together they do not fill the disk."""

    def __init__(self) -> None:
        self._missing: dict[int, int] = {}
        self._lock = threading.Lock()

    def reserve(self, pk: int, missing: int) -> None:
        """Reserve room before the first byte; raise DownloadError where the others leave none."""
        with self._lock:
            others = sum(size for other, size in self._missing.items() if other != pk)
            if any(room(place) < others + missing for place in places()):
                raise full()
            self._missing[pk] = missing

    def update(self, pk: int, missing: int) -> None:
        """Note how many bytes are still to come."""
        with self._lock:
            self._missing[pk] = missing

    def release(self, pk: int) -> None:
        with self._lock:
            self._missing.pop(pk, None)


def full() -> DownloadError:
    """Make the error of a full disk, by which the partial file is thrown away.

    Kept, several partial files could keep each other from being finished.
    """
    return DownloadError(FULL, trouble=CopyTrouble.DISK_FULL, is_useless=True)
