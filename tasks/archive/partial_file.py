"""An unfinished file: written, hashed, and synced to the disk while more of it comes."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO, Self

from tasks.archive import disk

SYNC_SECONDS = 2.0  # between two syncs, at most, while bytes come
SYNC_BYTES = 32 * 1024 * 1024  # in the kernel's memory; the last sync of 1 GB would take 0.4 s
READ_BYTES = 1024 * 1024  # at once
#: Written at once. For larger pieces the kernel takes memory in blocks of 128 kB and more, which a
#: virtual machine may have given back to its host: a GB then took 2.4 s of a core instead of 0.6.
WRITE_BYTES = 64 * 1024
ROOM_BYTES = 1024 * 1024  # written between two checks of the room on the disk


class PartialFile:
    """A file that is being received, used by one thread.

    path    where it is
    size    bytes written
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = self._synced = 0
        self._synced_at = 0.0
        self._room_checked_at = -ROOM_BYTES  # the size at the last check
        self._error: OSError | None = None
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    @property
    def has_begun(self) -> bool:
        return self._file is not None

    @property
    def left_over(self) -> int:
        """Bytes on the disk from earlier tries."""
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, start: int) -> None:
        """Keep the first bytes, which are read again for the hash, and cut off the rest."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        file.truncate(start)
        self._hash, self.size = hash_of(file), start
        self._synced = -1  # nobody knows whether an earlier try synced what it left
        self._synced_at = time.monotonic()
        self._file = file

    def write(self, piece: bytes) -> None:
        """Append a piece; raise DownloadError when that would touch the disk's reserve."""
        assert self._file
        if self.size - self._room_checked_at >= ROOM_BYTES:
            self._room_checked_at = self.size
            if disk.room(self.path.parent) <= 0:
                raise disk.full()
        self._hash.update(piece)
        rest = memoryview(piece)
        while rest:
            size = self._file.write(rest[:WRITE_BYTES])
            self.size, rest = self.size + size, rest[size:]

    @property
    def needs_sync(self) -> bool:
        """Whether much was written since the last sync, or the last sync was long ago."""
        is_late = time.monotonic() - self._synced_at >= SYNC_SECONDS
        return is_late or self.size - self._synced >= SYNC_BYTES

    def sync(self) -> int:
        """Return the number of bytes that are on the disk now, whatever happens to the machine.

        The kernel reports a failed write to one caller of fsync only, so the error is kept and
        raised again for everybody who asks later.
        """
        assert self._file
        if self._error:
            raise self._error
        try:
            if self.size != self._synced:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._error = error
            raise
        self._synced, self._synced_at = self.size, time.monotonic()
        return self.size

    def finish(self, target: Path) -> None:
        """Sync the file, then give it this name, under which there are only ever whole files."""
        self.sync()
        self.path.replace(target)
        sync_folder(target.parent)

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written."""
        return self._hash.hexdigest()


def hash_of(file: BinaryIO) -> hashlib._Hash:
    """SHA-256 of the rest of an open file."""
    found = hashlib.sha256()
    while piece := file.read(READ_BYTES):
        found.update(piece)
    return found


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a crash, as fsync does for a file's bytes."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
