"""One saved file as it is in the storage now, compared with what was saved. Knows no database.

In a folder the whole file is read and hashed, slowly. A bucket is asked for the object's size and
checksums, and nothing is downloaded: an object never changes but by being replaced.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.storage import FileSystemStorage, Storage, storages

from tasks.archive.damage import Loss
from tasks.models import Damage

BLOCK = 256 * 1024  # bytes read at once
#: The share of other files that must be where they were, before one is believed to be lost. A
#: storage that is not mounted, or the wrong bucket, has none of them; or the few that were saved
#: there since.
BELIEVED = 0.5
ENOUGH = 8  # other files, to go by that share


class ScrubStoppedError(Exception):
    """The process ends; what was being read is read another time."""


class StorageAwayError(Exception):
    """The storage is not there, or not the one that the files were saved in."""


class StoredFile(NamedTuple):
    """A saved file as our rows know it."""

    name: str
    size: int | None
    sha256: str = ""
    etag: str | None = None  # in a bucket


class StoredObject(NamedTuple):
    """An object as its bucket describes it."""

    size: int
    etag: str
    sha256: str  # "" where it was saved without


@dataclass
class Pace:
    """A limit on the bytes that are read in a second, and the way to stop."""

    bytes_a_second: int
    stopping: threading.Event
    read_at: float = 0.0  # when the storage last gave something, by the monotonic clock

    def keep(self, read: int, seconds: float) -> None:
        """Wait after reading so much in so long. Raises ScrubStoppedError."""
        self.read_at = time.monotonic()
        if self.stopping.wait(max(0.0, read / self.bytes_a_second - seconds)):
            raise ScrubStoppedError


def is_there(file: StoredFile) -> bool:
    """Whether the file is in the storage with its size; as cheap as can be, and never raises."""
    try:
        return file.size in (None, storages["videos"].size(file.name))
    except Exception:  # whatever the library of a remote storage raises
        return False


def require_storage(others: Sequence[StoredFile], these: Sequence[StoredFile] = ()) -> None:
    """Raise StorageAwayError unless most of the other files are where they were.

    Where there are few others, one file that is there is enough, and may be one of these. A file
    that is the only one proves nothing, and may be lost.
    """
    there = [is_there(file) for file in others]
    if len(there) >= ENOUGH:
        is_away = sum(there) < BELIEVED * len(there)
    else:
        there += [is_there(file) for file in these]
        is_away = len(there) > 1 and not any(there)
    if is_away:
        raise StorageAwayError(f"{there.count(False)} of {len(there)} files are not there")


@contextmanager
def on_disk(name: str, beside: Path) -> Iterator[Path]:
    """A file of the storage as a path on this machine; one of a bucket is fetched for as long.

    Raises FileNotFoundError, and whatever the library of a remote storage raises.
    """
    storage: Any = storages["videos"]
    if isinstance(storage, FileSystemStorage):
        if not (path := Path(storage.path(name))).is_file():
            raise FileNotFoundError(name)
        yield path
        return
    beside.parent.mkdir(parents=True, exist_ok=True)
    try:
        with storage.open(name) as source, beside.open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def examine(file: StoredFile, pace: Pace) -> tuple[Loss | None, str | None]:
    """Return what is wrong with the file, None if nothing is; and its ETag in a bucket.

    Raises StorageAwayError where a remote storage does not answer, and ScrubStoppedError.
    """
    storage: Any = storages["videos"]
    try:
        if hasattr(storage, "look_up"):
            pace.keep(0, 0)
            return _compare(file, found := storage.look_up(file.name)), found.etag
        return _read(file, storage, pace), None
    except FileNotFoundError:
        return Loss(Damage.MISSING), None
    except ScrubStoppedError:
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        if isinstance(error, OSError) and isinstance(storage, FileSystemStorage):
            return Loss(Damage.CHANGED, f"It cannot be read: {error.strerror}."), None
        raise StorageAwayError(type(error).__name__) from None


def _compare(file: StoredFile, found: StoredObject) -> Loss | None:
    """Compare with the object's own SHA-256, or its ETag where it was saved without."""
    if file.size not in (None, found.size):
        return _other_size(file, found.size)
    known, now = (file.sha256, found.sha256) if found.sha256 else (file.etag, found.etag)
    is_same = not known or known == now
    return None if is_same else Loss(Damage.CHANGED, "Its checksum is another.")


def _read(file: StoredFile, storage: Storage, pace: Pace) -> Loss | None:
    """Read all of the file, unless its size says enough."""
    with storage.open(file.name) as opened:
        if file.size not in (None, size := opened.size):
            return _other_size(file, size)
        digest = hashlib.sha256()
        while True:
            began = time.monotonic()
            if not (block := opened.read(BLOCK)):
                break
            digest.update(block)
            pace.keep(len(block), time.monotonic() - began)
        _forget(opened)
    is_same = file.sha256 in ("", digest.hexdigest())
    return None if is_same else Loss(Damage.CHANGED, "Its SHA-256 is another.")


def _other_size(file: StoredFile, size: int) -> Loss:
    return Loss(Damage.CHANGED, f"It has {size} bytes instead of {file.size}.")


def _forget(opened: Any) -> None:
    """Let the system drop the file from its cache, which is for what people watch."""
    with suppress(AttributeError, OSError, ValueError):
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
