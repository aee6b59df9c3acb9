"""Reads an MP4 or MOV file, whole or in fragments, wherever its index (moov) stands.

Whole means: every box of the file ends within it, there are an index and media data, and every
sample that the index, its fragments and its segment table name ends within the file. A file in
fragments that was cut exactly between two of them is told only by its own totals (mehd, sidx).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_END
from typing import BinaryIO

from tasks.containers import samples
from tasks.containers.boxes import (
    MAX_INDEX,
    Box,
    NotAVideo,
    Region,
    children,
    find,
    load,
    need,
    numbers,
    regions,
    unpack,
)

MAX_TRACKS = 64
#: Sample entries (https://mp4ra.org/registered-types/sampleentries) by the names people use.
CODECS = {
    **dict.fromkeys(("avc1", "avc2", "avc3", "avc4"), "h264"),
    **dict.fromkeys(("hvc1", "hev1", "dvh1", "dvhe"), "hevc"),
    **dict.fromkeys(("vvc1", "vvi1"), "vvc"),
    **dict.fromkeys(("apch", "apcn", "apcs", "apco", "ap4h", "ap4x"), "prores"),
    **dict.fromkeys(("sowt", "twos", "lpcm", "ipcm", "fpcm", "in24", "in32", "fl32"), "pcm"),
    "av01": "av1",
    "vp08": "vp8",
    "vp09": "vp9",
    "mp4v": "mpeg4",
    "jpeg": "mjpeg",
    "mp4a": "aac",
    "ac-3": "ac3",
    "ec-3": "eac3",
    ".mp3": "mp3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A whole video. `duration` in seconds, 0.0 where the file does not say; sizes in pixels as
    shown, turned if the file says so; codecs by short names, "" where there is no sound."""

    duration: float
    width: int
    height: int
    video_codec: str
    audio_codec: str
    brand: str


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    handler: bytes
    time_scale: int
    duration: float
    codec: str
    width: int
    height: int
    count: int


def read(file: BinaryIO) -> Container:
    """The file's own account of itself; NotAVideo if it is none, or not whole.

    Nothing else is raised, whatever the file holds, but by the disk. `mdat` is not read.
    """
    size = file.seek(0, SEEK_END)
    found = list(regions(file, size))
    _within_bounds(found)
    movie = load(file, _only(found, b"moov"))
    _only(found, b"mdat")
    tracks = [_track(box, size) for box in _track_boxes(movie)]
    counts, durations = _fragments(file, found, size, movie)
    _segments_are_there(file, found, size)
    video = _first(tracks, b"vide")
    if video is None or not video.count + counts.get(video.number, 0):
        raise NotAVideo("There are no pictures in it.")
    sound = _first(tracks, b"soun")
    return Container(
        duration=_duration(movie, video, durations.get(video.number, 0)),
        width=video.width,
        height=video.height,
        video_codec=video.codec,
        audio_codec=sound.codec if sound else "",
        brand=_brand(file, found),
    )


def _within_bounds(found: list[Region]) -> None:
    index = (b"moov", b"moof")
    if sum(region.stop - region.start for region in found if region.kind in index) > MAX_INDEX:
        raise NotAVideo("Its index is too large.")


def _only(found: list[Region], kind: bytes) -> Region:
    region = next((region for region in found if region.kind == kind), None)
    if region is None:
        what = {b"moov": "index (moov)", b"mdat": "media data (mdat)"}[kind]
        raise NotAVideo(f"It has no {what}.")
    return region


def _track_boxes(movie: Box) -> list[Box]:
    found = list(children(movie, b"trak"))
    if len(found) > MAX_TRACKS:
        raise NotAVideo("It consists of too many pieces.")
    return found


def _track(box: Box, size: int) -> _Track:
    table = need(box, b"mdia", b"minf", b"stbl")
    count, end = samples.count_and_end(table)
    _ends_within(end, size)
    handler = unpack(need(box, b"mdia", b"hdlr"), "4s", 8)[0]
    time_scale, duration = _times(need(box, b"mdia", b"mdhd"))
    looks = need(table, b"stsd")
    number, width, height = _header(need(box, b"tkhd"))
    if handler == b"vide" and not (width and height):
        width, height = unpack(looks, "HH", 40)
    return _Track(number, handler, time_scale, duration, _codec(looks), width, height, count)


def _ends_within(end: int, size: int) -> None:
    if end > size:
        raise NotAVideo(f"It breaks off; bytes missing: {end - size}.")


def _header(box: Box) -> tuple[int, int, int]:
    """A track's number, width and height (8.3.2); turned by a quarter if its matrix says so."""
    longer = 12 if unpack(box, "B")[0] == 1 else 0
    (number,) = unpack(box, "I", 12 + (8 if longer else 0))
    a, b, c, d = unpack(box, "iixxxxii", 40 + longer)
    width, height = (side >> 16 for side in unpack(box, "II", 76 + longer))
    return (number, height, width) if b and c and not a and not d else (number, width, height)


def _times(box: Box) -> tuple[int, float]:
    """Units per second, and seconds, of an mvhd or mdhd; 0 seconds if it does not know."""
    is_long = unpack(box, "B")[0] == 1
    time_scale, duration = unpack(box, "IQ", 20) if is_long else unpack(box, "II", 12)
    if not time_scale:
        raise NotAVideo("Its index is broken: no time scale.")
    is_known = duration != (2**64 - 1 if is_long else 2**32 - 1)
    return time_scale, duration / time_scale if is_known else 0.0


def _codec(looks: Box) -> str:
    if not unpack(looks, "I", 4)[0]:
        return ""
    entry = _word(unpack(looks, "4s", 12)[0])
    return CODECS.get(entry, entry.lower())


def _word(code: bytes) -> str:
    """Four characters as text that can be shown anywhere."""
    text = code.decode("latin-1")
    return "".join(c for c in text if c.isascii() and c.isprintable()).strip()


def _fragments(
    file: BinaryIO, found: list[Region], size: int, movie: Box
) -> tuple[dict[int, int], dict[int, int]]:
    """By track: how many samples are in fragments, and how long they last in its time scale."""
    counts: dict[int, int] = {}
    durations: dict[int, int] = {}
    for run in _runs(file, found, movie):
        _ends_within(run.end, size)
        counts[run.track] = counts.get(run.track, 0) + run.count
        durations[run.track] = durations.get(run.track, 0) + run.duration
    return counts, durations


def _runs(file: BinaryIO, found: list[Region], movie: Box) -> Iterator[samples.Run]:
    known = samples.defaults(movie)
    for region in found:
        if region.kind == b"moof":
            yield from samples.runs(region, load(file, region), known)


def _segments_are_there(file: BinaryIO, found: list[Region], size: int) -> None:
    """What a segment table (sidx, 8.16.3) adds up to ends within the file."""
    region = next((region for region in found if region.kind == b"sidx"), None)
    if region is None:
        return
    box = load(file, region)
    is_long = unpack(box, "B")[0] == 1
    first, count = unpack(box, "QxxH" if is_long else "IxxH", 20 if is_long else 16)
    lengths = numbers(box, "I", 32 if is_long else 24, 3 * count)[0::3]
    _ends_within(region.stop + first + sum(length & 0x7FFFFFFF for length in lengths), size)


def _first(tracks: list[_Track], handler: bytes) -> _Track | None:
    return next((track for track in tracks if track.handler == handler), None)


def _duration(movie: Box, video: _Track, fragments: int) -> float:
    """The movie's; to it comes that of fragments, where the index has samples of its own."""
    time_scale, known = _times(need(movie, b"mvhd"))
    whole, there = known or video.duration, fragments / video.time_scale
    lasts = whole + there if video.count else max(whole, there)
    promise = find(movie, b"mvex", b"mehd")
    if promise:
        is_long = unpack(promise, "B")[0] == 1
        promised = unpack(promise, "Q" if is_long else "I", 4)[0] / time_scale
        _lasts(lasts, promised)
    return lasts


def _lasts(there: float, promised: float) -> None:
    """A tenth may be missing: sound and pictures need not end together."""
    if there < promised * 0.9:
        raise NotAVideo(f"It breaks off after {there:.1f} of {promised:.1f} seconds.")


def _brand(file: BinaryIO, found: list[Region]) -> str:
    """The file's major brand, e.g. isom, mp42, qt; "" in QuickTime files that have none."""
    region = next((region for region in found if region.kind == b"ftyp"), None)
    if region is None:
        return ""
    file.seek(region.start)
    return _word(file.read(min(4, region.stop - region.start)))
