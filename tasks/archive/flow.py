"""From the host onto the disk: while one piece comes, the last ones are hashed and written."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from mmap import mmap

from tasks.archive.errand import Snag
from tasks.archive.part import Part
from tasks.providers.downloads import Stream

PIECE = 1024 * 1024  # bytes hashed, and written, at once
ROOMS = 3  # pieces of each file in memory: one that comes, one that is hashed, one that is written


class Flow:
    """Hashing and writing have a thread each: on other cores they take no time of their own.

    A piece lies in its room as it will lie in the file, counted in blocks: only so can it be
    written straight to the disk.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._hashing, self._writing = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._coming = part.size, memoryview(b"")  # where it belongs in the file, what came of it
        self._rooms = [_room() for _ in range(ROOMS)]

    def __enter__(self) -> Flow:
        return self

    def __exit__(self, kind: object, error: object, place: object) -> None:
        if error:
            with suppress(OSError, Snag):
                self.flush()
        self._hashing.shutdown()
        self._writing.shutdown()
        _free.extend(self._rooms)

    def take(self, stream: Stream) -> None:
        """All that comes; what keeps it from being written, or from coming, is raised."""
        under_way: deque[list[Future[None]]] = deque()
        for room in cycle(self._rooms):
            if len(under_way) == ROOMS:
                _see_to_the_end(under_way.popleft())
            is_last = self._fill(room, stream)
            under_way.append(self._send_on())
            if is_last:
                break
        for piece in under_way:
            _see_to_the_end(piece)

    def _fill(self, room: memoryview, stream: Stream) -> bool:
        """Whether this was the file's end."""
        at = self._coming[0] + len(self._coming[1])
        start = size = at % PIECE
        self._coming = at, room[start:start]
        while size < PIECE and (more := stream.read_into(room[size:])):
            size += more
            self._coming = at, room[start:size]
        return size < PIECE

    def _send_on(self) -> list[Future[None]]:
        at, piece = self._coming
        return [
            self._hashing.submit(self._part.hash, piece),
            self._writing.submit(self._part.write, at, piece),
        ]

    def flush(self) -> None:
        """Write what there is of the piece that comes: a slow host takes its time for the rest.

        What comes before it was sent on by then, so this write has its turn after theirs.
        """
        at, piece = self._coming
        self._writing.submit(self._part.write, at, piece).result()


#: Kept for the next files: new memory may have to come from a virtual machine's host first.
_free: deque[memoryview] = deque()


def _room() -> memoryview:
    """A shared mapping: its pages stay where they are, though another thread forks while they are
    written (open(2), O_DIRECT).
    """
    with suppress(IndexError):
        return _free.pop()
    return memoryview(mmap(-1, PIECE))


def _see_to_the_end(steps: list[Future[None]]) -> None:
    for step in steps:
        step.result()
