"""An unfinished file: written, hashed, and had on the disk while more of it comes."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

from tasks.archive import disk

SYNC_BYTES = 32 * 1024 * 1024  # unsynced; the last sync of 1 GB would take 0.4 s by itself
_PIECE = 1024 * 1024
#: For larger ones the kernel takes memory in blocks of 128 kB and more, which a virtual machine may
#: have given back to its host: writing a GB then took 2.4 s of a core instead of 0.6.
_AT_ONCE = 64 * 1024


class Part:
    """Every method blocks; one at a time, but for `sync` and `hash`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = self._synced = 0  # bytes written, and surely on the disk
        self.is_heavy = threading.Event()  # it is time for a sync
        self._fault: OSError | None = None
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()

    @property
    def has_begun(self) -> bool:
        return self._file is not None

    @property
    def on_disk(self) -> int:
        """Bytes of earlier tries."""
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, start: int) -> None:
        """Go on behind the first bytes, which are read again for the hash; the rest is cut off."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        self._file = file
        file.truncate(start)
        self._hash, self.size = hash_of(file), start
        self._synced = -1  # whatever an earlier try has left

    def write(self, piece: memoryview) -> None:
        """Snag when the disk's reserve is reached."""
        if disk.room(self.path.parent) <= 0:
            raise disk.full()
        assert self._file
        rest = piece
        while rest:
            rest = rest[self._file.write(rest[:_AT_ONCE]) :]
        self.size += len(piece)
        if self.size - self._synced >= SYNC_BYTES:
            self.is_heavy.set()

    def hash(self, piece: memoryview) -> None:
        """Of what is also written, in the same order."""
        self._hash.update(piece)

    def sync(self) -> int:
        """How many bytes are on the disk now, whatever happens to the machine.

        A disk's fault is told once, to whoever syncs next; here to all who come later as well.
        """
        assert self._file
        size = self.size
        if self._fault:
            raise self._fault
        try:
            if size != self._synced:
                os.fsync(self._file.fileno())
        except OSError as fault:
            self._fault = fault
            raise
        self._synced = size
        return size

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        if self._file:
            self._file.close()


def hash_of(file: BinaryIO) -> hashlib._Hash:
    """SHA-256 of what follows in the file."""
    found = hashlib.sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    return found


def sync_folder(path: Path) -> None:
    """Make names last, not only bytes."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
