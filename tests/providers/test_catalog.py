"""What the models can do, how large their frames are, what they cost in tokens."""

from __future__ import annotations

import pytest

from tasks.providers.catalog import (
    ADAPTIVE,
    MODEL_CHOOSES,
    MODELS,
    RATIOS,
    Input,
    find_model,
    frame_size,
    tokens,
)


@pytest.mark.parametrize(
    ("width", "height", "seconds", "measured"),
    [
        (1280, 720, 5, 108900),
        (736, 544, 5, 47311),
        (1112, 834, 5, 109586),
        (864, 496, 4, 40594),
        (1280, 720, 10, 216900),
        (1920, 1088, 5, 246840),
    ],
)
def test_the_formula_gives_what_was_measured(
    width: int, height: int, seconds: int, measured: int
) -> None:
    assert tokens(width, height, seconds) == measured


def test_input_video_adds_its_seconds_and_a_draft_costs_less() -> None:
    assert tokens(1280, 720, 5, input_seconds=5) == tokens(1280, 720, 10)
    full = tokens(864, 496, 5)
    assert tokens(864, 496, 5, draft=True) == pytest.approx(full * 0.6, abs=1)
    assert tokens(864, 496, 5, draft=True, audio=False) == pytest.approx(full * 0.7, abs=1)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("doubao-seedance-2.0-fast-V2V", "seedance-2-0-fast-260128"),
        ("doubao-seedance-2.0-V2V", "seedance-2-0-260128"),
        ("dreamina-seedance-2-0-260128", "seedance-2-0-260128"),
        ("doubao-seedance-2-0", "seedance-2-0-260128"),
        ("bytedance/seedance-2.0", "seedance-2-0-260128"),
        ("Doubao-Seedance-1.5-pro", "seedance-1-5-pro-251215"),
        ("doubao-seedance-1-0-lite-i2v-250428", "seedance-1-0-lite-i2v-250428"),
        ("seedance-1-0-pro-fast-251015", "seedance-1-0-pro-fast-251015"),
        ("doubao-seedance-2-0-270101", "seedance-2-0-260128"),
    ],
)
def test_a_model_is_known_by_any_vendors_name(name: str, model: str) -> None:
    found = find_model(name)
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize("name", ["", "ep-20260101-abcde", "kling-2", "seedance", "a" * 5000])
def test_a_stranger_is_no_model(name: str) -> None:
    assert find_model(name) is None


@pytest.mark.parametrize(
    ("model", "resolution", "ratio", "size"),
    [
        ("doubao-seedance-1-0-pro-250528", "480p", "4:3", (736, 544)),
        ("doubao-seedance-1-0-pro-250528", "1080p", "16:9", (1920, 1088)),
        ("doubao-seedance-1-5-pro-251215", "720p", "21:9", (1470, 630)),
        ("doubao-seedance-2.0", "720p", "4:3", (1112, 834)),
        ("doubao-seedance-2.0", "4K", "9:16", (2160, 3840)),
        ("seedance-2-5-260628", "480p", "16:9", (854, 480)),
        ("doubao-seedance-2.0-fast", "1080p", "16:9", None),
        ("doubao-seedance-2.0", "720p", ADAPTIVE, None),
        ("ep-1", "720p", "16:9", None),
    ],
)
def test_frames_are_as_large_as_documented(
    model: str, resolution: str, ratio: str, size: tuple[int, int] | None
) -> None:
    assert frame_size(model, resolution, ratio) == size


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_is_consistent(model) -> None:  # type: ignore[no-untyped-def]
    assert model.default_resolution in model.resolutions
    assert model.takes_duration(model.default_duration)
    assert not model.takes_duration(model.longest + 1)
    assert set(model.hevc_resolutions) <= set(model.resolutions)
    for resolution in model.resolutions:
        assert all(frame_size(model, resolution, ratio) for ratio in RATIOS)


def test_who_can_do_what() -> None:
    by_name = {model.name: model for model in MODELS}
    assert [name for name, model in by_name.items() if model.has_draft] == [
        "seedance-1-5-pro-251215",
        "seedance-2-5-260628",
    ]
    assert all(model.has_flex == ("-1-" in name[:11]) for name, model in by_name.items())
    assert Input.LAST_FRAME not in by_name["seedance-1-0-pro-fast-251015"].inputs
    assert by_name["seedance-2-5-260628"].default_duration == MODEL_CHOOSES
    assert not by_name["seedance-1-0-pro-250528"].takes_duration(MODEL_CHOOSES)
