"""Reads the format and size of JPEG, PNG and WebP files, and whether their ends are there."""

import struct
from dataclasses import dataclass
from os import SEEK_CUR, SEEK_END
from typing import BinaryIO

MAX_PIECES = 100_000  # PNG chunks may be small; 8 KB each is usual
TAIL = 64 * 1024  # where a JPEG's end is looked for; phones and labels write behind it
#: Frame headers of JPEG (ITU-T T.81, table B.1): C0–CF, but not DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RSTn, SOI: no length follows


class NotAnImage(Exception):
    """The file is not a whole picture; `reason` says why, in a few plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Image:
    """`format` is jpeg, png or webp; sizes in pixels, as stored."""

    format: str
    width: int
    height: int


def read_image(file: BinaryIO) -> Image:
    """Format and size; NotAnImage if it is none of these three, or not whole."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    try:
        image = _by_beginning(file, head, size)
    except struct.error as error:  # a field beyond the end of the file
        raise NotAnImage("It breaks off.") from error
    if not (image.width and image.height):
        raise NotAnImage("It has no size.")
    return image


def _by_beginning(file: BinaryIO, head: bytes, size: int) -> Image:
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(file, size)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(file, size)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(file, size)
    raise NotAnImage("It is empty." if not head else "It does not begin like a picture.")


def _fields(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _jpeg(file: BinaryIO, size: int) -> Image:
    file.seek(2)
    found: Image | None = None
    for _ in range(MAX_PIECES):
        marker = _marker(file)
        if marker in ALONE:
            continue
        (length,) = _fields(file, ">H")
        if marker in FRAMES:
            _precision, height, width = _fields(file, ">BHH")
            found = Image("jpeg", width, height)
            length -= 5
        if marker == 0xDA:
            break
        file.seek(max(length - 2, 0), SEEK_CUR)
    if found is None:
        raise NotAnImage("It has no size.")
    _jpeg_ends(file, size)
    return found


def _marker(file: BinaryIO) -> int:
    """The next marker's code; any number of FF may stand before it."""
    first, code = _fields(file, "BB")
    while code == 0xFF:
        (code,) = _fields(file, "B")
    if first != 0xFF or code in (0x00, 0xD9):
        raise NotAnImage("Its structure is broken.")
    return code


def _jpeg_ends(file: BinaryIO, size: int) -> None:
    """Within a picture's data FF is always followed by something else than the end's D9."""
    file.seek(max(file.tell(), size - TAIL))
    if b"\xff\xd9" not in file.read(TAIL):
        raise NotAnImage("It breaks off.")


def _png(file: BinaryIO, size: int) -> Image:
    file.seek(8)
    length, kind, width, height = struct.unpack(">I4sII", file.read(16))
    if (length, kind) != (13, b"IHDR"):
        raise NotAnImage("Its structure is broken.")
    position = 8
    for _ in range(MAX_PIECES):
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        position += length + 12
        if position > size:
            raise NotAnImage("It breaks off.")
        if kind == b"IEND":
            return Image("png", width, height)
    raise NotAnImage("It consists of too many pieces.")


def _webp(file: BinaryIO, size: int) -> Image:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    length, kind = struct.unpack("<4xI4x4s", file.read(16))
    if length + 8 > size:
        raise NotAnImage("It breaks off.")
    file.seek(20)
    if kind == b"VP8X":
        parts = _fields(file, "<4xHBHB")
        return Image("webp", parts[0] + (parts[1] << 16) + 1, parts[2] + (parts[3] << 16) + 1)
    if kind == b"VP8L":
        signature, bits = _fields(file, "<BI")
        if signature == 0x2F:
            return Image("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        start, width, height = struct.unpack("<3x3sHH", file.read(10))
        if start == b"\x9d\x01\x2a":
            return Image("webp", width & 0x3FFF, height & 0x3FFF)
    raise NotAnImage("Its structure is broken.")
