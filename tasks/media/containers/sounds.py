"""Reading of WAV and MP3 files: how long they last, and whether they are sound to their end.

Files come from strangers: the number of pieces is bounded, and what stands beside the sound may not
be large, or a file of another kind could hide in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from os import SEEK_END
from typing import BinaryIO

MAX_CHUNKS = 1_000  # pieces of a WAV
MAX_BESIDES = 1024 * 1024  # bytes of a file that are no sound: titles, a cover
MAX_BYTES = 64 * 1024 * 1024  # of an MP3, which is read as a whole

#: What WAV calls whole numbers, fractions, A-law, µ-law, and "as the extension says".
PCM = frozenset({0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE})


class NotASoundError(Exception):
    """A file is no complete WAV or MP3; `reason` is a short sentence that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sound:
    """A complete sound; `format` is wav or mp3, the duration is in seconds."""

    format: str
    duration: float


def read_sound(file: BinaryIO) -> Sound:
    """Read a sound's format and length; raise NotASoundError for any other or an incomplete file.

    Nothing else is raised, whatever the file contains, except by the disk.
    """
    size = file.seek(0, SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return Sound("wav", _wav(file, size))
    if head[:3] == b"ID3" or (len(head) == 12 and _Frame.of(head)):
        if size > MAX_BYTES:
            raise NotASoundError("It is too large.")
        file.seek(0)
        return Sound("mp3", _mp3(file.read(MAX_BYTES)))
    raise NotASoundError("It does not begin like a sound.")


# WAV (http://soundfile.sapp.org/doc/WaveFormat/): pieces, each with a name and a length


def _wav(file: BinaryIO, size: int) -> float:
    position, rate, block, sound = 12, 0, 0, -1
    for _ in range(MAX_CHUNKS):
        if position + 8 > size:
            break
        file.seek(position)
        kind, length = struct.unpack("<4sI", file.read(8))
        if position + 8 + length > size:
            raise NotASoundError("It breaks off.")
        if kind == b"fmt " and length >= 16:
            form, _channels, _samples, rate, block = struct.unpack("<HHIIH", file.read(14))
            if form not in PCM:
                raise NotASoundError("It is a WAV of an unusual kind.")
        elif kind == b"data" and sound < 0:
            sound = length
        position += 8 + length + length % 2
    else:
        raise NotASoundError("It consists of too many pieces.")
    if sound <= 0 or not rate or not block:
        raise NotASoundError("There is no sound in it.")
    _check_besides(size - sound)
    return sound / rate


# MP3 (ISO/IEC 11172-3, 2.4.1): frames, each with a head of 32 bits

_RATES = (44_100, 48_000, 32_000)
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")


@dataclass(frozen=True, slots=True)
class _Frame:
    length: int  # bytes
    samples: int
    rate: int  # samples a second

    @classmethod
    def of(cls, data: bytes, at: int = 0) -> _Frame | None:
        """Read a frame's head; None for what is none of layer III."""
        (head,) = struct.unpack_from(">I", data, at)
        version, layer = head >> 19 & 3, head >> 17 & 3
        kbits, rate = head >> 12 & 15, head >> 10 & 3
        if head >> 21 != 0x7FF or version == 1 or layer != 1 or kbits in (0, 15) or rate == 3:
            return None
        is_1, padding = version == 3, head >> 9 & 1
        samples_a_second = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
        bits = (_KBITS_1 if is_1 else _KBITS_2)[kbits] * 1_000
        samples = 1_152 if is_1 else 576
        return cls(samples // 8 * bits // samples_a_second + padding, samples, samples_a_second)


def _mp3(data: bytes) -> float:
    position = start = _after_titles(data)
    first: _Frame | None = None
    frames, announced = 0, 0
    while position + 4 <= len(data) and (frame := _Frame.of(data, position)):
        if first is None:
            first, announced = frame, _announced(data[position : position + 200])
        elif frame.rate != first.rate:
            break
        frames, position = frames + 1, position + frame.length
    if first is None or frames < 2:
        raise NotASoundError("There is no sound in it.")
    if position > len(data):  # players leave out a last frame that is not whole
        frames, position = frames - 1, len(data)
    rest = data[position:]
    if rest.strip(b"\0") and not rest.startswith(_TAGS):
        raise NotASoundError("It is not sound to its end.")
    _check_besides(start + len(rest))
    seconds = first.samples / first.rate
    if announced and frames < announced * 0.95:
        told, is_ = announced * seconds, frames * seconds
        raise NotASoundError(f"It breaks off after {is_:.1f} of {told:.1f} seconds.")
    return frames * seconds


def _after_titles(data: bytes) -> int:
    """Return where the sound begins: behind titles and a cover (ID3v2)."""
    position = 0
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        a, b, c, d = data[position + 6 : position + 10]
        has_foot = data[position + 5] & 0x10
        position += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if has_foot else 0)
    while position < len(data) and data[position] == 0 and position < MAX_BESIDES:
        position += 1  # some writers leave room behind the titles
    return position


def _announced(frame: bytes) -> int:
    """Return how many frames the first one says that there are; 0 where it does not."""
    for name in (b"Xing", b"Info"):
        at = frame.find(name)
        if at >= 0 and at + 12 <= len(frame) and frame[at + 7] & 1:
            return int(struct.unpack_from(">I", frame, at + 8)[0])
    return 0


def _check_besides(size: int) -> None:
    if size > MAX_BESIDES:
        raise NotASoundError("Most of it is no sound.")
