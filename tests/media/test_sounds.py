"""Reading of WAV and MP3, whole, broken and pretended."""

from __future__ import annotations

import random
import struct
from io import BytesIO

import pytest

from tasks.media.containers import NotASoundError, Sound, read_sound
from tests.media.files import raises_only, sample
from tests.media.sounds import HEAD, LENGTH, SAMPLES, mp3, piece, riff, wav


def read(data: bytes) -> Sound:
    return read_sound(BytesIO(data))


def refusal(data: bytes) -> str:
    with pytest.raises(NotASoundError) as caught:
        read(data)
    assert caught.value.reason.endswith(".")
    return caught.value.reason


def test_a_wav_lasts_as_long_as_its_samples() -> None:
    assert read(wav(5.0)) == Sound("wav", 5.0)
    assert read(wav(2.5, besides=piece(b"LIST", b"INFOISFT"))).duration == 2.5


def test_an_mp3_lasts_as_long_as_its_frames() -> None:
    song = read(mp3(200))
    assert (song.format, song.duration) == ("mp3", pytest.approx(200 * SAMPLES / 44_100))
    titled = mp3(200, titles=5_000) + b"TAG" + bytes(125)
    assert read(titled).duration == read(mp3(200)).duration
    assert read(mp3(200, announced=200)).duration == pytest.approx(201 * SAMPLES / 44_100)


def test_a_last_frame_that_is_cut_is_left_out_as_players_do() -> None:
    assert read(mp3(100)[:-50]).duration == pytest.approx(99 * SAMPLES / 44_100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"RIFF\0\0\0\0WAVE",
        b"<!doctype html><script>alert(1)</script>",
        b"PK\x03\x04" + bytes(100),
        bytes(100_000),
        b"OggS" + bytes(100),
        sample("start.mp4"),
        HEAD,
        HEAD * 3,
        mp3(1),
        wav(0),
    ],
    ids=("nothing tag head html zip zeros ogg mp4 one-head heads one-frame no-samples".split()),
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    assert refusal(data)


def test_what_breaks_off_is_refused() -> None:
    assert refusal(wav()[:-1_000]) == "It breaks off."
    assert refusal(mp3(100, announced=400)).startswith("It breaks off after 2.6 of 10.4")


def test_a_file_of_two_kinds_is_refused() -> None:
    """An archive behind a sound, or before its frames, would open as an archive elsewhere."""
    archive = b"PK\x03\x04" + bytes(range(256)) * 20
    assert refusal(mp3(100) + archive) == "It is not sound to its end."
    assert refusal(wav(besides=piece(b"junk", bytes(2_000_000)))) == "Most of it is no sound."
    assert refusal(mp3(100, titles=2_000_000)) == "Most of it is no sound."
    assert refusal(mp3(100) + b"TAG" + bytes(2_000_000)) == "Most of it is no sound."


def test_a_wav_of_something_else_is_refused() -> None:
    assert refusal(wav(form=0x55)) == "It is a WAV of an unusual kind."
    head = piece(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8_000, 0, 2, 16))
    assert refusal(riff(head, bytes(100))) == "There is no sound in it."


def test_a_bomb_of_pieces_ends_soon() -> None:
    many = b"RIFF\0\0\0\0WAVE" + piece(b"junk", b"") * 300_000
    assert refusal(many) == "It consists of too many pieces."
    lies = b"RIFF" + b"\xff" * 4 + b"WAVE" + b"data" + b"\xff" * 4
    assert refusal(lies) == "It breaks off."


def test_damage_raises_nothing_else() -> None:
    chance = random.Random(11)
    for whole in (wav(0.2), mp3(20, titles=200)):
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 20)):
                data[chance.randrange(min(len(data), LENGTH))] = chance.randrange(256)
            raises_only(bytes(data), read_sound, NotASoundError)
