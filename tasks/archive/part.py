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
    """Every method blocks; one at a time, `sync` excepted, and `hash` beside `write`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0  # bytes written
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

    def write(self, pieces: Iterable[bytes]) -> None:
        """Snag when the disk's reserve is reached."""
        if disk.room(self.path.parent) <= 0:
            raise disk.full()
        assert self._file
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
            self.size += len(piece)

    def hash(self, pieces: Iterable[bytes]) -> None:
        """What is also written: on another core it takes no time of its own."""
        for piece in pieces:
            self._hash.update(piece)

    def sync(self) -> int:
        """How many bytes are on the disk now, whatever happens to the machine."""
        assert self._file
        size = self.size
        os.fsync(self._file.fileno())
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
