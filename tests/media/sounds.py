"""Sounds made for tests: WAV and MP3, frame by frame, without a library."""

from __future__ import annotations

import math
import struct

RATE = 8_000  # samples a second of a WAV

#: A frame of 128 kbit and 44,100 samples a second: layer III of MPEG 1, without padding.
HEAD = bytes.fromhex("fffb9064")
LENGTH, SAMPLES = 417, 1_152


def wav(seconds: float = 5.0, *, form: int = 1, besides: bytes = b"") -> bytes:
    """Make a WAV of a tone that grows louder; `besides` are further pieces behind it."""
    number = int(seconds * RATE)
    tone = b"".join(
        struct.pack("<h", int(20_000 * place / max(1, number) * math.sin(place / 4)))
        for place in range(number)
    )
    return riff(
        piece(b"fmt ", struct.pack("<HHIIHH", form, 1, RATE, 2 * RATE, 2, 16)), tone, besides
    )


def riff(head: bytes, tone: bytes, besides: bytes = b"") -> bytes:
    body = b"WAVE" + head + piece(b"data", tone) + besides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def piece(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def mp3(frames: int = 200, *, titles: int = 0, announced: int = 0) -> bytes:
    """Make an MP3 of silence: 26 ms a frame; `titles` are the bytes of an ID3v2 in front."""
    silent = HEAD + bytes(LENGTH - len(HEAD))
    tag = b""
    if titles:
        size = bytes(titles >> shift & 0x7F for shift in (21, 14, 7, 0))
        tag = b"ID3\x04\0\0" + size + bytes(titles)
    info = b""
    if announced:
        body = bytes(32) + b"Info" + struct.pack(">II", 1, announced)
        info = HEAD + body + bytes(LENGTH - len(HEAD) - len(body))
    return tag + info + silent * frames
