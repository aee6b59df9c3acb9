"""The catalog's models: their abilities, their frame sizes and their tokens."""

from __future__ import annotations

from datetime import date

import pytest

from tasks.providers.catalog.models import (
    ADAPTIVE,
    MODEL_CHOOSES,
    MODELS,
    RATIOS,
    Input,
    Model,
    find_model,
    frame_size,
    tokens,
    unchecked_model,
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
        ("dreamina-seedance-2-5-flash-261115", "seedance-2-5-flash-261115"),
        ("dreamina-seedance-2-5-premium-260915", "seedance-2-5-premium-260915"),
        ("doubao-seedance-2.0-filter-off", "seedance-2-0-260128"),
        ("doubao-seedance-2.0-fast-face", "seedance-2-0-fast-260128"),
        ("seedance-2.0-NSFW", "seedance-2-0-260128"),
        ("doubao-seedance-2.0-V2V-face", "seedance-2-0-260128"),
        ("seedance", "seedance-2-0-260128"),
        ("seedance-fast", "seedance-2-0-fast-260128"),
        ("seedance-2", "seedance-2-0-260128"),
        ("seedance-2-fast", "seedance-2-0-fast-260128"),
        ("bytedance/seedance-v1.5-pro", "seedance-1-5-pro-251215"),
        ("bytedance/seedance-1-pro", "seedance-1-0-pro-250528"),
        ("bytedance:seedance@2.5", "seedance-2-5-260628"),
        ("bytedance/seedance-2.0/text-to-video", "seedance-2-0-260128"),
        ("bytedance/seedance-2.0/fast/image-to-video", "seedance-2-0-fast-260128"),
        ("bytedance/seedance-v1-pro-t2v-480p", "seedance-1-0-pro-250528"),
        ("fal-ai/bytedance/seedance/v1/pro/text-to-video", "seedance-1-0-pro-250528"),
    ],
)
def test_a_model_is_known_by_any_vendors_name(name: str, model: str) -> None:
    found = find_model(name)
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize(
    "name", ["", "ep-20260101-abcde", "kling-2", "seedance-9-9", "seed", "a" * 5000]
)
def test_an_unknown_name_is_no_model(name: str) -> None:
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
        ("seedance-2-5-260628", "480p", "9:16", (480, 854)),
        ("seedance-2-5-flash-261115", "480p", "9:16", (480, 854)),
        ("seedance-2-5-260628", "4k", "16:9", (3840, 2160)),
        ("seedance-2-5-flash-261115", "1080p", "16:9", None),
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


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_size_on_its_side_is_the_size_of_the_ratio_on_its_side(model: Model) -> None:
    for upright, wide in (("9:16", "16:9"), ("3:4", "4:3")):
        for resolution in model.resolutions:
            width, height = frame_size(model, resolution, wide) or (0, 0)
            assert frame_size(model, resolution, upright) == (height, width), resolution


def test_a_model_ends_on_a_day_at_one_vendor() -> None:
    pro = find_model("seedance-1-5-pro-251215")
    assert pro and pro.retirement("byteplus", date(2026, 11, 10)) is None
    ended = pro.retirement("byteplus", date(2026, 11, 11))
    assert ended and ended.replaced_by == "seedance-2-0-mini-260615"
    assert pro.retirement("volcengine", date(2030, 1, 1)) is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_models_end_names_a_replacement_that_is_known(model: Model) -> None:
    for ended in model.retirements.values():
        assert not ended.replaced_by or find_model(ended.replaced_by) in MODELS


@pytest.mark.parametrize(
    ("name", "relative"),
    [
        ("dreamina-seedance-3-0-270301", "seedance-2-5-260628"),
        ("dreamina-seedance-2-5-270301", "seedance-2-5-260628"),
        ("doubao-seedance-3-0-flash-270301", "seedance-2-5-flash-261115"),
        ("doubao-seedance-2-0-turbo-270301", "seedance-2-0-260128"),
        ("doubao-seedance-2-1-mini-270301", "seedance-2-0-mini-260615"),
        ("bytedance/seedance-3", "seedance-2-5-260628"),
    ],
)
def test_a_new_model_has_the_settings_of_its_nearest_relative(name: str, relative: str) -> None:
    found, known = unchecked_model(name), find_model(relative)
    assert found and known and not found.is_checked
    assert (found.resolutions, found.longest) == (known.resolutions, known.longest)
    assert found.inputs == known.inputs
    assert found.name != known.name


@pytest.mark.parametrize(
    "name", ["seedance-2-0-260128", "doubao-seedance-2.0-V2V", "seedance", "kling-3", "ep-1", ""]
)
def test_a_known_model_and_another_familys_are_not_new(name: str) -> None:
    assert unchecked_model(name) is None


def test_each_ability_belongs_to_the_documented_models() -> None:
    by_name = {model.name: model for model in MODELS}
    assert [name for name, model in by_name.items() if model.has_draft] == [
        "seedance-1-5-pro-251215",
        "seedance-2-5-premium-260915",
        "seedance-2-5-260628",
    ]
    assert all(model.has_flex == ("-1-" in name[:11]) for name, model in by_name.items())
    assert Input.LAST_FRAME not in by_name["seedance-1-0-pro-fast-251015"].inputs
    assert by_name["seedance-2-5-260628"].default_duration == MODEL_CHOOSES
    assert not by_name["seedance-1-0-pro-250528"].takes_duration(MODEL_CHOOSES)
