"""Limits of given videos and sounds, and what their known lengths change: rules and tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tasks.providers.catalog.material_limits import (
    FEWEST_PIXELS,
    LARGEST_SOUND,
    LARGEST_VIDEO,
    longest_given,
    sound_violations,
    video_violations,
)
from tasks.providers.catalog.models import find_model, tokens
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.catalog.rules import Caution, Rule, cautions
from tasks.providers.catalog.tariff import Tokens, seconds_of, tokens_of
from tests.providers.generations import generation
from tests.providers.test_rules import violations_of

V20, V25 = "doubao-seedance-2-0-260128", "doubao-seedance-2-5-260628"
VIDEO, AUDIO = MediaRole.REFERENCE_VIDEO, MediaRole.REFERENCE_AUDIO
FINE: dict[str, Any] = {"size": LARGEST_VIDEO, "width": 1280, "height": 720, "seconds": 5.0}
FINE |= {"rate": 24.0, "longest": 15}


def given(*lengths: float | None, role: MediaRole = VIDEO, **more: Any) -> GenerationRequest:
    media = tuple(Medium(part=role, url=f"upload:{n}", seconds=s) for n, s in enumerate(lengths, 1))
    usual: dict[str, Any] = {"model": V20, "mode": Mode.REFERENCE, "ratio": "16:9", "duration": 5}
    return replace(generation(), media=media, **usual | more)


@pytest.mark.parametrize(
    ("changed", "limit"),
    [
        ({}, None),
        ({"size": LARGEST_VIDEO + 1}, "too_large"),
        ({"seconds": 1.99}, "too_brief"),
        ({"seconds": 15.04}, None),  # 15 s of Seedance: 361 frames
        ({"seconds": 15.6}, "too_lengthy"),
        ({"rate": 23.976}, None),
        ({"rate": 23.0}, "too_slow"),
        ({"rate": 59.94}, None),
        ({"rate": 120.0}, "too_fast"),
        ({"rate": 0.0}, None),
        ({"width": 640, "height": 640}, None),
        ({"width": 640, "height": 639}, "too_few_pixels"),
        ({"width": 2000, "height": 299}, "too_short"),
        ({"width": 6001, "height": 3000}, "too_long"),
    ],
)
def test_each_limit_of_a_video(changed: dict[str, Any], limit: str | None) -> None:
    found = [str(each.limit) for each in video_violations(**FINE | changed)]
    assert (limit in found) if limit else not found
    assert FEWEST_PIXELS == 409_600


def test_the_limits_of_a_sound() -> None:
    assert not list(sound_violations(size=LARGEST_SOUND, seconds=15.0, longest=15))
    broken = list(sound_violations(size=LARGEST_SOUND + 1, seconds=1.0, longest=15))
    assert [str(each.limit) for each in broken] == ["too_large", "too_brief"]


def test_a_file_may_be_as_long_as_the_longest_of_the_models_takes() -> None:
    models = [find_model(V20), find_model(V25)]
    assert longest_given([each for each in models if each]) == 30 == longest_given([])
    assert longest_given([models[0]] if models[0] else []) == 15


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (given(5.0, None), None),
        (given(5.04, 5.04, 5.04), None),
        (given(6.0, 6.0, 6.0), Rule.GIVEN_LENGTHS),
        (given(16.0), Rule.GIVEN_LENGTH),
        (given(1.0), Rule.GIVEN_LENGTH),
        (given(16.0, model=V25, duration=-1), None),
        (given(3.0, model=V25, mode=Mode.EDIT, ratio="adaptive", duration=-1), Rule.GIVEN_LENGTH),
        (given(3.0, mode=Mode.EDIT), None),
    ],
)
def test_lengths_are_judged_by_the_model_as_far_as_they_are_known(
    request_: GenerationRequest, rule: Rule | None
) -> None:
    assert [each.rule for each in violations_of(request_)] == ([rule] if rule else [])


def test_sounds_have_a_limit_of_their_own() -> None:
    picture = Medium(part=MediaRole.REFERENCE_IMAGE, url="upload:9")
    both = given(9.0, 9.0, role=AUDIO)
    both = replace(both, media=(picture, *both.media))
    assert [(e.field, e.rule) for e in violations_of(both)] == [(AUDIO, Rule.GIVEN_LENGTHS)]


def test_known_lengths_make_an_exact_estimate() -> None:
    assert tokens_of(given(30.0, model=V25, duration=30)) == Tokens(1_296_900, 1_296_900)
    assert tokens_of(given(8.0)) == Tokens(281_700, 281_700)
    partly = tokens_of(given(5.0, None))
    assert partly == Tokens(tokens(1280, 720, 12), tokens(1280, 720, 20))


def test_what_is_edited_by_2_5_stays_as_long_as_it_is() -> None:
    edited = given(8.04, model=V25, mode=Mode.EDIT, ratio="adaptive", duration=-1)
    assert seconds_of(edited) == (8, 9)
    model = find_model(V25)
    assert model
    assert Caution.GIVEN_VIDEO_LENGTH not in cautions(edited, model)
    unknown = replace(edited, media=(replace(edited.media[0], seconds=None),))
    assert seconds_of(unknown) == (4, 30)
    assert Caution.GIVEN_VIDEO_LENGTH in cautions(unknown, model)


def test_lengths_are_stored_and_never_sent() -> None:
    asked = given(5.0, None)
    stored = asked.to_json()
    assert [each.get("seconds") for each in stored["media"]] == [5.0, None]
    assert GenerationRequest.from_json(stored) == asked
    sent = asked.with_urls({"upload:1": "https://a.example/1"})
    assert [each.url for each in sent.media] == ["https://a.example/1", "upload:2"]
