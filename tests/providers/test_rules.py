"""What is refused here is what Ark would refuse, and the other way round."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from tasks.providers import provider
from tasks.providers.catalog import find_model
from tasks.providers.rules import Objection, Why, objections, parts_of
from tasks.providers.wish import Mode, Part, Wish, modes_of
from tasks.simulator.errors import Refusal
from tasks.simulator.newapi_body import native_body
from tasks.simulator.orders import read_order
from tests.providers.wishes import any_wish, wish

ARK, GATEWAY, FLAT = provider("volcengine"), provider("dataeyes"), provider("yescale")
_1_0, _LITE = "doubao-seedance-1-0-pro-250528", "doubao-seedance-1-0-lite-i2v-250428"
_1_5, _2_5 = "doubao-seedance-1-5-pro-251215", "doubao-seedance-2-5-260628"


def against(asked: Wish, service: Any = ARK) -> tuple[Objection, ...]:
    model = find_model(asked.model)
    assert model is not None
    return objections(asked, model, service.dialect)


def refusal(asked: Wish, service: Any = ARK) -> Refusal | None:
    """What the simulated provider would say to our request."""
    model = find_model(asked.model)
    assert model is not None
    body: Any = dict(service.dialect.create_request(asked, model).body)
    if service is GATEWAY:
        body = native_body(body)
    try:
        read_order(body, vendor="", dice=Random(1))
    except Refusal as refused:
        return refused
    return None


@given(any_wish)
@settings(max_examples=500, deadline=None)
def test_what_nothing_stands_against_is_accepted_by_ark(asked: Wish) -> None:
    if not against(asked):
        assert refusal(asked) is None


@given(any_wish)
@settings(max_examples=500, deadline=None)
def test_what_ark_refuses_was_objected_to_before(asked: Wish) -> None:
    if refusal(asked):
        assert against(asked)


@pytest.mark.parametrize("service", [GATEWAY, FLAT], ids=["gateway", "flat"])
@given(any_wish)
@settings(max_examples=300, deadline=None)
def test_what_nothing_stands_against_is_accepted_through_a_gateway(
    service: Any, asked: Wish
) -> None:
    if not against(asked, service):
        assert refusal(asked, service) is None


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        (wish(prompt=" "), "prompt", Why.NEEDS_PROMPT),
        (wish(_1_0, mode=Mode.REFERENCE), "mode", Why.NOT_THIS_MODE),
        (wish(mode=Mode.FIRST_FRAME), "first_frame", Why.NEEDS_MEDIUM),
        (wish(parts=["first_frame"]), "first_frame", Why.NOT_IN_THIS_MODE),
        (
            wish(mode=Mode.FIRST_FRAME, parts=["first_frame"] * 2),
            "first_frame",
            Why.TOO_MANY,
        ),
        (wish(mode=Mode.REFERENCE), "reference_image", Why.NEEDS_MEDIUM),
        (
            wish(mode=Mode.REFERENCE, parts=["reference_audio"]),
            "reference_audio",
            Why.NOT_ALONE,
        ),
        (wish(_1_5, mode=Mode.FINAL), "draft_task_id", Why.NEEDS_DRAFT),
        (wish(resolution="8k"), "resolution", Why.ONE_OF),
        (wish(ratio="5:4"), "ratio", Why.ONE_OF),
        (wish(duration=3), "duration", Why.BETWEEN),
        (wish(frames=57), "frames", Why.NOT_OF_MODEL),
        (wish(_1_0, frames=58), "frames", Why.FRAMES_STEP),
        (wish(seed=11), "seed", Why.NOT_OF_MODEL),
        (wish(_1_0, seed=2**32), "seed", Why.BETWEEN),
        (wish(_1_0, generate_audio=True), "generate_audio", Why.NOT_OF_MODEL),
        (wish(camera_fixed=True), "camera_fixed", Why.NOT_OF_MODEL),
        (wish(service_tier="flex"), "service_tier", Why.ONE_OF),
        (wish(_1_0, priority=1), "priority", Why.NOT_OF_MODEL),
        (wish(execution_expires_after=60), "execution_expires_after", Why.BETWEEN),
        (wish(_1_0, web_search=True), "web_search", Why.NOT_OF_MODEL),
        (wish(draft=True), "draft", Why.NOT_OF_MODEL),
        (wish(output_format="mov"), "output_format", Why.ONE_OF),
        (wish(safety_identifier="a" * 65), "safety_identifier", Why.BETWEEN),
        (wish(_1_5, draft=True, resolution="720p"), "resolution", Why.DRAFT_480P),
        (wish(_1_5, draft=True, service_tier="flex"), "service_tier", Why.NOT_OF_A_DRAFT),
        (
            wish(_2_5, mode=Mode.FIRST_FRAME, parts=["first_frame"], ratio="16:9"),
            "ratio",
            Why.ADAPTIVE_ONLY,
        ),
        (
            wish(_2_5, mode=Mode.EDIT, parts=["reference_video"], duration=5),
            "duration",
            Why.MODEL_CHOOSES_ONLY,
        ),
        (
            wish(_LITE, mode=Mode.REFERENCE, parts=["reference_image"], resolution="1080p"),
            "resolution",
            Why.NO_1080P_REFERENCES,
        ),
        (
            wish(mode=Mode.FIRST_FRAME, parts=["first_frame"], web_search=True),
            "web_search",
            Why.ONLY_FROM_TEXT,
        ),
    ],
)
def test_an_objection_names_the_field_and_the_reason(asked: Wish, field: str, why: Why) -> None:
    assert [(each.field, each.why) for each in against(asked)] == [(field, why)]


@pytest.mark.parametrize(
    ("service", "asked", "field"),
    [
        (GATEWAY, wish(_2_5, output_format="mov"), "output_format"),
        (FLAT, wish(seed=-1), "seed"),
        (FLAT, wish(mode=Mode.REFERENCE, parts=["reference_image"]), "reference_image"),
    ],
)
def test_what_a_provider_would_drop_is_not_sent_in_silence(
    service: Any, asked: Wish, field: str
) -> None:
    assert (field, Why.NOT_HANDED_ON) in {
        (each.field, each.why) for each in against(asked, service)
    }


def test_a_gateway_wants_words_with_every_picture() -> None:
    pictured = wish(mode=Mode.FIRST_FRAME, parts=["first_frame"], prompt="")
    assert not against(pictured)
    assert [each.why for each in against(pictured, GATEWAY)] == [Why.NEEDS_PROMPT]


def test_a_model_offers_the_modes_and_parts_it_has() -> None:
    pro, omni = find_model(_1_0), find_model(_2_5)
    assert pro and omni
    assert modes_of(pro) == (Mode.TEXT, Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME)
    assert modes_of(omni) == tuple(Mode)
    assert parts_of(Mode.REFERENCE, omni) == {
        Part.REFERENCE_IMAGE: 30,
        Part.REFERENCE_VIDEO: 10,
        Part.REFERENCE_AUDIO: 10,
    }
