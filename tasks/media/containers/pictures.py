"""Reading of pictures that people upload: GIF and BMP besides JPEG, PNG and WebP."""

from __future__ import annotations

import struct
from os import SEEK_CUR, SEEK_END
from typing import BinaryIO

from tasks.media.containers.images import Image, NotAnImageError, read_image

#: Pictures, extensions and blocks in a GIF. A block has at most 256 bytes, so 30 MB have 120,000 or
#: more; an extension without any has three bytes.
MAX_BLOCKS = 400_000


def read_picture(file: BinaryIO) -> Image:
    """Read format and size; raise NotAnImageError for any other or an incomplete file."""
    file.seek(0)
    head = file.read(6)
    reader = _gif if head in (b"GIF87a", b"GIF89a") else _bmp if head[:2] == b"BM" else None
    if reader is None:
        return read_image(file)
    try:
        image = reader(file)
    except (struct.error, IndexError) as error:  # a field beyond the end of the file
        raise NotAnImageError("It breaks off.") from error
    if not (image.width and image.height):
        raise NotAnImageError("It has no size.")
    return image


def _gif(file: BinaryIO) -> Image:
    """Read a GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt): blocks up to the trailer."""
    width, height, flags = struct.unpack("<HHB2x", file.read(7))
    _skip_colours(file, flags)
    frames = blocks = 0
    while (kind := file.read(1)[0]) != 0x3B:
        blocks += 1
        if kind == 0x2C:
            frames += 1
            (flags,) = struct.unpack("<8xB", file.read(9))
            _skip_colours(file, flags)
        elif kind != 0x21:
            raise NotAnImageError("Its structure is broken.")
        file.seek(1, SEEK_CUR)  # an extension's label, or the minimum code size
        while length := file.read(1)[0]:
            file.seek(length, SEEK_CUR)
            blocks += 1
            if blocks > MAX_BLOCKS:
                break
        if blocks > MAX_BLOCKS:
            raise NotAnImageError("It consists of too many pieces.")
    if not frames:
        raise NotAnImageError("There is no picture in it.")
    return Image("gif", width, height)


def _skip_colours(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, SEEK_CUR)


def _bmp(file: BinaryIO) -> Image:
    """Read a BMP of Windows 3.0 or later (BITMAPINFOHEADER and its successors)."""
    size = file.seek(0, SEEK_END)
    file.seek(2)
    fields = struct.unpack("<I4xIIii2xHI", file.read(32))
    declared, pixels_at, header, width, height, bits, compression = fields
    if header < 40 or width < 0 or pixels_at < 14 + header:
        raise NotAnImageError("Its structure is broken.")
    pixels = 1 if compression else (width * bits + 31) // 32 * 4 * abs(height)
    if max(declared, pixels_at + pixels) > size:
        raise NotAnImageError("It breaks off.")
    return Image("bmp", width, abs(height))  # negative where rows go from top to bottom
