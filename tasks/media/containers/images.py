"""Reading of JPEG, PNG and WebP files: their format and size, and whether they are complete."""

import struct
from dataclasses import dataclass
from os import SEEK_CUR, SEEK_END
from typing import BinaryIO

#: Segments, chunks, or blocks of padding; those of PNG may be small, 8 KB is usual. So 30 MB of
#: the smallest pieces cost 0.1 s.
MAX_PIECES = 100_000
PADDING = 64 * 1024  # bytes between two markers of a JPEG that are read at once
TAIL = 64 * 1024  # bytes in which a JPEG's end is searched; phones and labels write after it
#: Frame headers of JPEG (ITU-T T.81, table B.1): C0–CF, but not DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RSTn, SOI


class NotAnImageError(Exception):
    """A file is not a complete picture; `reason` is a short sentence that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Image:
    """The format of a picture (jpeg, png, webp, gif or bmp), and its size in pixels, as stored."""

    format: str
    width: int
    height: int


def read_image(file: BinaryIO) -> Image:
    """Read format and size; raise NotAnImageError for any other or an incomplete file."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    try:
        if head.startswith(b"\xff\xd8\xff"):
            image = _jpeg(file, size)
        elif head.startswith(b"\x89PNG\r\n\x1a\n"):
            image = _png(file, size)
        elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            image = _webp(file, size)
        else:
            reason = "It is empty." if not head else "It does not begin like a picture."
            raise NotAnImageError(reason)
    except struct.error as error:  # a field beyond the end of the file
        raise NotAnImageError("It breaks off.") from error
    if not (image.width and image.height):
        raise NotAnImageError("It has no size.")
    return image


def _fields(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _jpeg(file: BinaryIO, size: int) -> Image:
    file.seek(2)
    image: Image | None = None
    pieces = 0
    while True:
        marker, blocks = _marker(file)
        pieces += blocks
        if pieces > MAX_PIECES:
            raise NotAnImageError("It consists of too many pieces.")
        if marker in WITHOUT_LENGTH:
            continue
        (length,) = _fields(file, ">H")
        if marker in FRAMES:
            _precision, height, width = _fields(file, ">BHH")
            image = Image("jpeg", width, height)
            length -= 5
        if marker == 0xDA:
            break
        file.seek(max(length - 2, 0), SEEK_CUR)
    if image is None:
        raise NotAnImageError("It has no size.")
    # Within the compressed data, FF is never followed by the D9 of the end.
    file.seek(max(file.tell(), size - TAIL))
    if b"\xff\xd9" not in file.read(TAIL):
        raise NotAnImageError("It breaks off.")
    return image


def _marker(file: BinaryIO) -> tuple[int, int]:
    """Read the code of the next marker, and the number of blocks that this took.

    Any number of FF may precede it (ITU-T T.81, B.1.1.2). They are read in blocks: byte by byte,
    30 MB of them took 8 s.
    """
    first, code = _fields(file, "BB")
    blocks = 1
    while code == 0xFF:
        block = file.read(PADDING)
        rest = block.lstrip(b"\xff")
        if rest:
            code = rest[0]
            file.seek(1 - len(rest), SEEK_CUR)
        elif not block:
            raise NotAnImageError("It breaks off.")
        blocks += 1
    if first != 0xFF or code in (0x00, 0xD9):
        raise NotAnImageError("Its structure is broken.")
    return code, blocks


def _png(file: BinaryIO, size: int) -> Image:
    file.seek(8)
    length, kind, width, height = struct.unpack(">I4sII", file.read(16))
    if (length, kind) != (13, b"IHDR"):
        raise NotAnImageError("Its structure is broken.")
    position = 8
    for _ in range(MAX_PIECES):
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        position += length + 12
        if position > size:
            raise NotAnImageError("It breaks off.")
        if kind == b"IEND":
            return Image("png", width, height)
    raise NotAnImageError("It consists of too many pieces.")


def _webp(file: BinaryIO, size: int) -> Image:
    """Read a WebP file (https://developers.google.com/speed/webp/docs/riff_container)."""
    length, kind = struct.unpack("<4xI4x4s", file.read(16))
    if length + 8 > size:
        raise NotAnImageError("It breaks off.")
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
    raise NotAnImageError("Its structure is broken.")
