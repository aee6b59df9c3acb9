"""Complete videos are read, in every form in which they occur."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import pytest

from tasks.media.containers import Container, read
from tests.media.files import (
    CLIPS,
    IN_FRAGMENTS,
    box,
    patched,
    read_bytes,
    refusal,
    replaced,
    sample,
    top_level_box,
    with_movie,
)


@pytest.mark.parametrize("path", sorted(CLIPS.glob("*.mp4")), ids=lambda path: path.name)
def test_the_simulators_clips_are_complete(path: Path) -> None:
    with path.open("rb") as file:
        found = read(file)
    assert (found.duration, found.video_codec, found.audio_codec) == (5.0, "h264", "aac")
    assert found.brand == "isom"


def test_sizes_are_those_shown_and_not_those_stored() -> None:
    mist = (CLIPS / "mist.mp4").read_bytes()
    assert (read_bytes(mist).width, read_bytes(mist).height) == (1120, 480)


@pytest.mark.parametrize("name", ["start.mp4", "end.mp4"])
def test_the_index_may_stand_in_front_or_behind(name: str) -> None:
    expected = Container(
        duration=0.5,
        width=64,
        height=48,
        video_codec="h264",
        audio_codec="aac",
        brand="isom",
        rate=24.0,
        frames=12,
        besides=24,
    )
    assert read_bytes(sample(name)) == expected


def test_hevc_is_recognized_and_silence_has_no_codec() -> None:
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
    media = top_level_box(data, b"mdat")
    assert data.count(b"\0\0\0\x08free") == 1  # room for the longer header, left by the writer
    longer = struct.pack(">I4sQ", 1, b"mdat", len(media) + 8) + media[8:]
    assert read_bytes(data.replace(b"\0\0\0\x08free" + media, longer)).duration == 0.5


def test_a_last_box_may_reach_to_the_end_of_the_file() -> None:
    data = sample("start.mp4")
    length = struct.pack(">I4s", len(top_level_box(data, b"mdat")), b"mdat")
    assert read_bytes(data.replace(length, b"\0\0\0\0mdat")) == read_bytes(data)


def test_offsets_of_64_bits_are_read() -> None:
    """Offsets shifted by four gigabytes make the file end too early."""
    data = sample("end.mp4")
    assert read_bytes(with_movie(data, stco=_long_offsets)) == read_bytes(data)
    assert refusal(with_movie(data, stco=_far_offsets)).startswith(
        "It breaks off; bytes missing: 42949"
    )


def _long_offsets(inside: bytes, *, further: int = 0) -> bytes:
    count, *offsets = struct.unpack_from(f">I{len(inside) // 4 - 2}I", inside, 4)
    wide = struct.pack(f">{count}Q", *(offset + further for offset in offsets))
    return box(b"co64", inside[:8], wide)


def _far_offsets(inside: bytes) -> bytes:
    return _long_offsets(inside, further=2**32)


def test_times_of_64_bits_are_read() -> None:
    found = read_bytes(with_movie(sample("end.mp4"), mvhd=_thrice_as_long))
    assert found.duration == 1.5


def _thrice_as_long(inside: bytes) -> bytes:
    scale, duration = struct.unpack_from(">II", inside, 12)
    times = struct.pack(">QQIQ", 0, 0, scale, duration * 3)
    return box(b"mvhd", b"\1\0\0\0", times, inside[20:])


@pytest.mark.parametrize(
    ("bits", "table", "total"), [(4, b"\x12" * 6, 18), (8, b"\3" * 12, 36), (16, b"\0\4" * 12, 48)]
)
def test_compact_sample_sizes_are_read(bits: int, table: bytes, total: int) -> None:
    """Twelve samples in one chunk at the end of a file; one byte further on, it is refused."""
    sizes = box(b"stz2", struct.pack(">III", 0, bits, 12), table)
    share = box(b"stsc", struct.pack(">5I", 0, 1, 1, 12, 1))

    def placed(before_the_end: int, length: int = 0) -> bytes:
        place = box(b"stco", struct.pack(">III", 0, 1, max(length - before_the_end, 0)))
        changes = {"stsz": sizes, "stsc": share, "stco": place}
        data = sample("hevc.mp4")
        for kind, new in changes.items():
            data = with_movie(data, **{kind: partial(_instead, new)})
        return data if length else placed(before_the_end, len(data))

    assert read_bytes(placed(total)).duration == 0.5
    assert refusal(placed(total - 1)) == "It breaks off; bytes missing: 1."


def _instead(new: bytes, _old: bytes) -> bytes:
    return new
