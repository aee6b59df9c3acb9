"""Where a track's samples (pictures, pieces of sound) lie in the file.

From the tables of moov (ISO/IEC 14496-12, 8.7) and from fragments (8.8). Only ends are worked out:
a file in which every sample ends within it is a file that was not broken off.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, repeat

from tasks.containers.boxes import Box, NotAVideo, Region, children, find, need, numbers, unpack


class _Lengths:
    """The lengths of a track's samples in bytes, taken in their order."""

    def __init__(self, table: Box) -> None:
        sizes = find(table, b"stsz")
        self._fixed, self.left = unpack(sizes, "II", 4) if sizes else (0, 0)
        if sizes and not self._fixed:
            self._each = iter(numbers(sizes, "I", 12, self.left))
        elif not sizes:
            self._each = self._compact(need(table, b"stz2"))

    def _compact(self, sizes: Box) -> Iterator[int]:
        bits, self.left = unpack(sizes, "xxxBI", 4)
        if bits == 4:
            pairs = numbers(sizes, "B", 12, (self.left + 1) // 2)
            return (half for pair in pairs for half in (pair >> 4, pair & 15))
        return iter(numbers(sizes, "H" if bits == 16 else "B", 12, self.left))

    def take(self, number: int) -> int:
        """How long the next samples are together."""
        number = min(number, self.left)
        self.left -= number
        return number * self._fixed if self._fixed else sum(islice(self._each, number))


def count_and_end(table: Box) -> tuple[int, int]:
    """How many samples an stbl names, and the first byte of the file after all of them."""
    lengths = _Lengths(table)
    count = lengths.left
    if not count:
        return 0, 0
    offsets = _chunk_offsets(table)
    shares = _samples_per_chunk(need(table, b"stsc"), len(offsets))
    end = max(
        (offset + lengths.take(share) for offset, share in zip(offsets, shares, strict=False)),
        default=0,
    )
    if lengths.left:
        raise NotAVideo("Its index is broken: samples without a place.")
    return count, end


def _chunk_offsets(table: Box) -> "array[int]":
    short = find(table, b"stco")
    box, code = (short, "I") if short else (need(table, b"co64"), "Q")
    return numbers(box, code, 8, unpack(box, "I", 4)[0])


def _samples_per_chunk(runs: Box, chunks: int) -> Iterator[int]:
    entries = numbers(runs, "I", 8, 3 * unpack(runs, "I", 4)[0])
    firsts, each = entries[0::3], entries[1::3]
    nexts = firsts[1:]
    nexts.append(min(chunks + 1, 0xFFFFFFFF))
    for first, following, share in zip(firsts, nexts, each, strict=True):
        yield from repeat(share, following - first)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for the samples of a track's fragments that do not say it of themselves."""

    duration: int
    length: int


@dataclass(frozen=True, slots=True)
class Run:
    """Samples of a fragment that follow each other; `duration` in the track's own time scale."""

    track: int
    count: int
    duration: int
    end: int


def defaults(movie: Box) -> dict[int, Defaults]:
    """By track, from mvex; empty where a file has no fragments."""
    extends = find(movie, b"mvex")
    found = (unpack(box, "IIII", 4) for box in children(extends, b"trex")) if extends else ()
    return {track: Defaults(duration, length) for track, _, duration, length in found}


def runs(moof: Region, inside: Box, known: dict[int, Defaults]) -> Iterator[Run]:
    """All of one fragment's; one without an offset follows what came before it (8.8.7, 8.8.8)."""
    position = moof.position
    for traf in children(inside, b"traf"):
        track, base, usual = _fragment_header(need(traf, b"tfhd"), moof, position, known)
        position = base
        for box in children(traf, b"trun"):
            run, position = _run(box, track, base, position, usual)
            yield run


def _fragment_header(
    box: Box, moof: Region, position: int, known: dict[int, Defaults]
) -> tuple[int, int, Defaults]:
    flags, track = unpack(box, "II")
    usual = known.get(track, Defaults(0, 0))
    offset, base = 8, moof.position if flags & 0x20000 else position
    if flags & 1:
        (base,), offset = unpack(box, "Q", offset), offset + 8
    offset += 4 if flags & 2 else 0
    duration, length = usual.duration, usual.length
    if flags & 8:
        (duration,), offset = unpack(box, "I", offset), offset + 4
    if flags & 16:
        (length,) = unpack(box, "I", offset)
    return track, base, Defaults(duration, length)


def _run(box: Box, track: int, base: int, position: int, usual: Defaults) -> tuple[Run, int]:
    flags, count = unpack(box, "II")
    offset = 8
    if flags & 1:
        position, offset = base + unpack(box, "i", offset)[0], offset + 4
    offset += 4 if flags & 4 else 0
    columns = [flag for flag in (0x100, 0x200, 0x400, 0x800) if flags & flag]
    table = numbers(box, "I", offset, count * len(columns))

    def total(flag: int, usually: int) -> int:
        column = table[columns.index(flag) :: len(columns)] if flag in columns else None
        return count * usually if column is None else sum(column)

    end = position + total(0x200, usual.length)
    return Run(track, count, total(0x100, usual.duration), end), end
