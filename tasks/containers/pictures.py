"""Pictures that people give: JPEG, PNG and WebP as anywhere, and GIF and BMP besides."""

from __future__ import annotations

import struct
from os import SEEK_CUR, SEEK_END
from typing import BinaryIO

from tasks.containers.images import Image, NotAnImage, read_image

MAX_BLOCKS = 400_000  # of a GIF; of 256 bytes at most, so 30 MB have 120,000 or more


def read_picture(file: BinaryIO) -> Image:
    """Format, which may be gif or bmp too, and size; NotAnImage if it is none, or not whole."""
    file.seek(0)
    head = file.read(6)
    reader = _gif if head in (b"GIF87a", b"GIF89a") else _bmp if head[:2] == b"BM" else None
    if reader is None:
        return read_image(file)
    try:
        image = reader(file)
    except (struct.error, IndexError) as error:  # a field beyond the end of the file
        raise NotAnImage("It breaks off.") from error
    if not (image.width and image.height):
        raise NotAnImage("It has no size.")
    return image


def _gif(file: BinaryIO) -> Image:
    """https://www.w3.org/Graphics/GIF/spec-gif89a.txt: blocks up to the trailer."""
    width, height, flags = struct.unpack("<HHB2x", file.read(7))
    _skip_colours(file, flags)
    frames = blocks = 0
    while (kind := file.read(1)[0]) != 0x3B:
        if kind == 0x2C:
            frames += 1
            (flags,) = struct.unpack("<8xB", file.read(9))
            _skip_colours(file, flags)
        elif kind != 0x21:
            raise NotAnImage("Its structure is broken.")
        file.seek(1, SEEK_CUR)  # the extension's label, or the size of codes
        blocks = _skip_blocks(file, blocks)
    if not frames:
        raise NotAnImage("There is no picture in it.")
    return Image("gif", width, height)


def _skip_colours(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, SEEK_CUR)


def _skip_blocks(file: BinaryIO, blocks: int) -> int:
    while length := file.read(1)[0]:
        file.seek(length, SEEK_CUR)
        blocks += 1
        if blocks > MAX_BLOCKS:
            raise NotAnImage("It consists of too many pieces.")
    return blocks


def _bmp(file: BinaryIO) -> Image:
    """Of Windows 3.0 or later (BITMAPINFOHEADER and its successors)."""
    size = file.seek(0, SEEK_END)
    file.seek(2)
    fields = struct.unpack("<I4xIIii2xHI", file.read(32))
    declared, begins, header, width, height, bits, compression = fields
    if header < 40 or width < 0 or begins < 14 + header:
        raise NotAnImage("Its structure is broken.")
    pixels = 1 if compression else (width * bits + 31) // 32 * 4 * abs(height)
    if max(declared, begins + pixels) > size:
        raise NotAnImage("It breaks off.")
    return Image("bmp", width, abs(height))  # from the top down, the height is negative
