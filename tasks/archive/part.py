"""An unfinished file: written, hashed and synced in threads, so that no disk stops the loop."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from tasks.archive import disk

_PIECE = 1024 * 1024


class Part:
    """Every method blocks; one at a time, `sync` excepted."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.size = 0  # bytes written
        self.has_begun = False
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._hash = hashlib.sha256()

    def begin(self, start: int) -> None:
        """Go on behind the first bytes, which are read again for the hash; the rest is cut off."""
        self._file.truncate(start)
        self._file.seek(0)
        self._hash, self.size, self.has_begun = hash_of(self._file), start, True

    def write(self, pieces: Iterable[bytes]) -> None:
        """Snag when the disk's reserve is reached."""
        if disk.room(self.path.parent) <= 0:
            raise disk.full()
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._hash.update(piece)
            self.size += len(piece)

    def sync(self) -> int:
        """How many bytes are on the disk now, whatever happens to the machine."""
        size = self.size
        os.fsync(self._file.fileno())
        return size

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
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
