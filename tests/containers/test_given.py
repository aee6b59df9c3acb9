"""Pictures that people give may be GIF and BMP too; both are as whole as the others must be."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.containers import Image, NotAnImage, read_picture
from tests.containers.files import PICTURES, never_hurts, quick, sample, with_flips
from tests.containers.pictures import bmp, gif, png

GIVEN = {"gif": gif(30, 20), "bmp": bmp(30, 20), "png": png(30, 20)}


@pytest.mark.parametrize("kind", GIVEN)
def test_each_kind_is_known_by_its_content(kind: str) -> None:
    assert read_picture(BytesIO(GIVEN[kind])) == Image(kind, 30, 20)


@pytest.mark.parametrize("name", PICTURES)
def test_what_any_picture_may_be_is_taken(name: str) -> None:
    assert read_picture(BytesIO(sample(name))).width == 48


def test_a_bitmap_from_the_top_down_has_a_height_all_the_same() -> None:
    assert read_picture(BytesIO(bmp(30, -20))) == Image("bmp", 30, 20)


def test_an_older_gif_with_colours_of_its_own_is_read() -> None:
    local = gif(30, 20).replace(b"GIF89a", b"GIF87a")
    at = local.index(b"\x2c\0\0\0\0\1\0\1\0") + 9
    with_colours = local[:at] + b"\x80" + bytes(6) + local[at + 1 :]
    assert read_picture(BytesIO(with_colours)) == Image("gif", 30, 20)


@pytest.mark.parametrize("kind", GIVEN)
def test_every_beginning_is_refused(kind: str) -> None:
    for length in range(len(GIVEN[kind])):
        with pytest.raises(NotAnImage):
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
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        read_picture(BytesIO(data))


@quick
@given(st.sampled_from(sorted(GIVEN)), st.data())
def test_flipped_bytes_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    never_hurts(with_flips(bytearray(GIVEN[kind]), data), read_picture, NotAnImage)
