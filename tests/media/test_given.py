"""Uploaded pictures may also be GIF or BMP, which must be complete like the others."""

from __future__ import annotations

import contextlib
import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media.containers import Image, NotAnImageError, read_picture
from tasks.media.containers.images import PADDING
from tasks.media.containers.pictures import MAX_BLOCKS
from tests.media.files import PICTURES, quick, raises_only, sample, with_flips
from tests.media.pictures import bmp, gif, png

GIVEN = {"gif": gif(30, 20), "bmp": bmp(30, 20), "png": png(30, 20)}


@pytest.mark.parametrize("kind", GIVEN)
def test_each_kind_is_known_by_its_content(kind: str) -> None:
    assert read_picture(BytesIO(GIVEN[kind])) == Image(kind, 30, 20)


@pytest.mark.parametrize("name", PICTURES)
def test_the_formats_of_all_pictures_are_accepted(name: str) -> None:
    assert read_picture(BytesIO(sample(name))).width == 48


def test_a_bitmap_stored_from_top_to_bottom_has_a_positive_height() -> None:
    assert read_picture(BytesIO(bmp(30, -20))) == Image("bmp", 30, 20)


def test_an_older_gif_with_a_local_colour_table_is_read() -> None:
    local = gif(30, 20).replace(b"GIF89a", b"GIF87a")
    at = local.index(b"\x2c\0\0\0\0\1\0\1\0") + 9
    with_colours = local[:at] + b"\x80" + bytes(6) + local[at + 1 :]
    assert read_picture(BytesIO(with_colours)) == Image("gif", 30, 20)


@pytest.mark.parametrize("kind", GIVEN)
def test_every_truncated_picture_is_refused(kind: str) -> None:
    for length in range(len(GIVEN[kind])):
        with pytest.raises(NotAnImageError):
            read_picture(BytesIO(GIVEN[kind][:length]))


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + b"<script>alert(1)</script>" * 9,
        b"BM<script>alert(1)</script>" * 9,
        gif(30, 20)[:19] + b"\x3b",
        gif(0, 20),
        bmp(0, 20),
        sample("start.mp4"),
    ],
    ids=["svg", "html", "gif-html", "bmp-html", "gif-of-none", "narrow-gif", "narrow-bmp", "mp4"],
)
def test_a_file_that_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImageError):
        read_picture(BytesIO(data))


class Counting(BytesIO):
    """A file that counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


#: A frame header of 640 × 360, and what follows it up to the end of a JPEG.
FRAME = b"\xff\xc0\x00\x11\x08\x01\x68\x02\x80\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
SCAN = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00" + b"x" * 9 + b"\xff\xd9"
LARGE = 30_000_000  # bytes, as the largest picture that is taken


def test_megabytes_of_padding_before_a_marker_are_read_in_blocks() -> None:
    jpeg = Counting(b"\xff\xd8" + b"\xff" * LARGE + FRAME + b"\xff" * 9 + SCAN)
    assert read_picture(jpeg) == Image("jpeg", 640, 360)
    assert jpeg.reads < 500


@pytest.mark.parametrize("length", [0, 1, PADDING - 1, PADDING, PADDING + 1, 2 * PADDING])
def test_padding_of_any_length_is_skipped(length: int) -> None:
    jpeg = b"\xff\xd8" + b"\xff" * length + FRAME + b"\xff" * length + SCAN
    assert read_picture(BytesIO(jpeg)) == Image("jpeg", 640, 360)


RIFF = b"RIFF" + struct.pack("<I", LARGE) + b"WEBPVP8X"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 360) + bytes(9)
GIF = b"GIF89a" + struct.pack("<HHB2x", 640, 360, 0)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("head", "piece", "end"),
    [
        (b"\xff\xd8", b"\xff", b""),
        (b"\xff\xd8" + FRAME, b"\xff\xd0", SCAN),
        (b"\xff\xd8" + FRAME, b"\xff\xff\xe0\x00\x02", SCAN),
        (PNG, b"\0\0\0\0tEXt....\0", b""),
        (GIF, b"\x21\x01\x00", b""),
        (GIF, b"\x2c" + bytes(9) + b"\x08\x00", b""),
        (GIF + b"\x21\x01", b"\x01x", b""),
        (RIFF, b"ICCP\0\0\0\0", b""),
    ],
    ids=["padding", "rst", "segments", "png", "extensions", "frames", "blocks", "webp"],
)
def test_however_many_pieces_a_file_has_it_is_read_in_bounded_steps(
    head: bytes, piece: bytes, end: bytes
) -> None:
    """A read of a few bytes takes 0.2 µs; a file of the worst kind had 30 million of them."""
    file = Counting(head + piece * (LARGE // len(piece)) + end)
    with contextlib.suppress(NotAnImageError):
        read_picture(file)
    assert file.reads < 4 * MAX_BLOCKS


@pytest.mark.exhaustive
@quick
@given(st.sampled_from(sorted(GIVEN)), st.data())
def test_flipped_bytes_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    raises_only(with_flips(bytearray(GIVEN[kind]), data), read_picture, NotAnImageError)
