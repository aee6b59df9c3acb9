"""The boxes that MP4 and MOV files consist of (ISO/IEC 14496-12, 4.2): length, kind, inside.

Files are foreign. Nothing here nests by itself, no box reaches beyond the one around it, and both
the number of boxes and the bytes taken into memory have a bound.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_BOXES = 10_000  # of the file; a minute in fragments of a tenth of a second has 1,200
MAX_CHILDREN = 2_000  # of one kind or another directly inside a box
MAX_INDEX = 8 * 1024 * 1024  # bytes of moov and all moofs; an hour of 60 pictures a second has 5 MB
#: A file of ours begins with one of these; QuickTime's older ones have no ftyp.
FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


class NotAVideo(Exception):
    """The file is not a whole video; `reason` says why, in a few plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Region:
    """A box of the file itself: its first byte, that of its inside, and the one after its last."""

    kind: bytes
    position: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Box:
    """A box in memory; its inside is `data[start:stop]`."""

    kind: bytes
    data: bytes
    start: int
    stop: int


def regions(file: BinaryIO, size: int) -> Iterator[Region]:
    """The file's own boxes, each of which ends within the file."""
    position = 0
    if not size:
        raise NotAVideo("It is empty.")
    for _ in range(MAX_BOXES):
        if position == size:
            return
        region = _region(file, position, size)
        yield region
        position = region.stop
    raise NotAVideo("It consists of too many pieces.")


def _region(file: BinaryIO, position: int, size: int) -> Region:
    file.seek(position)
    head = file.read(16)
    if position == 0 and head[4:8] not in FIRST:
        raise NotAVideo(_what_else(head))
    if len(head) < 8:
        raise NotAVideo("It breaks off.")
    length, kind, inside = _header(head)
    stop = position + length if length else size
    if stop > size:
        raise NotAVideo(f"It breaks off; bytes missing: {stop - size}.")
    return Region(kind, position, position + inside, stop)


def _what_else(head: bytes) -> str:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{"):
        return "It is a text or a web page."
    return "It is a ZIP archive." if head[:2] == b"PK" else "It does not begin like a video."


def _header(head: bytes) -> tuple[int, bytes, int]:
    """Length of the box (0 = as far as there is something), its kind, where its inside starts."""
    length, kind = struct.unpack_from(">I4s", head)
    inside = 8
    if length == 1 and len(head) == 16:
        length, inside = struct.unpack_from(">Q", head, 8)[0], 16
    if 0 < length < inside:
        raise NotAVideo("Its structure is broken.")
    return length, kind, inside


def load(file: BinaryIO, region: Region) -> Box:
    """A box of the file with all that is in it."""
    length = region.stop - region.start
    if length > MAX_INDEX:
        raise NotAVideo("Its index is too large.")
    file.seek(region.start)
    data = file.read(length)
    if len(data) < length:
        raise NotAVideo("It breaks off.")
    return Box(region.kind, data, 0, length)


def children(box: Box, kind: bytes) -> Iterator[Box]:
    """The boxes of one kind directly inside another."""
    position = box.start
    for _ in range(MAX_CHILDREN):
        if box.stop - position < 8:
            return
        length, found, inside = _header(box.data[position : position + 16])
        if length == 0:  # QuickTime ends some lists with a zero
            return
        if position + length > box.stop:
            raise NotAVideo("Its structure is broken.")
        if found == kind:
            yield Box(found, box.data, position + inside, position + length)
        position += length
    raise NotAVideo("It consists of too many pieces.")


def find(box: Box, *path: bytes) -> Box | None:
    """The first box at the end of a path of kinds."""
    for kind in path:
        inner = next(children(box, kind), None)
        if inner is None:
            return None
        box = inner
    return box


def need(box: Box, *path: bytes) -> Box:
    found = find(box, *path)
    if found is None:
        raise NotAVideo(f"Its index is not whole: there is no {path[-1].decode()}.")
    return found


def unpack(box: Box, form: str, offset: int = 0) -> tuple[Any, ...]:
    """Fields from a box's inside, in `struct`'s words; big-endian, as all of them are."""
    form = f">{form}"
    _within(box, offset + struct.calcsize(form))
    return struct.unpack_from(form, box.data, box.start + offset)


def numbers(box: Box, code: str, offset: int, count: int) -> "array[int]":
    """A table from a box's inside; `code` is `array`'s: B, H, I (32 bits) or Q (64 bits)."""
    found = array(code)
    length = count * found.itemsize
    _within(box, offset + length)
    start = box.start + offset
    found.frombytes(memoryview(box.data)[start : start + length])
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _within(box: Box, length: int) -> None:
    if box.start + length > box.stop:
        raise NotAVideo("Its index is broken.")
