"""Complete pictures are read; truncated files and other formats are refused."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media.containers import Image, NotAnImageError, read_image
from tests.media.files import CLIPS, PICTURES, SAMPLES, quick, raises_only, sample, with_flips


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_read(name: str) -> None:
    kind = {"jpg": "jpeg"}.get(ending := name.rsplit(".")[-1], ending)
    with (SAMPLES / name).open("rb") as file:
        assert read_image(file) == Image(kind, 48, 32)


def test_the_simulators_last_frames_are_complete() -> None:
    found = [read_image(BytesIO(path.read_bytes())) for path in sorted(CLIPS.glob("*.jpg"))]
    assert {image.format for image in found} == {"jpeg"}
    assert len(found) == 7


@pytest.mark.parametrize("name", PICTURES)
def test_every_truncated_picture_is_refused(name: str) -> None:
    data = sample(name)
    for length in range(len(data)):
        with pytest.raises(NotAnImageError):
            read_image(BytesIO(data[:length]))


def test_a_picture_may_have_bytes_after_its_end() -> None:
    for name in PICTURES:
        assert read_image(BytesIO(sample(name) + bytes(100))).width == 48


@pytest.mark.parametrize("data", [b"", b"<html>", sample("start.mp4"), b"GIF89a\1\0\1\0"])
def test_a_file_that_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImageError):
        read_image(BytesIO(data))


@pytest.mark.exhaustive
@quick
@given(st.sampled_from(PICTURES), st.data())
def test_pictures_with_flipped_bytes_raise_nothing_else(name: str, data: st.DataObject) -> None:
    raises_only(with_flips(bytearray(sample(name)), data), read_image, NotAnImageError)
