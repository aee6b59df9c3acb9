"""From the host onto the disk: while one piece comes, the last ones are hashed and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread

from tasks.archive.part import Part
from tasks.archive.rooms import rooms
from tasks.providers.downloads import Stream


@dataclass(frozen=True, slots=True)
class _Piece:
    at: int  # where it belongs in the file
    view: memoryview
    is_whole: bool  # as much as will ever come of it
    leave: Callable[[], None]  # when it is written


_Line = SimpleQueue[_Piece | None]


class Flow:
    """Hashing and writing have a thread each: on other cores they take no time of their own.

    A piece lies in its room as it will lie in the file, counted in blocks: only so can it be
    written straight to the disk. It goes from thread to thread through plain queues; with a future
    for each step, waking each other took the threads longer than the steps.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._coming = 0, memoryview(b"")  # where it belongs in the file, what came of it
        self._rooms = rooms.take()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._hashing, self._writing = _Line(), _Line()
        self._fault: Exception | None = None  # after which nothing more is written
        self._threads = [Thread(target=work, daemon=True) for work in (self._hash, self._write)]

    def __enter__(self) -> Flow:
        for room in self._rooms:
            self._free.put(room)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: object, place: object) -> None:
        if error:
            self.flush()
        self._hashing.put(None)
        for thread in self._threads:
            thread.join()
        rooms.give_back(self._rooms)
        if self._fault and not error:
            raise self._fault

    def take(self, stream: Stream) -> None:
        """All that comes, behind what the part has. What keeps it from coming is raised; what keeps
        it from being written, at the end of the block at the latest.
        """
        self._coming, is_last = (self._part.size, memoryview(b"")), False
        while not is_last:
            room = self._free.get()
            if self._fault:
                raise self._fault
            is_last = self._fill(room, stream)
            self._send_on(is_whole=True, leave=partial(self._free.put, room))

    def _fill(self, room: memoryview, stream: Stream) -> bool:
        """Whether this was the file's end."""
        at = self._coming[0] + len(self._coming[1])
        piece = len(room)
        start = size = at % piece
        self._coming = at, room[start:start]
        while size < piece and (more := stream.read_into(room[size:])):
            size += more
            self._coming = at, room[start:size]
        return size < piece

    def _send_on(self, *, is_whole: bool, leave: Callable[[], None]) -> None:
        at, view = self._coming
        self._hashing.put(_Piece(at, view, is_whole, leave))

    def flush(self) -> None:
        """Write what there is of the piece that comes: a slow host takes its time for the rest.

        What comes before it was sent on by then, so it has its turn after that.
        """
        is_written = Event()
        self._send_on(is_whole=False, leave=is_written.set)
        is_written.wait()

    # Each in a thread of its own, until None comes

    def _hash(self) -> None:
        for piece in iter(self._hashing.get, None):
            if piece.is_whole:
                self._part.hash(piece.view)
            self._writing.put(piece)
        self._writing.put(None)

    def _write(self) -> None:
        for piece in iter(self._writing.get, None):
            try:
                if not self._fault:
                    self._part.write(piece.at, piece.view)
            except Exception as fault:
                self._fault = fault
            piece.leave()
