"""Whole videos and pictures are read; what is cut, broken or something else is refused."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.containers import Container, Image, NotAnImage, NotAVideo, read, read_image
from tasks.containers.boxes import Region, regions

SAMPLES = Path(__file__).parent / "samples" / "containers"
CLIPS = Path(__file__).parent.parent / "tasks" / "simulator" / "clips"
VIDEOS = ("start.mp4", "end.mp4", "hevc.mp4", "quicktime.mov")
IN_FRAGMENTS = ("fragments.mp4", "segments.mp4", "offsets.mp4")
PICTURES = ("photo.jpg", "photo.png", "lossy.webp", "lossless.webp", "clear.webp")

quick = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read_bytes(data: bytes) -> Container:
    return read(BytesIO(data))


def refusal(data: bytes) -> str:
    """Why it is refused; the test fails if it is not."""
    with pytest.raises(NotAVideo) as caught:
        read_bytes(data)
    assert caught.value.reason.endswith(".")
    return caught.value.reason


def top_level(data: bytes) -> list[Region]:
    return list(regions(BytesIO(data), len(data)))


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def part(data: bytes, kind: bytes) -> bytes:
    region = next(region for region in top_level(data) if region.kind == kind)
    return data[region.position : region.stop]


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """The same file with one field written differently."""
    assert len(old) == len(new)
    assert data.count(old) == 1, data.count(old)
    return data.replace(old, new)


def patched(data: bytes, kind: bytes, offset: int, new: bytes) -> bytes:
    """The file with bytes written over the inside of its first box of a kind."""
    start = data.index(kind) + 4 + offset
    return data[:start] + new + data[start + len(new) :]


# What is whole


@pytest.mark.parametrize("path", sorted(CLIPS.glob("*.mp4")), ids=lambda path: path.name)
def test_the_simulators_clips_are_whole(path: Path) -> None:
    with path.open("rb") as file:
        found = read(file)
    assert (found.duration, found.video_codec, found.audio_codec) == (5.0, "h264", "aac")
    assert found.brand == "isom"


def test_sizes_are_those_that_are_shown_not_those_that_are_stored() -> None:
    mist = (CLIPS / "mist.mp4").read_bytes()
    assert (read_bytes(mist).width, read_bytes(mist).height) == (1120, 480)


@pytest.mark.parametrize("name", ["start.mp4", "end.mp4"])
def test_the_index_may_stand_in_front_or_behind(name: str) -> None:
    expected = Container(
        duration=0.5, width=64, height=48, video_codec="h264", audio_codec="aac", brand="isom"
    )
    assert read_bytes(sample(name)) == expected


def test_hevc_is_told_and_silence_has_no_codec() -> None:
    found = read_bytes(sample("hevc.mp4"))
    assert (found.video_codec, found.audio_codec) == ("hevc", "")


def test_a_quicktime_movie_is_a_video_too() -> None:
    found = read_bytes(sample("quicktime.mov"))
    assert (found.brand, found.video_codec, found.audio_codec) == ("qt", "h264", "aac")


def test_a_quicktime_movie_without_a_brand_is_one_too() -> None:
    unbranded = patched(sample("quicktime.mov"), b"ftyp", -4, b"free")
    assert read_bytes(unbranded).brand == ""


@pytest.mark.parametrize("name", IN_FRAGMENTS)
def test_files_in_fragments_are_added_up(name: str) -> None:
    assert read_bytes(sample(name)).duration == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(
    ("entry", "name"),
    [(b"hev1", "hevc"), (b"av01", "av1"), (b"vp09", "vp9"), (b"apcn", "prores"), (b"XyZ1", "xyz1")],
)
def test_codecs_have_short_names_and_unknown_ones_their_own(entry: bytes, name: str) -> None:
    assert read_bytes(replaced(sample("hevc.mp4"), b"hev1", entry)).video_codec == name


def test_a_codecs_name_can_be_shown_anywhere() -> None:
    weird = replaced(sample("hevc.mp4"), b"hev1", b"\0\xffa\n")
    assert read_bytes(weird).video_codec == "a"


def test_a_quarter_turn_swaps_width_and_height() -> None:
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    data = sample("hevc.mp4")
    position = data.index(upright, data.index(b"tkhd"))
    found = read_bytes(data[:position] + turned + data[position + 36 :])
    assert (found.width, found.height) == (48, 64)


def test_a_size_that_the_track_leaves_out_is_taken_from_its_pictures() -> None:
    found = read_bytes(patched(sample("hevc.mp4"), b"tkhd", 76, bytes(8)))
    assert (found.width, found.height) == (64, 48)


def test_lengths_of_64_bits_are_read() -> None:
    data = sample("end.mp4")
    media = part(data, b"mdat")
    assert data.count(b"\0\0\0\x08free") == 1  # room for the longer header, left by the writer
    longer = struct.pack(">I4sQ", 1, b"mdat", len(media) + 8) + media[8:]
    assert read_bytes(data.replace(b"\0\0\0\x08free" + media, longer)).duration == 0.5


def test_a_last_box_may_reach_to_the_end_of_the_file() -> None:
    data = sample("start.mp4")
    length = struct.pack(">I4s", len(part(data, b"mdat")), b"mdat")
    assert read_bytes(data.replace(length, b"\0\0\0\0mdat")) == read_bytes(data)


def test_offsets_of_64_bits_are_read() -> None:
    """In front of all pictures lie four gigabytes of nothing, as far as the reader can tell."""
    data = sample("end.mp4")
    assert read_bytes(_with_movie(data, stco=_long_offsets)) == read_bytes(data)
    assert refusal(_with_movie(data, stco=_far_offsets)).startswith(
        "It breaks off; bytes missing: 42949"
    )


def _long_offsets(inside: bytes, *, further: int = 0) -> bytes:
    count, *offsets = struct.unpack_from(f">I{len(inside) // 4 - 2}I", inside, 4)
    wide = struct.pack(f">{count}Q", *(offset + further for offset in offsets))
    return box(b"co64", inside[:8], wide)


def _far_offsets(inside: bytes) -> bytes:
    return _long_offsets(inside, further=2**32)


def test_times_of_64_bits_are_read() -> None:
    found = read_bytes(_with_movie(sample("end.mp4"), mvhd=_thrice_as_long))
    assert found.duration == 1.5


def _thrice_as_long(inside: bytes) -> bytes:
    scale, duration = struct.unpack_from(">II", inside, 12)
    times = struct.pack(">QQIQ", 0, 0, scale, duration * 3)
    return box(b"mvhd", b"\1\0\0\0", times, inside[20:])


@pytest.mark.parametrize(
    ("bits", "table", "total"), [(4, b"\x12" * 6, 18), (8, b"\3" * 12, 36), (16, b"\0\4" * 12, 48)]
)
def test_compact_sample_sizes_are_read(bits: int, table: bytes, total: int) -> None:
    """Twelve samples in one chunk at the end of a file: cut a byte shorter, it is refused."""
    sizes = box(b"stz2", struct.pack(">III", 0, bits, 12), table)
    share = box(b"stsc", struct.pack(">5I", 0, 1, 1, 12, 1))

    def placed(before_the_end: int, length: int = 0) -> bytes:
        place = box(b"stco", struct.pack(">III", 0, 1, max(length - before_the_end, 0)))
        changes = {"stsz": sizes, "stsc": share, "stco": place}
        data = sample("hevc.mp4")
        for kind, new in changes.items():
            data = _with_movie(data, **{kind: partial(_instead, new)})
        return data if length else placed(before_the_end, len(data))

    assert read_bytes(placed(total)).duration == 0.5
    assert refusal(placed(total - 1)) == "It breaks off; bytes missing: 1."


def _instead(new: bytes, _old: bytes) -> bytes:
    return new


AROUND = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex")
Change = Callable[[bytes], bytes]


def _with_movie(data: bytes, **changes: Change) -> bytes:
    """The file with some kinds of boxes of its index written anew."""
    movie = part(data, b"moov")
    return data.replace(movie, _rewritten(movie, changes))


def _rewritten(boxes: bytes, changes: dict[str, Change]) -> bytes:
    return b"".join(
        changes[kind.decode()](inside)
        if kind.decode() in changes
        else box(kind, _rewritten(inside, changes) if kind in AROUND else inside)
        for kind, inside in _split(boxes)
    )


def _split(boxes: bytes) -> Iterator[tuple[bytes, bytes]]:
    while boxes:
        length, kind = struct.unpack_from(">I4s", boxes)
        yield kind, boxes[8:length]
        boxes = boxes[length:]


# What is not whole


@pytest.mark.parametrize("name", VIDEOS)
def test_every_beginning_of_a_video_is_refused(name: str) -> None:
    data = sample(name)
    for length in range(len(data)):
        refusal(data[:length])


def test_a_clip_without_its_last_byte_is_refused() -> None:
    data = (CLIPS / "sea.mp4").read_bytes()
    assert refusal(data[:-1]) == "It breaks off; bytes missing: 1."


@pytest.mark.parametrize("name", IN_FRAGMENTS)
def test_fragments_are_refused_wherever_one_is_cut(name: str) -> None:
    data = sample(name)
    ends = {region.stop for region in top_level(data)}
    for length in set(range(len(data))) - ends:
        refusal(data[:length])


def test_a_segment_table_tells_that_later_fragments_are_missing() -> None:
    data = sample("segments.mp4")
    last = [region for region in top_level(data) if region.kind == b"moof"][-1]
    assert refusal(data[: last.position]).startswith("It breaks off")


def test_a_promised_duration_tells_that_later_fragments_are_missing() -> None:
    promise = box(b"mehd", struct.pack(">II", 0, 500))  # thousandths, as its mvhd counts
    data = sample("fragments.mp4")
    movie = part(data, b"moov")
    promising = data.replace(movie, _rewritten(movie, {"mvex": lambda x: box(b"mvex", promise, x)}))
    assert read_bytes(promising).duration == 0.5
    last = [region for region in top_level(promising) if region.kind == b"moof"][-1]
    assert refusal(promising[: last.position]) == "It breaks off after 0.3 of 0.5 seconds."


def test_a_sample_beyond_the_end_is_noticed_where_all_boxes_are_there() -> None:
    data = sample("hevc.mp4")
    media = part(data, b"mdat")
    cut = data.replace(media, box(b"mdat", media[8:-100]))
    assert refusal(cut) == "It breaks off; bytes missing: 100."


def test_a_fragments_sample_beyond_the_end_is_noticed() -> None:
    data = sample("offsets.mp4")
    last = [region for region in top_level(data) if region.kind == b"mdat"][-1]
    inside = data[last.start : last.stop - 5]
    cut = data[: last.position] + box(b"mdat", inside)
    assert refusal(cut) == "It breaks off; bytes missing: 5."


# What is something else


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "It is empty."),
        (b"<!doctype html><title>ftyp</title>", "It is a text or a web page."),
        (b"\xef\xbb\xbf\n <html>", "It is a text or a web page."),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "It is a text or a web page."),
        (b'{"error": {"code": "AccessDenied"}}', "It is a text or a web page."),
        (b"PK\x03\x04\x14\0\0\0\x08\0ftyp", "It is a ZIP archive."),
        (b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1f", "It does not begin like a video."),
        (b"#!/bin/sh\n", "It does not begin like a video."),
        (bytes(4096), "It does not begin like a video."),
    ],
)
def test_anything_else_is_refused_and_named(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


def test_what_only_begins_like_a_video_is_refused() -> None:
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    empty = box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd", bytes(84)))
    assert refusal(head) == "It has no index (moov)."
    assert refusal(head + b"<html><script>alert(1)</script></html>").startswith("It breaks off")
    movie = part(sample("start.mp4"), b"moov")
    assert refusal(head + movie) == "It has no media data (mdat)."
    assert refusal(head + box(b"moov", *empty) + box(b"mdat")).startswith("Its index is not whole")


def test_a_file_of_sound_alone_is_refused() -> None:
    silent = patched(sample("hevc.mp4"), b"hdlr", 8, b"soun")
    assert refusal(silent) == "There are no pictures in it."


def test_a_track_without_a_single_picture_is_refused() -> None:
    data = patched(sample("hevc.mp4"), b"stsz", 8, bytes(4))
    assert refusal(data) == "There are no pictures in it."


# What was made to hurt

VIDEO_FILES = VIDEOS + IN_FRAGMENTS


def never_hurts(data: bytes, reader: Callable[[BytesIO], object], refused: type[Exception]) -> None:
    with suppress(refused):  # anything else fails the test
        reader(BytesIO(data))


@quick
@given(st.sampled_from(VIDEO_FILES), st.data())
def test_flipped_bytes_raise_nothing_else(name: str, data: st.DataObject) -> None:
    flipped = _flipped(bytearray(sample(name)), data)
    never_hurts(flipped, read, NotAVideo)


@quick
@given(st.sampled_from(VIDEO_FILES), st.data())
def test_numbers_of_the_index_made_extreme_raise_nothing_else(
    name: str, data: st.DataObject
) -> None:
    """Only the index is written to, four bytes at a time, so that the reading gets far."""
    file = bytearray(sample(name))
    places = [r for r in top_level(bytes(file)) if r.kind in (b"moov", b"moof", b"sidx")]
    place = data.draw(st.sampled_from(places))
    extremes = st.sampled_from((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 0x01000000, 7, 16))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(place.start, place.stop - 4))
        struct.pack_into(">I", file, at, data.draw(extremes))
    never_hurts(bytes(file), read, NotAVideo)


def _flipped(file: bytearray, data: st.DataObject) -> bytes:
    for at in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[at] = data.draw(st.integers(0, 255))
    return bytes(file)


@quick
@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    for data in (noise, head + noise, head + box(b"moov", noise) + box(b"mdat")):
        never_hurts(data, read, NotAVideo)
        never_hurts(data, read_image, NotAnImage)


def test_too_many_boxes_are_refused() -> None:
    assert refusal(box(b"free") * 10_001) == "It consists of too many pieces."
    children = box(b"free") * 2_001
    data = box(b"ftyp", b"isom") + box(b"moov", children) + box(b"mdat")
    assert refusal(data) == "It consists of too many pieces."
    tracks = box(b"moov", box(b"trak") * 65)
    assert refusal(box(b"ftyp", b"isom") + tracks + box(b"mdat")) == (
        "It consists of too many pieces."
    )


class Sparse(BytesIO):
    """A file of gigabytes that holds nothing, and notes how much of it is asked for."""

    def __init__(self, head: bytes, size: int) -> None:
        super().__init__(head)
        self._size, self.asked_for = size, 0

    def seek(self, position: int, whence: int = 0, /) -> int:
        return self._size if whence == 2 else super().seek(position, whence)

    def read(self, length: int | None = -1, /) -> bytes:
        assert length is not None
        assert length >= 0
        self.asked_for += length
        return super().read(length)


def test_an_index_of_gigabytes_is_refused_unread() -> None:
    head = box(b"ftyp", b"isom") + struct.pack(">I4s", 0, b"moov")
    file = Sparse(head, 5 << 30)
    with pytest.raises(NotAVideo, match="too large"):
        read(file)
    assert file.asked_for < 100


def test_media_data_of_gigabytes_are_not_read() -> None:
    data = sample("start.mp4")
    head = data[: -len(part(data, b"mdat"))] + struct.pack(">I4s", 0, b"mdat")
    file = Sparse(head, 5 << 30)
    assert read(file).duration == 0.5
    assert file.asked_for < len(data)


def test_an_index_full_of_numbers_takes_little_memory() -> None:
    """As large as is let in, all of it in one table of sample sizes."""
    data = sample("hevc.mp4")
    count = 2_000_000
    table = struct.pack(">III", 0, 0, count) + b"\0\0\0\1" * count
    stbl = box(b"stsz", table) + box(b"stco", struct.pack(">III", 0, 1, 0))
    movie = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", stbl)))))
    assert len(movie) < 8 * 1024 * 1024
    tracemalloc.start()
    try:
        refusal(part(data, b"ftyp") + movie + part(data, b"mdat"))
        assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_counts_of_billions_cost_nothing() -> None:
    """A fixed size needs no table, so the number of samples is the file's word alone."""
    data = patched(sample("hevc.mp4"), b"stsz", 4, struct.pack(">II", 1, 2**32 - 1))
    assert refusal(data) == "Its index is broken: samples without a place."
    everywhere = patched(data, b"stsc", 8, struct.pack(">III", 1, 2**32 - 1, 1))
    assert refusal(everywhere).startswith("It breaks off")


# Pictures


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_read(name: str) -> None:
    kind = {"jpg": "jpeg"}.get(ending := name.rsplit(".")[-1], ending)
    with (SAMPLES / name).open("rb") as file:
        assert read_image(file) == Image(kind, 48, 32)


def test_the_simulators_last_frames_are_whole() -> None:
    found = [read_image(BytesIO(path.read_bytes())) for path in sorted(CLIPS.glob("*.jpg"))]
    assert {image.format for image in found} == {"jpeg"}
    assert len(found) == 7


@pytest.mark.parametrize("name", PICTURES)
def test_every_beginning_of_a_picture_is_refused(name: str) -> None:
    data = sample(name)
    for length in range(len(data)):
        with pytest.raises(NotAnImage):
            read_image(BytesIO(data[:length]))


def test_a_picture_may_have_something_behind_its_end() -> None:
    for name in PICTURES:
        assert read_image(BytesIO(sample(name) + bytes(100))).width == 48


@pytest.mark.parametrize("data", [b"", b"<html>", sample("start.mp4"), b"GIF89a\1\0\1\0"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        read_image(BytesIO(data))


@quick
@given(st.sampled_from(PICTURES), st.data())
def test_pictures_with_flipped_bytes_raise_nothing_else(name: str, data: st.DataObject) -> None:
    never_hurts(_flipped(bytearray(sample(name)), data), read_image, NotAnImage)
