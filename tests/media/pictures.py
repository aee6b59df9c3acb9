"""Complete pictures of one colour and any size, made for tests."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 640, height: int = 360, *, padding: int = 0) -> bytes:
    """Make a PNG; `padding` are the bytes of an empty chunk that makes the file larger."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width + 1) * height) if width * height < 10**8 else b""
    chunks = [(b"IHDR", header), (b"teXt", bytes(padding)), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif(width: int = 640, height: int = 360) -> bytes:
    """Make a GIF: one pixel within a screen of this size, and a comment before it."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    comment = b"\x21\xfe\x04boat\x00"
    pixel = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + screen + comment + pixel + b"\x3b"


def bmp(width: int = 640, height: int = 360) -> bytes:
    pixels = bytes((width * 24 + 31) // 32 * 4 * abs(height))
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + info + pixels
