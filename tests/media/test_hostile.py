"""Hostile files raise no other exception, and cost little time and memory."""

from __future__ import annotations

import struct
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media.containers import NotAnImageError, NotAVideoError, read, read_image
from tests.media.files import (
    VIDEO_FILES,
    box,
    patched,
    quick,
    raises_only,
    refusal,
    sample,
    top_level,
    top_level_box,
    with_flips,
)


@pytest.mark.exhaustive
@quick
@given(st.sampled_from(VIDEO_FILES), st.data())
def test_flipped_bytes_raise_nothing_else(name: str, data: st.DataObject) -> None:
    flipped = with_flips(bytearray(sample(name)), data)
    raises_only(flipped, read, NotAVideoError)


@pytest.mark.exhaustive
@quick
@given(st.sampled_from(VIDEO_FILES), st.data())
def test_extreme_numbers_in_the_index_raise_nothing_else(name: str, data: st.DataObject) -> None:
    """Only the index is changed, four bytes at a time, so that most of the code is reached."""
    file = bytearray(sample(name))
    places = [r for r in top_level(bytes(file)) if r.kind in (b"moov", b"moof", b"sidx")]
    place = data.draw(st.sampled_from(places))
    extremes = st.sampled_from((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 0x01000000, 7, 16))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(place.start, place.stop - 4))
        struct.pack_into(">I", file, at, data.draw(extremes))
    raises_only(bytes(file), read, NotAVideoError)


@quick
@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    for data in (noise, head + noise, head + box(b"moov", noise) + box(b"mdat")):
        raises_only(data, read, NotAVideoError)
        raises_only(data, read_image, NotAnImageError)


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
    """An empty file of gigabytes that counts the bytes requested from it."""

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
    with pytest.raises(NotAVideoError, match="too large"):
        read(file)
    assert file.asked_for < 100


def test_media_data_of_gigabytes_are_not_read() -> None:
    data = sample("start.mp4")
    head = data[: -len(top_level_box(data, b"mdat"))] + struct.pack(">I4s", 0, b"mdat")
    file = Sparse(head, 5 << 30)
    assert read(file).duration == 0.5
    assert file.asked_for < len(data)


def test_an_index_full_of_numbers_takes_little_memory() -> None:
    """An index of the largest accepted size, all of it in one table of sample sizes."""
    data = sample("hevc.mp4")
    count = 2_000_000
    table = struct.pack(">III", 0, 0, count) + b"\0\0\0\1" * count
    stbl = box(b"stsz", table) + box(b"stco", struct.pack(">III", 0, 1, 0))
    movie = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", stbl)))))
    assert len(movie) < 8 * 1024 * 1024
    tracemalloc.start()
    try:
        refusal(top_level_box(data, b"ftyp") + movie + top_level_box(data, b"mdat"))
        assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_counts_of_billions_cost_nothing() -> None:
    """A fixed sample size needs no table, so the file can claim any number of samples."""
    data = patched(sample("hevc.mp4"), b"stsz", 4, struct.pack(">II", 1, 2**32 - 1))
    assert refusal(data) == "Its index is broken: samples without a place."
    everywhere = patched(data, b"stsc", 8, struct.pack(">III", 1, 2**32 - 1, 1))
    assert refusal(everywhere).startswith("It breaks off")
