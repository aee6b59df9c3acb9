"""Positions of a track's samples (pictures, pieces of sound) in a file.

They come from the tables of moov (ISO/IEC 14496-12, 8.7) and from fragments (8.8). Only ends are
computed: a file in which every sample ends within the file was not broken off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, repeat

from tasks.media.containers.boxes import (
    Box,
    NotAVideoError,
    Region,
    children,
    find,
    read_table,
    require,
    unpack,
)


class _SampleSizes:
    """The sizes of a track's samples in bytes, taken in their order."""

    def __init__(self, table: Box) -> None:
        sizes = find(table, b"stsz")
        self._fixed, self.left = unpack(sizes, "II", 4) if sizes else (0, 0)
        if sizes and not self._fixed:
            self._each: Iterator[int] = iter(read_table(sizes, "I", 12, self.left))
        elif not sizes:
            compact = require(table, b"stz2")
            bits, self.left = unpack(compact, "xxxBI", 4)
            if bits == 4:
                pairs = read_table(compact, "B", 12, (self.left + 1) // 2)
                self._each = (half for pair in pairs for half in (pair >> 4, pair & 15))
            else:
                self._each = iter(read_table(compact, "H" if bits == 16 else "B", 12, self.left))

    def take(self, count: int) -> int:
        """Return the total size of the next samples."""
        count = min(count, self.left)
        self.left -= count
        return count * self._fixed if self._fixed else sum(islice(self._each, count))


def count_and_end(table: Box) -> tuple[int, int]:
    """Return the number of samples in an stbl, and the first byte of the file after all of them."""
    sizes = _SampleSizes(table)
    count = sizes.left
    if not count:
        return 0, 0
    short = find(table, b"stco")
    box, code = (short, "I") if short else (require(table, b"co64"), "Q")
    offsets = read_table(box, code, 8, unpack(box, "I", 4)[0])
    counts = _samples_per_chunk(require(table, b"stsc"), len(offsets))
    end = max(
        (offset + sizes.take(number) for offset, number in zip(offsets, counts, strict=False)),
        default=0,
    )
    if sizes.left:
        raise NotAVideoError("Its index is broken: samples without a place.")
    return count, end


def _samples_per_chunk(box: Box, chunks: int) -> Iterator[int]:
    """Yield the number of samples of each chunk; an entry holds up to the next entry's chunk."""
    entries = read_table(box, "I", 8, 3 * unpack(box, "I", 4)[0])
    firsts, counts = entries[0::3], entries[1::3]
    nexts = firsts[1:]
    nexts.append(min(chunks + 1, 0xFFFFFFFF))
    for first, following, count in zip(firsts, nexts, counts, strict=True):
        yield from repeat(count, following - first)


@dataclass(frozen=True, slots=True)
class SampleDefaults:
    """Duration and size of samples whose fragment does not give them."""

    duration: int
    size: int


@dataclass(frozen=True, slots=True)
class SampleRun:
    """Consecutive samples of a fragment; `duration` in the track's own time scale."""

    track: int
    count: int
    duration: int
    end: int


def defaults(movie: Box) -> dict[int, SampleDefaults]:
    """Read the defaults by track from mvex; empty where a file has no fragments."""
    extends = find(movie, b"mvex")
    rows = (unpack(box, "IIII", 4) for box in children(extends, b"trex")) if extends else ()
    return {track: SampleDefaults(duration, size) for track, _, duration, size in rows}


def runs(moof: Region, content: Box, known: dict[int, SampleDefaults]) -> Iterator[SampleRun]:
    """Yield the runs of one fragment (8.8.7, 8.8.8).

    A run without an offset begins where the one before it ended.
    """
    position = moof.position
    for traf in children(content, b"traf"):
        track, base, usual = _fragment_header(require(traf, b"tfhd"), moof, position, known)
        position = base
        for box in children(traf, b"trun"):
            run = _run(box, track, base, position, usual)
            yield run
            position = run.end


def _fragment_header(
    box: Box, moof: Region, position: int, known: dict[int, SampleDefaults]
) -> tuple[int, int, SampleDefaults]:
    """Read a track's number in a fragment, the base of its offsets, and its defaults."""
    flags, track = unpack(box, "II")
    usual = known.get(track, SampleDefaults(0, 0))
    offset, base = 8, moof.position if flags & 0x20000 else position
    if flags & 1:
        (base,), offset = unpack(box, "Q", offset), offset + 8
    offset += 4 if flags & 2 else 0
    duration, size = usual.duration, usual.size
    if flags & 8:
        (duration,), offset = unpack(box, "I", offset), offset + 4
    if flags & 16:
        (size,) = unpack(box, "I", offset)
    return track, base, SampleDefaults(duration, size)


def _run(box: Box, track: int, base: int, position: int, usual: SampleDefaults) -> SampleRun:
    flags, count = unpack(box, "II")
    offset = 8
    if flags & 1:
        position, offset = base + unpack(box, "i", offset)[0], offset + 4
    offset += 4 if flags & 4 else 0
    columns = [flag for flag in (0x100, 0x200, 0x400, 0x800) if flags & flag]
    table = read_table(box, "I", offset, count * len(columns))

    def total(flag: int, default: int) -> int:
        column = table[columns.index(flag) :: len(columns)] if flag in columns else None
        return count * default if column is None else sum(column)

    end = position + total(0x200, usual.size)
    return SampleRun(track, count, total(0x100, usual.duration), end)
