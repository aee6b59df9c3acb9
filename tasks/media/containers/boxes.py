"""Boxes, of which MP4 and MOV files consist (ISO/IEC 14496-12, 4.2): a length, a kind, a content.

Files come from strangers. Nothing here recurses, no box reaches beyond the one around it, and both
the number of boxes and the bytes loaded into memory are bounded.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_BOXES = 10_000  # in a file; a minute in fragments of a tenth of a second has 1,200
MAX_CHILDREN = 2_000  # directly inside a box, of all kinds
MAX_INDEX = 8 * 1024 * 1024  # bytes of moov and all moofs; an hour at 60 frames a second has 5 MB
#: The kinds of box that a file may begin with; older QuickTime files have no ftyp.
FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


class NotAVideoError(Exception):
    """A file is not a complete video; `reason` is a short sentence that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Region:
    """A top-level box by its offsets in the file, in bytes.

    `position` is its first byte, `start` that of its content, `stop` the byte after its last.
    """

    kind: bytes
    position: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Box:
    """A box in memory; its content is `data[start:stop]`."""

    kind: bytes
    data: bytes
    start: int
    stop: int


def regions(file: BinaryIO, size: int) -> Iterator[Region]:
    """Yield the top-level boxes of a file; raise NotAVideoError where one ends beyond the file."""
    position = 0
    if not size:
        raise NotAVideoError("It is empty.")
    for _ in range(MAX_BOXES):
        if position == size:
            return
        region = _region(file, position, size)
        yield region
        position = region.stop
    raise NotAVideoError("It consists of too many pieces.")


def _region(file: BinaryIO, position: int, size: int) -> Region:
    file.seek(position)
    head = file.read(16)
    if position == 0 and head[4:8] not in FIRST:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{"):
            raise NotAVideoError("It is a text or a web page.")
        is_zip = head[:2] == b"PK"
        raise NotAVideoError(
            "It is a ZIP archive." if is_zip else "It does not begin like a video."
        )
    if len(head) < 8:
        raise NotAVideoError("It breaks off.")
    length, kind, header_length = _header(head)
    stop = position + length if length else size
    if stop > size:
        raise NotAVideoError(f"It breaks off; bytes missing: {stop - size}.")
    return Region(kind, position, position + header_length, stop)


def _header(head: bytes) -> tuple[int, bytes, int]:
    """Read a box's length (0: up to the end of the file), its kind, and its header's length."""
    length, kind = struct.unpack_from(">I4s", head)
    header_length = 8
    if length == 1 and len(head) == 16:
        length, header_length = struct.unpack_from(">Q", head, 8)[0], 16
    if 0 < length < header_length:
        raise NotAVideoError("Its structure is broken.")
    return length, kind, header_length


def load(file: BinaryIO, region: Region) -> Box:
    """Load a top-level box with its content into memory."""
    length = region.stop - region.start
    if length > MAX_INDEX:
        raise NotAVideoError("Its index is too large.")
    file.seek(region.start)
    data = file.read(length)
    if len(data) < length:
        raise NotAVideoError("It breaks off.")
    return Box(region.kind, data, 0, length)


def children(box: Box, kind: bytes) -> Iterator[Box]:
    """Yield the boxes of one kind directly inside another box."""
    position = box.start
    for _ in range(MAX_CHILDREN):
        if box.stop - position < 8:
            return
        length, inner_kind, header_length = _header(box.data[position : position + 16])
        if length == 0:  # QuickTime ends some lists with a zero
            return
        if position + length > box.stop:
            raise NotAVideoError("Its structure is broken.")
        if inner_kind == kind:
            yield Box(kind, box.data, position + header_length, position + length)
        position += length
    raise NotAVideoError("It consists of too many pieces.")


def find(box: Box, *path: bytes) -> Box | None:
    """Return the first box at the end of a path of kinds, or None."""
    for kind in path:
        inner = next(children(box, kind), None)
        if inner is None:
            return None
        box = inner
    return box


def require(box: Box, *path: bytes) -> Box:
    """Return the first box at the end of a path of kinds, or raise NotAVideoError."""
    inner = find(box, *path)
    if inner is None:
        raise NotAVideoError(f"Its index is not whole: there is no {path[-1].decode()}.")
    return inner


def unpack(box: Box, form: str, offset: int = 0) -> tuple[Any, ...]:
    """Read fields of a box's content; `form` is `struct`'s, without the byte order (big-endian)."""
    form = f">{form}"
    _check_length(box, offset + struct.calcsize(form))
    return struct.unpack_from(form, box.data, box.start + offset)


def read_table(box: Box, code: str, offset: int, count: int) -> "array[int]":
    """Read a table of a box's content; `code` is `array`'s: B, H, I (32 bits) or Q (64 bits)."""
    table = array(code)
    length = count * table.itemsize
    _check_length(box, offset + length)
    start = box.start + offset
    table.frombytes(memoryview(box.data)[start : start + length])
    if sys.byteorder == "little":
        table.byteswap()
    return table


def _check_length(box: Box, length: int) -> None:
    if box.start + length > box.stop:
        raise NotAVideoError("Its index is broken.")
