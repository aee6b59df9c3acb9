"""Clips as long as they were ordered, whose bill is the documented formula's for their files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tasks.media.containers import read
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.token_formula import Expected, Making, VideoFacts, expected_of
from tasks.simulator import media
from tasks.simulator.loops import of_length
from tasks.simulator.native import usage
from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY

CLIPS = sorted(media.CLIPS.glob("*.mp4"))


@pytest.mark.parametrize("frames", [29, 97, 120, 289, 721])
@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_a_clip_has_any_number_of_pictures_and_is_whole(path: Path, frames: int) -> None:
    film = of_length(path.read_bytes(), frames)
    found = read(io.BytesIO(film))
    assert (found.frames, round(found.rate, 2)) == (frames, 24)
    assert found.duration == pytest.approx(frames / 24, abs=0.001)
    assert len(film) <= 250_000


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"duration": 12, "ratio": "9:16"},
        {"duration": 4, "resolution": "480p", "ratio": "21:9"},
        {"model": "doubao-seedance-1-0-pro-250528", "frames": 57},
        {"model": "doubao-seedance-1-0-pro-250528", "resolution": "1080p", "duration": 2},
        {"model": "doubao-seedance-1-5-pro-251215", "draft": True, "resolution": "480p"},
        {"model": "doubao-seedance-2-5-260628", "duration": 30, "resolution": "4k"},
    ],
)
def test_what_is_billed_is_the_formulas_for_the_file(sim: Simulator, fields: Any) -> None:
    sim.create(key=KEY, **fields)
    record = sim.tasks[0]
    found, model = read(io.BytesIO(media.video(record))), find_model(record.order.model)
    assert model
    video = VideoFacts(
        width=found.width,
        height=found.height,
        frames=found.frames,
        rate=found.rate,
        seconds=found.duration,
        has_audio=True,
    )
    making = Making(draft=bool(record.order.draft), audio=record.order.generate_audio)
    expected = expected_of(model, video, making)
    assert isinstance(expected, Expected)
    billed = usage(record.order)["total_tokens"]
    assert (expected.doubt_of(billed), expected.difference(billed)) == (None, 0)
