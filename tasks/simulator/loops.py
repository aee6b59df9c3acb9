"""Clips as long as they were ordered: the index of a file repeats its pictures, or ends earlier.

Only the index (moov) is written anew; its entries point to the same bytes again and again, so that
half a minute takes hardly more room than five seconds. It is for our own clips: one picture track
and one sound track, the index in front, no fragments, 32-bit offsets.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat

from tasks.providers.catalog.models import FPS

_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
#: Tables about single samples that nothing needs.
_LEFT_OUT = (b"sgpd", b"sbgp")


def of_length(data: bytes, frames: int) -> bytes:
    """Return the clip with this number of pictures, and with sound for as long."""
    start, stop = _place_of(data, b"moov")
    longer = len(_index(data[start:stop], frames, 0)) - (stop - start)
    return data[:start] + _index(data[start:stop], frames, longer) + data[stop:]


def _index(moov: bytes, frames: int, shift: int) -> bytes:
    """Write the index anew; all offsets move by `shift`."""
    (scale,) = struct.unpack_from(">I", moov, 8 + 8 + 12)  # of mvhd, which is first
    seconds = frames / FPS
    inner = b""
    for kind, box in _boxes(moov[8:]):
        if kind == b"trak":
            inner += _track(box, frames, seconds, scale, shift)
        else:
            inner += _with_number(box, 16, round(seconds * scale)) if kind == b"mvhd" else box
    return _box(b"moov", inner)


def _track(trak: bytes, frames: int, seconds: float, scale: int, shift: int) -> bytes:
    found = _all_of(trak)
    (own_scale,) = struct.unpack_from(">I", found[b"mdhd"], 8 + 12)
    samples = _samples(found)
    is_picture = found[b"hdlr"][16:20] == b"vide"
    number = frames if is_picture else -(-int(seconds * own_scale) // samples[0].duration)
    chosen = [samples[place % len(samples)] for place in range(number)]
    made: dict[bytes, Callable[[bytes], bytes]] = {
        b"tkhd": lambda box: _with_number(box, 20, round(seconds * scale)),
        b"elst": lambda box: _with_number(box, 8, round(seconds * scale)),
        b"mdhd": lambda box: _with_number(box, 16, round(seconds * own_scale)),
        b"stts": lambda _box: _table(b"stts", [(1, each.duration) for each in chosen]),
        b"ctts": lambda _box: _table(b"ctts", [(1, each.delay) for each in chosen]),
        b"stss": lambda _box: _table(b"stss", [(n,) for n in range(1, number + 1, len(samples))]),
        b"stsc": lambda _box: _table(b"stsc", [(1, 1, 1)]),
        b"stsz": lambda _box: _table(b"stsz", [(each.size,) for each in chosen], before=(0,)),
        b"stco": lambda _box: _table(b"stco", [(each.offset + shift,) for each in chosen]),
    }
    return _rewritten(trak, made)


def _rewritten(box: bytes, made: dict[bytes, Callable[[bytes], bytes]]) -> bytes:
    """Write a box with all that is in it, some of it by these functions."""
    inner = b""
    for kind, each in _boxes(box[8:]):
        if kind in _HOLDERS:
            inner += _rewritten(each, made)
        elif kind not in _LEFT_OUT:
            inner += made[kind](each) if kind in made else each
    return _box(box[4:8], inner)


@dataclass(frozen=True, slots=True)
class _Sample:
    offset: int
    size: int
    duration: int
    delay: int  # between decoding and showing


def _samples(found: dict[bytes, bytes]) -> list[_Sample]:
    sizes = [size for (size,) in _rows(found[b"stsz"], 1, start=20)]
    durations = [each for count, value in _rows(found[b"stts"], 2) for each in repeat(value, count)]
    delays = [0] * len(sizes)
    if b"ctts" in found:
        delays = [
            each for count, value in _rows(found[b"ctts"], 2) for each in repeat(value, count)
        ]
    offsets = _offsets(found, sizes)
    return [_Sample(*each) for each in zip(offsets, sizes, durations, delays, strict=True)]


def _offsets(found: dict[bytes, bytes], sizes: list[int]) -> list[int]:
    """The place of each sample, from the chunks that they lie in one after the other."""
    chunks = [chunk for (chunk,) in _rows(found[b"stco"], 1)]
    runs = _rows(found[b"stsc"], 3)
    ends = [first for first, _count, _description in runs[1:]] + [len(chunks) + 1]
    offsets: list[int] = []
    for (first, count, _description), end in zip(runs, ends, strict=True):
        for chunk in chunks[first - 1 : end - 1]:
            place = chunk
            for _each in range(count):
                offsets.append(place)
                place += sizes[len(offsets) - 1]
    return offsets


def _rows(box: bytes, width: int, *, start: int = 16) -> list[tuple[int, ...]]:
    """Read the rows of a table: after its kind, its flags and its count."""
    numbers = struct.unpack_from(f">{(len(box) - start) // 4}I", box, start)
    return [numbers[place : place + width] for place in range(0, len(numbers), width)]


def _table(kind: bytes, rows: list[tuple[int, ...]], *, before: tuple[int, ...] = ()) -> bytes:
    numbers = [number for row in rows for number in row]
    head = [0, *before, len(rows)]
    return _box(kind, struct.pack(f">{len(head) + len(numbers)}I", *head, *numbers))


def _with_number(box: bytes, offset: int, number: int) -> bytes:
    """Put a number of 32 bits into a box's content."""
    return box[: 8 + offset] + struct.pack(">I", number) + box[12 + offset :]


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes that stand one after the other, each with its kind."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place : place + size]
        place += size


def _all_of(box: bytes) -> dict[bytes, bytes]:
    """All boxes inside, at any depth, by their kinds."""
    found: dict[bytes, bytes] = {}
    for kind, each in _boxes(box[8:]):
        found |= _all_of(each) if kind in _HOLDERS else {kind: each}
    return found


def _place_of(data: bytes, wanted: bytes) -> tuple[int, int]:
    place = 0
    for kind, box in _boxes(data):
        if kind == wanted:
            return place, place + len(box)
        place += len(box)
    raise ValueError(wanted)
