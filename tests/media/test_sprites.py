"""Sprites and last frames of real videos: the right frames, and small enough."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import pytest

from tasks.media import posters
from tasks.media.containers import Image, read_image
from tasks.media.posters import Previews, Sprite, poster_worker
from tests.media.moving import brightness, film, level, ramp
from tests.media.test_posters import CLIPS, SAMPLES

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not posters.can_make(), reason="needs PyAV"),
]
LARGEST = 60_000  # bytes


def sprite_of(path: Path) -> Sprite:
    made = posters.make(path)
    assert made and made.sprite
    return made.sprite


@pytest.mark.parametrize("path", sorted(CLIPS.glob("*.mp4")), ids=lambda path: path.stem)
def test_a_clip_has_twenty_frames_in_one_small_picture_of_its_shape(path: Path) -> None:
    made = posters.make(path)
    assert made and made.sprite
    sprite, poster = made.sprite, read_image(BytesIO(made.poster))
    assert (sprite.frames, sprite.columns) == (20, 5)
    found = read_image(BytesIO(sprite.data))
    assert found == Image("webp", 5 * sprite.width, 4 * sprite.height)
    assert sprite.width / sprite.height == pytest.approx(poster.width / poster.height, rel=0.03)
    assert 18_000 < sprite.width * sprite.height < 26_000
    assert len(sprite.data) <= LARGEST


def test_its_frames_are_evenly_spread_from_the_first_to_the_last(tmp_path: Path) -> None:
    sprite = sprite_of(ramp(tmp_path / "ramp.mp4", 100))
    expected = [level(round(99 * each / 19)) for each in range(20)]
    shown = brightness(sprite.data, columns=5, rows=4)
    first, last = shown[0], shown[-1]
    scale = (expected[-1] - expected[0]) / (last - first)
    assert [expected[0] + (each - first) * scale for each in shown] == pytest.approx(
        expected, abs=2 * 4
    )
    assert last - first > 150, "the picture has the whole of it"


def test_a_short_video_has_as_many_as_it_has_frames(tmp_path: Path) -> None:
    sprite = sprite_of(ramp(tmp_path / "seven.mp4", 7))
    assert (sprite.frames, sprite.columns) == (7, 5)
    found = read_image(BytesIO(sprite.data))
    assert (found.width, found.height) == (5 * sprite.width, 2 * sprite.height)
    assert sprite_of(ramp(tmp_path / "two.mp4", 2)).columns == 2


def test_a_video_of_one_frame_has_a_poster_alone(tmp_path: Path) -> None:
    made = posters.make(ramp(tmp_path / "one.mp4", 1))
    assert made and made.sprite is None


def test_even_noise_fits_into_sixty_kilobytes(tmp_path: Path) -> None:
    chance, path = random.Random(7), tmp_path / "noise.mp4"
    film(path, 24, lambda _number, size: chance.randbytes(size), size=(640, 360), crf="1")
    sprite = sprite_of(path)
    assert sprite.frames == 20
    assert len(sprite.data) <= LARGEST


@pytest.mark.parametrize("name", ["hevc.mp4", "quicktime.mov", "fragments.mp4", "end.mp4"])
def test_every_container_that_is_saved_has_a_sprite(name: str) -> None:
    assert sprite_of(SAMPLES / name).frames >= 2


def test_a_video_broken_in_the_middle_shows_what_comes_before(tmp_path: Path) -> None:
    whole = ramp(tmp_path / "whole.mp4", 100, g="10", bf="0").read_bytes()
    start = whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 2
    (path := tmp_path / "half.mp4").write_bytes(whole[:start] + bytes(len(whole) - start))
    made = posters.make(path)
    assert made is None or made.poster


def test_a_sprite_that_takes_too_long_is_left_and_the_poster_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(poster_worker.__file__).read_text()
    (hurried := tmp_path / "worker.py").write_text(source.replace("PATIENCE = 15", "PATIENCE = 0"))
    monkeypatch.setattr(posters, "PROGRAM", hurried)
    made = posters.make(CLIPS / "sea.mp4")
    assert made and made.poster and made.sprite is None


@pytest.mark.parametrize(
    ("frames", "columns"), [(1, 1), (21, 5), (20, 6), (20, 0), (-20, 5), (3, 3), (20, -5)]
)
def test_what_a_worker_says_of_a_sprite_is_not_believed_unseen(frames: int, columns: int) -> None:
    made = posters.make(CLIPS / "sea.mp4")
    assert made and made.sprite
    head = f"{len(made.poster)} {frames} {columns}\n".encode()
    told = posters._read_previews(head + made.poster + made.sprite.data)
    assert told == Previews(made.poster)


@pytest.mark.parametrize("head", [b"", b"a b c\n", b"1 2\n", b"9" * 5000 + b" 2 2\n", b"-1 20 5\n"])
def test_a_worker_that_writes_something_else_has_made_nothing(head: bytes) -> None:
    assert posters._read_previews(head + b"RIFF") is None


# The last frame


def test_the_last_frame_is_the_last_one_in_full_size(tmp_path: Path) -> None:
    path = ramp(tmp_path / "ramp.mp4", 90, g="24", bf="3")
    made = posters.last_frame(path)
    assert made and read_image(BytesIO(made)) == Image("png", 320, 180)
    [shown] = brightness(made)
    assert shown == pytest.approx((level(89) - 16) * 255 / 219, abs=3)


@pytest.mark.parametrize("name", ["start.mp4", "end.mp4", "hevc.mp4", "fragments.mp4"])
def test_every_container_gives_its_last_frame(name: str) -> None:
    made = posters.last_frame(SAMPLES / name)
    assert made and read_image(BytesIO(made)) == Image("png", 64, 48)


def test_a_last_frame_is_read_within_the_same_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spy := tmp_path / "spy.py").write_text(
        f"import sys; open({str(tmp_path / 'told')!r}, 'w').write(repr(sys.argv[1:]))"
    )
    monkeypatch.setattr(posters, "PROGRAM", spy)
    assert posters.last_frame(CLIPS / "sea.mp4") is None
    assert (tmp_path / "told").read_text() == repr([str(CLIPS / "sea.mp4"), "last_frame"])
