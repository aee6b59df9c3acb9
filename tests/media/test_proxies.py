"""Proxies of videos and waveforms of sounds, made by the limited process."""

from __future__ import annotations

import os
import random
import struct
import sys
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore

import pytest

from tasks.media import posters
from tasks.media.containers import read, read_image
from tasks.media.posters.waveforms import HEIGHT, WIDTH
from tests.media.sounds import mp3, wav
from tests.media.test_posters import CLIPS, SAMPLES

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not posters.can_make(), reason="needs PyAV"),
]


def drawn(tmp_path: Path, data: bytes, name: str = "a.wav") -> bytes | None:
    (path := tmp_path / name).write_bytes(data)
    return posters.waveform(path, within=30)


def heights(picture: bytes) -> list[int]:
    """The height of each bar of a waveform, in pixels."""
    import av

    with av.open(BytesIO(picture), "r", format="png_pipe") as shown:
        frame = next(shown.decode(video=0)).reformat(format="rgba")
    plane = frame.planes[0]
    pixels = bytes(plane)
    return [
        sum(pixels[y * plane.line_size + 4 * x + 3] > 0 for y in range(HEIGHT))
        for x in range(0, WIDTH, 4)
    ]


def test_a_waveform_shows_where_a_sound_is_loud(tmp_path: Path) -> None:
    made = drawn(tmp_path, wav(4.0))  # it grows louder to its end
    assert made and read_image(BytesIO(made)).format == "png"
    bars = heights(made)
    assert bars[0] < bars[len(bars) // 2] < bars[-1] <= HEIGHT and min(bars) > 0


def test_silence_is_a_line(tmp_path: Path) -> None:
    made = drawn(tmp_path, mp3(200), "a.mp3")
    assert made and set(heights(made)) == {2}


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF\0\0\0\0WAVE", b"<html>", bytes(100_000)],
    ids="empty head html zeros".split(),
)
def test_of_what_is_no_sound_there_is_no_waveform(tmp_path: Path, data: bytes) -> None:
    assert drawn(tmp_path, data) is None


def test_broken_sounds_harm_nobody(tmp_path: Path) -> None:
    chance = random.Random(3)
    for number in range(6):
        data = bytearray(mp3(100) if number % 2 else wav(1.0))
        for _ in range(300):
            data[chance.randrange(len(data))] = chance.randrange(256)
        made = drawn(tmp_path, bytes(data), f"{number}.bin")
        assert made is None or read_image(BytesIO(made)).format == "png"


def test_a_proxy_is_small_h264_as_long_as_its_video_with_its_sound(tmp_path: Path) -> None:
    made = posters.proxy(CLIPS / "sea.mp4")
    assert made
    found = read(BytesIO(made))
    assert (found.width, found.height, found.video_codec) == (640, 360, "h264")
    assert (found.audio_codec, found.duration) == ("aac", pytest.approx(5.0, abs=0.1))
    upright = posters.proxy(CLIPS / "city.mp4")
    assert upright and read(BytesIO(upright)).width < read(BytesIO(upright)).height


def test_hevc_becomes_what_browsers_play() -> None:
    made = posters.proxy(SAMPLES / "hevc.mp4")
    assert made and read(BytesIO(made)).video_codec == "h264"


def test_of_what_is_no_video_there_is_no_proxy(tmp_path: Path) -> None:
    (path := tmp_path / "a.mp4").write_bytes(b"<html><script>alert(1)</script></html>")
    assert posters.proxy(path) is None
    path.write_bytes((CLIPS / "sea.mp4").read_bytes()[:50_000])
    assert posters.proxy(path) is None


def test_what_a_taken_over_process_writes_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for written in (b"<html>", (SAMPLES / "hevc.mp4").read_bytes(), b"RIFF" + struct.pack("<I", 9)):
        monkeypatch.setattr(posters, "_output", lambda *args, made=written: made)
        assert posters.proxy(tmp_path) is posters.waveform(tmp_path, within=1) is None


def test_a_person_waits_no_longer_than_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe without a writer is waited for for ever; so are four videos that are being read."""
    os.mkfifo(path := tmp_path / "pipe.mp4")
    assert posters.make(path, within=0.5) is None
    monkeypatch.setattr(posters, "_turns", turns := BoundedSemaphore(1))
    with turns:
        assert posters.make(CLIPS / "sea.mp4", within=0.1) is None


def test_without_pyav_there_is_neither(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert posters.proxy(CLIPS / "sea.mp4") is None
    assert drawn(tmp_path, wav(1.0)) is None
