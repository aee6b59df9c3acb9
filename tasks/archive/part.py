"""An unfinished file: written, hashed, and had on the disk while more of it comes."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

from tasks.archive import disk

SYNC_BYTES = 32 * 1024 * 1024  # in the kernel's memory; the last sync of 1 GB would take 0.4 s
BLOCK = 4096  # bytes; disks have blocks of 512 or 4096
_PIECE = 1024 * 1024
#: For larger ones the kernel takes memory in blocks of 128 kB and more, which a virtual machine may
#: have given back to its host: writing a GB then took 2.4 s of a core instead of 0.6.
_AT_ONCE = 64 * 1024


class Part:
    """Every method blocks; one at a time, but for `sync` and `hash`.

    Whole blocks go from the reader's memory to the disk past the kernel's, where the file system
    can do that: 0.1 s of a core for a GB instead of 0.6, and nothing is left for the last sync.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = self._synced = 0  # bytes written, and surely on the disk
        self._in_memory = 0  # bytes that the kernel may still have to write
        self.is_heavy = threading.Event()  # it is time for a sync
        self._fault: OSError | None = None
        self._file: BinaryIO | None = None
        self._straight: int | None = None  # the same file, open for whole blocks
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
        file.truncate(start)
        self._hash, self.size = hash_of(file), start
        self._synced = -1  # whatever an earlier try has left
        self._file, self._straight = file, _straight(self.path)

    def write(self, at: int, piece: memoryview) -> None:
        """What belongs in the file from this byte on, without what is written of it already.

        Snag when the disk's reserve is reached. After one piece failed, none behind it is written.
        """
        rest = piece[self.size - at :] if at <= self.size else piece[:0]
        if rest and disk.room(self.path.parent) <= 0:
            raise disk.full()
        while rest:
            size = self._write_straight(rest) or self._write_some(rest)
            self.size, rest = self.size + size, rest[size:]
        if self._in_memory >= SYNC_BYTES:
            self._in_memory = 0
            self.is_heavy.set()

    def _write_straight(self, rest: memoryview) -> int:
        """How many bytes of whole blocks; 0 where there are none, or they cannot go this way."""
        whole = len(rest) // BLOCK * BLOCK
        if self._straight is None or not whole or self.size % BLOCK:
            return 0
        try:
            return os.pwrite(self._straight, rest[:whole], self.size)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._give_up_straight()  # it wants larger blocks than others do
            return 0

    def _write_some(self, rest: memoryview) -> int:
        assert self._file
        size = os.pwrite(self._file.fileno(), rest[:_AT_ONCE], self.size)
        self._in_memory += size
        return size

    def _give_up_straight(self) -> None:
        if self._straight is not None:
            os.close(self._straight)
        self._straight = None

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
        self._give_up_straight()
        if self._file:
            self._file.close()


def _straight(path: Path) -> int | None:
    """For writes past the kernel's memory; None where its file system has none."""
    if not hasattr(os, "O_DIRECT"):  # macOS
        return None
    try:
        return os.open(path, os.O_WRONLY | os.O_DIRECT)
    except OSError:
        return None


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
