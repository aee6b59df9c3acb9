"""Reading of an MP4 or MOV file, plain or in fragments, wherever its index (moov) is.

A file is complete if every box ends within it, if there are an index and media data, and if every
sample that the index, the fragments and the segment table name ends within the file. A file in
fragments that was cut exactly between two of them is detected only by its own totals (mehd, sidx).
"""

from collections import Counter
from dataclasses import dataclass
from os import SEEK_END
from typing import BinaryIO

from tasks.media.containers import samples
from tasks.media.containers.boxes import (
    MAX_INDEX,
    Box,
    NotAVideoError,
    Region,
    children,
    find,
    load,
    read_table,
    regions,
    require,
    unpack,
)

MAX_TRACKS = 64
#: Usual names of codecs by sample entry (https://mp4ra.org/registered-types/sampleentries).
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
    """A complete video.

    `duration` is in seconds, 0.0 where the file does not give it. Width and height are in pixels,
    as shown: rotated if the file says so. Codecs have short names; "" where there is no sound.
    `rate` is in frames a second on average, 0.0 where it cannot be told; `frames` are the pictures
    of the video; `besides` are the bytes that are neither index nor media data.
    """

    duration: float
    width: int
    height: int
    video_codec: str
    audio_codec: str
    brand: str
    rate: float = 0.0
    frames: int = 0
    besides: int = 0


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
    """Read a video's properties; raise NotAVideoError for any other or an incomplete file.

    Nothing else is raised, whatever the file contains, except by the disk. `mdat` is not read.
    """
    # 1. The boxes of the file, and its index within bounds.
    size = file.seek(0, SEEK_END)
    boxes = list(regions(file, size))
    index = (b"moov", b"moof")
    if sum(box.stop - box.start for box in boxes if box.kind in index) > MAX_INDEX:
        raise NotAVideoError("Its index is too large.")
    movie = load(file, _first_box(boxes, b"moov"))
    _first_box(boxes, b"mdat")
    # 2. Every sample ends within the file.
    track_boxes = list(children(movie, b"trak"))
    if len(track_boxes) > MAX_TRACKS:
        raise NotAVideoError("It consists of too many pieces.")
    tracks = [_track(box, size) for box in track_boxes]
    counts, durations = _fragments(file, boxes, size, movie)
    _check_segments(file, boxes, size)
    # 3. The properties.
    video = _first(tracks, b"vide")
    if video is None or not video.count + counts.get(video.number, 0):
        raise NotAVideoError("There are no pictures in it.")
    sound = _first(tracks, b"soun")
    return Container(
        duration=_duration(movie, video, durations.get(video.number, 0)),
        width=video.width,
        height=video.height,
        video_codec=video.codec,
        audio_codec=sound.codec if sound else "",
        brand=_brand(file, boxes),
        rate=_rate(video, counts[video.number], durations[video.number]),
        frames=video.count + counts[video.number],
        besides=sum(box.stop - box.start for box in boxes if box.kind not in (*index, b"mdat")),
    )


def _first_box(boxes: list[Region], kind: bytes) -> Region:
    region = next((box for box in boxes if box.kind == kind), None)
    if region is None:
        name = {b"moov": "index (moov)", b"mdat": "media data (mdat)"}[kind]
        raise NotAVideoError(f"It has no {name}.")
    return region


def _track(box: Box, size: int) -> _Track:
    table = require(box, b"mdia", b"minf", b"stbl")
    count, end = samples.count_and_end(table)
    _check_end(end, size)
    handler = unpack(require(box, b"mdia", b"hdlr"), "4s", 8)[0]
    time_scale, duration = _times(require(box, b"mdia", b"mdhd"))
    descriptions = require(table, b"stsd")
    codec = ""
    if unpack(descriptions, "I", 4)[0]:
        entry = _printable(unpack(descriptions, "4s", 12)[0])
        codec = CODECS.get(entry, entry.lower())
    number, width, height = _track_header(require(box, b"tkhd"))
    if handler == b"vide" and not (width and height):
        width, height = unpack(descriptions, "HH", 40)
    return _Track(number, handler, time_scale, duration, codec, width, height, count)


def _check_end(end: int, size: int) -> None:
    if end > size:
        raise NotAVideoError(f"It breaks off; bytes missing: {end - size}.")


def _track_header(box: Box) -> tuple[int, int, int]:
    """Read a track's number, width and height (8.3.2); swapped if its matrix is a quarter turn."""
    longer = 12 if unpack(box, "B")[0] == 1 else 0
    (number,) = unpack(box, "I", 12 + (8 if longer else 0))
    a, b, c, d = unpack(box, "iixxxxii", 40 + longer)
    width, height = (side >> 16 for side in unpack(box, "II", 76 + longer))
    return (number, height, width) if b and c and not a and not d else (number, width, height)


def _times(box: Box) -> tuple[int, float]:
    """Read units per second and duration in seconds of an mvhd or mdhd; 0 if that is unknown."""
    is_long = unpack(box, "B")[0] == 1
    time_scale, duration = unpack(box, "IQ", 20) if is_long else unpack(box, "II", 12)
    if not time_scale:
        raise NotAVideoError("Its index is broken: no time scale.")
    is_known = duration != (2**64 - 1 if is_long else 2**32 - 1)
    return time_scale, duration / time_scale if is_known else 0.0


def _printable(code: bytes) -> str:
    """Decode a four-character code as text that can be shown anywhere."""
    text = code.decode("latin-1")
    return "".join(c for c in text if c.isascii() and c.isprintable()).strip()


def _fragments(
    file: BinaryIO, boxes: list[Region], size: int, movie: Box
) -> tuple[Counter[int], Counter[int]]:
    """Count the samples in fragments by track, and add up their durations in its time scale."""
    counts: Counter[int] = Counter()
    durations: Counter[int] = Counter()
    known = samples.defaults(movie)
    for moof in boxes:
        if moof.kind == b"moof":
            for run in samples.runs(moof, load(file, moof), known):
                _check_end(run.end, size)
                counts[run.track] += run.count
                durations[run.track] += run.duration
    return counts, durations


def _check_segments(file: BinaryIO, boxes: list[Region], size: int) -> None:
    """Raise NotAVideoError if the segments of a segment table (sidx, 8.16.3) exceed the file."""
    region = next((box for box in boxes if box.kind == b"sidx"), None)
    if region is None:
        return
    box = load(file, region)
    is_long = unpack(box, "B")[0] == 1
    first, count = unpack(box, "QxxH" if is_long else "IxxH", 20 if is_long else 16)
    lengths = read_table(box, "I", 32 if is_long else 24, 3 * count)[0::3]
    _check_end(region.stop + first + sum(length & 0x7FFFFFFF for length in lengths), size)


def _first(tracks: list[_Track], handler: bytes) -> _Track | None:
    return next((track for track in tracks if track.handler == handler), None)


def _duration(movie: Box, video: _Track, fragments: int) -> float:
    """Return the video's duration in seconds: the movie's, and that of the fragments.

    They are added up where the index has samples of its own; else the longer one counts.
    """
    time_scale, known = _times(require(movie, b"mvhd"))
    indexed, fragmented = known or video.duration, fragments / video.time_scale
    duration = indexed + fragmented if video.count else max(indexed, fragmented)
    header = find(movie, b"mvex", b"mehd")
    if header:
        is_long = unpack(header, "B")[0] == 1
        promised = unpack(header, "Q" if is_long else "I", 4)[0] / time_scale
        if duration < promised * 0.9:  # sound and pictures need not end together
            raise NotAVideoError(f"It breaks off after {duration:.1f} of {promised:.1f} seconds.")
    return duration


def _rate(video: _Track, frames: int, lengths: int) -> float:
    """Return the pictures a second, of the index and of the fragments."""
    seconds = (video.duration if video.count else 0.0) + lengths / video.time_scale
    return (video.count + frames) / seconds if seconds else 0.0


def _brand(file: BinaryIO, boxes: list[Region]) -> str:
    """Read the major brand, e.g. isom, mp42, qt; "" in QuickTime files that have none."""
    region = next((box for box in boxes if box.kind == b"ftyp"), None)
    if region is None:
        return ""
    file.seek(region.start)
    return _printable(file.read(min(4, region.stop - region.start)))
