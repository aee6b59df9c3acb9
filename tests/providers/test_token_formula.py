"""The tokens that the documented formula gives for a saved file, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.token_formula import (
    Doubt,
    Expected,
    Making,
    VideoFacts,
    expected_of,
)

HD = (1280, 720)
ONE = 108_900  # five seconds of it


def video(size: tuple[int, int] = HD, frames: int | None = 121, **fields: Any) -> VideoFacts:
    seconds = frames / 24 if frames else None
    usual = {"rate": 24.0 if frames else None, "seconds": seconds, "has_audio": True}
    width, height = size
    return VideoFacts(width=width, height=height, frames=frames, **usual | fields)


def expected(file: VideoFacts, model: str = "seedance-2-0-260128", **making: Any) -> Expected:
    known = find_model(model)
    assert known
    found = expected_of(known, file, Making(**{"draft": False} | making))
    assert isinstance(found, Expected)
    return found


def verdict(found: Expected, billed: int) -> str:
    if doubt := found.doubt_of(billed):
        return doubt
    difference = found.difference(billed)
    return "equal" if not difference else "more" if difference > 0 else "less"


@pytest.mark.parametrize(
    ("model", "size", "frames", "inputs", "billed"),
    [
        ("seedance-1-5-pro-251215", (1280, 720), 121, (), 108_900),
        ("seedance-1-0-pro-250528", (736, 544), 121, (), 47_311),
        ("seedance-2-0-260128", (1112, 834), 121, (), 109_586),
        ("seedance-2-0-260128", (864, 496), 97, (), 40_594),
        ("seedance-2-0-260128", (1280, 720), 241, (), 216_900),
        ("seedance-1-0-pro-250528", (1920, 1088), 121, (), 246_840),
        ("seedance-1-0-pro-250528", (1920, 1080), 121, (), 246_840),  # cut to what is shown
        ("seedance-2-5-260628", (1920, 1080), 121, (), 245_025),
        ("seedance-2-5-260628", (480, 854), 121, (), 480 * 854 * 121 // 1024),
        ("seedance-2-5-260628", (1280, 720), 721, (30.0,), 1_296_900),
        ("seedance-2-0-260128", (1280, 720), 121, (8.0,), 281_700),
        ("seedance-2-0-260128", (1280, 720), 193, (5.0,), 281_700),
    ],
)
def test_no_documented_recording_is_doubted(
    model: str, size: tuple[int, int], frames: int, inputs: tuple[float, ...], billed: int
) -> None:
    assert verdict(expected(video(size, frames), model, inputs=inputs), billed) == "equal"


@pytest.mark.parametrize("frames", [120, 121])
@pytest.mark.parametrize("billed", [108_000, ONE])
def test_the_frame_that_the_documentation_leaves_open_is_no_difference(
    frames: int, billed: int
) -> None:
    assert verdict(expected(video(frames=frames)), billed) == "equal"


@pytest.mark.parametrize(
    ("billed", "found"), [(ONE + 1, "more"), (ONE * 2, "more"), (107_999, "less"), (1, "less")]
)
def test_anything_beyond_what_is_open_is_a_difference(billed: int, found: str) -> None:
    assert verdict(expected(video()), billed) == found


def test_a_difference_is_counted_from_the_nearer_end() -> None:
    found = expected(video())
    assert (found.least, found.most) == (108_000, ONE)
    assert [found.difference(each) for each in (ONE + 7, ONE, 107_990)] == [7, 0, -10]


@pytest.mark.parametrize(("audio", "billed"), [(True, 65_340), (False, 76_230)])
def test_a_draft_of_1_5_pro_takes_its_documented_share(audio: bool, billed: int) -> None:
    found = expected(video(), "seedance-1-5-pro-251215", draft=True, audio=audio)
    assert verdict(found, billed) == "equal"
    assert verdict(found, ONE) == "more"
    silent = expected(video(has_audio=audio), "seedance-1-5-pro-251215", draft=True)
    assert verdict(silent, billed) == "equal"


def test_the_share_of_another_models_draft_is_unknown_but_never_above_the_whole() -> None:
    found = expected(video(), "seedance-2-5-260628", draft=True)
    assert verdict(found, 60_000) == Doubt.DRAFT
    assert verdict(found, ONE * 2) == "more"


def test_a_video_that_may_be_a_draft_may_have_taken_fewer_tokens() -> None:
    found = expected(video(), "seedance-1-5-pro-251215", draft=None)
    assert [verdict(found, each) for each in (ONE, 65_340, 1_000)] == ["equal", Doubt.DRAFT, "less"]


def test_begun_seconds_of_an_input_video_may_count_and_a_minimum_may_apply() -> None:
    found = expected(video(), inputs=(5.04,))
    assert verdict(found, ONE * 2) == verdict(found, 900 * (121 + 6 * 24)) == "equal"
    assert verdict(found, 900 * (121 + 8 * 24)) == Doubt.MINIMUM
    assert verdict(found, 900 * (121 + 16 * 24)) == "more"  # beyond the longest inputs allowed
    assert verdict(found, ONE) == "less"


def test_an_input_of_unknown_length_leaves_the_bill_open() -> None:
    found = expected(video(), inputs=(None,))
    assert verdict(found, ONE * 2) == Doubt.INPUT
    assert verdict(found, 10**7) == "more"


def test_of_a_task_created_elsewhere_only_more_is_open() -> None:
    found = expected(video(), inputs=None)
    assert [verdict(found, each) for each in (ONE, ONE * 2, 90_000)] == [
        "equal",
        Doubt.INPUT,
        "less",
    ]
    of_text_only = expected(video(), "seedance-1-0-pro-250528", inputs=None)
    assert verdict(of_text_only, ONE * 2) == "more"


def test_a_file_that_was_enlarged_afterwards_makes_no_difference() -> None:
    for making in ({"size": HD}, {"is_enhanced": True}):
        assert verdict(expected(video((2560, 1440)), **making), ONE) == Doubt.ENLARGED
    assert verdict(expected(video((2560, 1440))), ONE) == "less"


def test_a_smaller_file_than_was_billed_is_a_difference() -> None:
    assert verdict(expected(video((864, 496)), size=HD), ONE) == "more"


@pytest.mark.parametrize(
    ("fields", "billed"),
    [
        ({"frames": None, "seconds": 5.0}, ONE),  # saved before frames were noted
        ({"frames": None, "seconds": 5.09}, ONE),  # the sound ends later
        ({"frames": 302, "rate": 60.0, "seconds": 5.04}, ONE),  # encoded anew
        ({"frames": 121, "rate": 23.976, "seconds": 5.05}, ONE),
    ],
)
def test_a_file_of_another_rate_counts_by_its_seconds(fields: dict[str, Any], billed: int) -> None:
    assert verdict(expected(video(**fields)), billed) == "equal"


@pytest.mark.parametrize(
    "file",
    [
        VideoFacts(width=None, height=None, frames=121, rate=24, seconds=5, has_audio=True),
        VideoFacts(width=1280, height=720, frames=None, rate=None, seconds=None, has_audio=True),
    ],
)
def test_a_file_that_says_too_little_gives_no_number(file: VideoFacts) -> None:
    model = find_model("seedance-2-0-260128")
    assert model
    assert expected_of(model, file, Making()) == Doubt.UNMEASURED
