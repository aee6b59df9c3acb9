"""Tokens that a request may take, and the facts that its price depends on, field by field."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tasks.providers.catalog.list_prices import PRICE_LISTS, documented_prices
from tasks.providers.catalog.models import MODELS, tokens
from tasks.providers.catalog.request import Inherited
from tasks.providers.catalog.tariff import Tariff, Tokens, had_video, tariff_of, tokens_of
from tests.providers.generations import generation

LITE, PRO = "doubao-seedance-1-0-lite-t2v-250428", "doubao-seedance-1-0-pro-250528"
V15, V20 = "doubao-seedance-1-5-pro-251215", "doubao-seedance-2-0-260128"
V25 = "doubao-seedance-2-5-260628"


def known(model: str, **fields: Any) -> Tokens:
    usual = {"resolution": "720p", "ratio": "16:9", "duration": 5}
    found = tokens_of(generation(model, **usual | fields))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "fields", "measured"),
    [
        (V15, {}, 108_900),
        (V15, {"ratio": "4:3"}, 109_586),
        (V20, {"resolution": "480p", "duration": 4}, 40_594),
        (V20, {"duration": 10}, 216_900),
        (PRO, {"resolution": "1080p"}, 246_840),
        (PRO, {"resolution": "480p", "ratio": "4:3"}, 47_311),
    ],
)
def test_a_request_without_unknowns_is_estimated_to_the_token(
    model: str, fields: dict[str, Any], measured: int
) -> None:
    assert known(model, **fields) == Tokens(measured, measured)
    assert known(model, **fields).is_exact


def test_a_size_that_follows_the_input_lies_between_the_smallest_and_the_largest() -> None:
    assert known(V20, ratio="adaptive") == Tokens(108_900, 109_586)
    assert known(V20, ratio=None) == known(V20, ratio="adaptive")


def test_a_length_that_the_model_chooses_lies_within_what_it_can() -> None:
    assert known(V20, duration=-1) == Tokens(tokens(1280, 720, 4), tokens(1280, 720, 15))
    assert known(V25, duration=None) == Tokens(tokens(1280, 720, 4), tokens(1280, 720, 30))


def test_an_unknown_resolution_lies_between_the_smallest_and_the_largest_of_the_model() -> None:
    assert known(V20, resolution="2k") == Tokens(tokens(864, 496, 5), tokens(3840, 2160, 5))
    every = known(V15, resolution="2k", ratio=None)
    assert every == Tokens(tokens(640, 640, 5), tokens(2206, 946, 5))


def test_a_final_video_has_the_geometry_of_its_draft_at_1080p() -> None:
    draft = Inherited(ratio="16:9", duration=5, generate_audio=True)
    asked = {"mode": "final", "draft_task_id": "cgt-1", "ratio": None, "duration": None}
    final = known(V25, resolution=None, inherited=draft, **asked)
    assert final == Tokens(245_025, 245_025)
    tariff = tariff_of(generation(V25, inherited=replace(draft, videos=1), **asked))
    assert tariff and (tariff.tier, tariff.with_video, tariff.with_audio) == ("1080p", True, True)
    # Of a draft made elsewhere neither ratio nor length is known, but never less than 1080p.
    assert known(V25, resolution=None, **asked) == Tokens(
        tokens(1920, 1080, 4), tokens(2206, 946, 30)
    )


@pytest.mark.parametrize(
    ("given_seconds", "seconds", "measured"), [(30, 30, 1_296_900), (8, 5, 281_700)]
)
def test_the_formula_holds_with_an_input_video_as_recorded(
    given_seconds: int, seconds: int, measured: int
) -> None:
    assert tokens(1280, 720, seconds, input_seconds=given_seconds) == measured


def test_what_was_recorded_lies_within_the_estimate() -> None:
    edited = known(V25, mode="edit", parts=["reference_video"], duration=-1)
    assert edited.least <= 281_700 <= 1_296_900 <= edited.most


def test_the_flex_tier_has_a_price_of_its_own_only_for_the_model_with_a_published_one() -> None:
    cheaper = {
        p.model for found in PRICE_LISTS.values() for p in found.prices if p.flex_percent != 100
    }
    assert cheaper == {"seedance-1-5-pro-251215"}


def test_the_published_prices_of_byteplus_are_complete() -> None:
    prices = {(p.model, p.tier, p.with_video): p.amount for p in PRICE_LISTS["byteplus"].prices}
    assert prices["seedance-2-5-260628", "720p", True] == Decimal("6.4")
    assert prices["seedance-2-5-260628", "1080p", True] == Decimal("7.0")
    assert prices["seedance-1-0-pro-fast-251015", "", None] == Decimal("1.0")


def test_an_input_video_counts_from_two_seconds_to_the_limit_of_all() -> None:
    one = known(V20, mode="reference", parts=["reference_video"])
    assert one == Tokens(tokens(1280, 720, 7), tokens(1280, 720, 20))
    three = known(V20, mode="reference", parts=["reference_video"] * 3)
    assert three == Tokens(tokens(1280, 720, 11), tokens(1280, 720, 20))
    assert known(V25, mode="edit", parts=["reference_video"], duration=-1) == Tokens(
        tokens(1280, 720, 8), tokens(1280, 720, 60)
    )
    assert known(V20, mode="reference", parts=["reference_image"]).is_exact


def test_a_draft_takes_its_documented_share() -> None:
    draft = known(V15, draft=True, resolution="480p")
    assert draft.least == draft.most == tokens(864, 496, 5, draft=True)
    silent = known(V15, draft=True, resolution=None, generate_audio=False)
    assert silent.most == tokens(864, 496, 5, draft=True, audio=False)
    unsure = known(V25, draft=True, resolution=None)
    assert unsure == Tokens(tokens(854, 480, 5, draft=True), tokens(854, 480, 5))


def test_frames_beat_the_duration() -> None:
    assert known(PRO, frames=121, duration=12).most == tokens(1248, 704, 0, frames=121)


def test_a_model_that_nobody_knows_has_no_estimate() -> None:
    assert tokens_of(generation("kling-2")) is None
    assert tariff_of(generation("kling-2")) is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_has_an_estimate_of_a_request_with_its_defaults(model: Any) -> None:
    found = tokens_of(generation(f"doubao-{model.name}"))
    assert found and 0 < found.least <= found.most


def test_a_price_depends_on_what_is_documented_to_change_it() -> None:
    plain = tariff_of(generation("doubao-seedance-2.0-V2V", resolution="480p"))
    assert plain == Tariff(
        model="seedance-2-0-260128", tier="720p", with_video=False, with_audio=True
    )
    full = tariff_of(generation(V15, resolution="1080p", generate_audio=False, service_tier="flex"))
    assert full and (full.tier, full.with_audio, full.is_flex) == ("1080p", False, True)
    given = tariff_of(generation(V20, mode="reference", parts=["reference_video"]))
    assert given and given.with_video


def test_the_tokens_tell_whether_a_video_was_given() -> None:
    name, counted = "seedance-2-0-260128", tokens(1280, 720, 5)
    assert had_video(name, "720p", "16:9", 5, counted) is False
    assert had_video(name, "720p", "16:9", 5, tokens(1280, 720, 5, input_seconds=2)) is True
    assert had_video(name, "720p", "16:9", 5, counted + 7) is None
    assert had_video(name, "720p", "adaptive", 5, counted) is None
    assert had_video("seedance-1-0-pro-250528", "720p", "16:9", 5, 1) is False
    assert had_video("", "720p", "16:9", 5, counted) is None


def test_documented_prices_are_of_known_models_and_never_overlap() -> None:
    names = {model.name for model in MODELS}
    for slug, found in PRICE_LISTS.items():
        seen = [(p.model, p.tier, p.with_video, p.with_audio) for p in found.prices]
        assert len(set(seen)) == len(seen), slug
        assert {price.model for price in found.prices} <= names
        assert found.source.startswith("https://") and found.read_on.year == 2026
    assert documented_prices("dataeyes") is None
