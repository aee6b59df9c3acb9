"""Memory for what comes: places of one piece each, so many for all files together.

They are kept for the next files: new memory may have to come from a virtual machine's host first.
"""

from __future__ import annotations

from contextlib import suppress
from mmap import mmap
from threading import Lock

#: Bytes hashed, and written, at once: with 1 MB threads woke each other so often that 30 files of
#: 20 MB took a tenth longer.
PIECE = 2 * 1024 * 1024
EACH = 3  # for one file: a piece that comes, one that is hashed, one that is written
FILES = 8  # at once
MOST = 16  # for all of them, so 32 MB


class Rooms:
    """The first files have `EACH`; one is left for each of the others that may still come."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: list[memoryview] = []
        self._files = self._taken = 0

    def take(self) -> list[memoryview]:
        """For one more file."""
        with self._lock:
            self._files += 1
            spare = MOST - self._taken - max(FILES - self._files, 0)
            number = max(1, min(EACH, spare))
            self._taken += number
            return [self._room() for _ in range(number)]

    def _room(self) -> memoryview:
        """A shared mapping: its pages stay where they are, though another thread forks while they
        are written (open(2), O_DIRECT).
        """
        with suppress(IndexError):
            return self._free.pop()
        return memoryview(mmap(-1, PIECE))

    def give_back(self, rooms: list[memoryview]) -> None:
        with self._lock:
            self._files -= 1
            self._taken -= len(rooms)
            self._free += rooms


rooms = Rooms()
