"""The rules refuse exactly the requests that Ark would refuse."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from tasks.providers import provider
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Mode, modes_of
from tasks.providers.catalog.rules import Rule, RuleViolation, allowed_roles, violations
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.dialects.newapi_requests import native_body
from tasks.simulator.orders import read_order
from tests.providers.generations import any_generation, generation

ARK, GATEWAY, FLAT = provider("volcengine"), provider("dataeyes"), provider("yescale")
_1_0, _LITE = "doubao-seedance-1-0-pro-250528", "doubao-seedance-1-0-lite-i2v-250428"
_1_5, _2_5 = "doubao-seedance-1-5-pro-251215", "doubao-seedance-2-5-260628"


def violations_of(asked: GenerationRequest, service: Any = ARK) -> tuple[RuleViolation, ...]:
    model = find_model(asked.model)
    assert model is not None
    return violations(asked, model, service.dialect)


def refusal(asked: GenerationRequest, service: Any = ARK) -> RefusalError | None:
    """Return the simulated provider's refusal of a request, or None if it is accepted."""
    model = find_model(asked.model)
    assert model is not None
    body: Any = dict(service.dialect.create_request(asked, model).body)
    if service is GATEWAY:
        body = native_body(body)
    try:
        read_order(body, vendor="", dice=Random(1))
    except RefusalError as refused:
        return refused
    return None


@pytest.mark.exhaustive
@given(any_generation)
@settings(max_examples=500, deadline=None)
def test_a_request_without_violations_is_accepted_by_ark(asked: GenerationRequest) -> None:
    if not violations_of(asked):
        assert refusal(asked) is None


@pytest.mark.exhaustive
@given(any_generation)
@settings(max_examples=500, deadline=None)
def test_a_request_that_ark_refuses_has_a_violation(asked: GenerationRequest) -> None:
    if refusal(asked):
        assert violations_of(asked)


@pytest.mark.exhaustive
@pytest.mark.parametrize("service", [GATEWAY, FLAT], ids=["gateway", "flat"])
@given(any_generation)
@settings(max_examples=300, deadline=None)
def test_a_request_without_violations_is_accepted_through_a_gateway(
    service: Any, asked: GenerationRequest
) -> None:
    if not violations_of(asked, service):
        assert refusal(asked, service) is None


@pytest.mark.parametrize(
    ("asked", "field", "rule"),
    [
        (generation(prompt=" "), "prompt", Rule.NEEDS_PROMPT),
        (generation(_1_0, mode=Mode.REFERENCE), "mode", Rule.NOT_THIS_MODE),
        (generation(mode=Mode.FIRST_FRAME), "first_frame", Rule.NEEDS_MEDIUM),
        (generation(parts=["first_frame"]), "first_frame", Rule.NOT_IN_THIS_MODE),
        (
            generation(mode=Mode.FIRST_FRAME, parts=["first_frame"] * 2),
            "first_frame",
            Rule.TOO_MANY,
        ),
        (generation(mode=Mode.REFERENCE), "reference_image", Rule.NEEDS_MEDIUM),
        (
            generation(mode=Mode.REFERENCE, parts=["reference_audio"]),
            "reference_audio",
            Rule.NOT_ALONE,
        ),
        (generation(_1_5, mode=Mode.FINAL), "draft_task_id", Rule.NEEDS_DRAFT),
        (generation(resolution="8k"), "resolution", Rule.ONE_OF),
        (generation(ratio="5:4"), "ratio", Rule.ONE_OF),
        (generation(duration=3), "duration", Rule.BETWEEN),
        (generation(frames=57), "frames", Rule.NOT_OF_MODEL),
        (generation(_1_0, frames=58), "frames", Rule.FRAMES_STEP),
        (generation(seed=11), "seed", Rule.NOT_OF_MODEL),
        (generation(_1_0, seed=2**32), "seed", Rule.BETWEEN),
        (generation(_1_0, generate_audio=True), "generate_audio", Rule.NOT_OF_MODEL),
        (generation(camera_fixed=True), "camera_fixed", Rule.NOT_OF_MODEL),
        (generation(service_tier="flex"), "service_tier", Rule.ONE_OF),
        (generation(_1_0, priority=1), "priority", Rule.NOT_OF_MODEL),
        (generation(execution_expires_after=60), "execution_expires_after", Rule.BETWEEN),
        (generation(_1_0, web_search=True), "web_search", Rule.NOT_OF_MODEL),
        (generation(draft=True), "draft", Rule.NOT_OF_MODEL),
        (generation(output_format="mov"), "output_format", Rule.ONE_OF),
        (generation(safety_identifier="a" * 65), "safety_identifier", Rule.BETWEEN),
        (generation(_1_5, draft=True, resolution="720p"), "resolution", Rule.DRAFT_480P),
        (generation(_1_5, draft=True, service_tier="flex"), "service_tier", Rule.NOT_OF_A_DRAFT),
        (
            generation(_2_5, mode=Mode.FIRST_FRAME, parts=["first_frame"], ratio="16:9"),
            "ratio",
            Rule.ADAPTIVE_ONLY,
        ),
        (
            generation(_2_5, mode=Mode.EDIT, parts=["reference_video"], duration=5),
            "duration",
            Rule.MODEL_CHOOSES_ONLY,
        ),
        (
            generation(_LITE, mode=Mode.REFERENCE, parts=["reference_image"], resolution="1080p"),
            "resolution",
            Rule.NO_1080P_REFERENCES,
        ),
        (
            generation(mode=Mode.FIRST_FRAME, parts=["first_frame"], web_search=True),
            "web_search",
            Rule.ONLY_FROM_TEXT,
        ),
    ],
)
def test_a_violation_names_the_field_and_the_rule(
    asked: GenerationRequest, field: str, rule: Rule
) -> None:
    assert [(each.field, each.rule) for each in violations_of(asked)] == [(field, rule)]


@pytest.mark.parametrize(
    ("service", "asked", "field"),
    [
        (GATEWAY, generation(_2_5, output_format="mov"), "output_format"),
        (FLAT, generation(seed=-1), "seed"),
        (FLAT, generation(mode=Mode.REFERENCE, parts=["reference_image"]), "reference_image"),
    ],
)
def test_a_field_that_a_provider_would_drop_is_a_violation(
    service: Any, asked: GenerationRequest, field: str
) -> None:
    assert (field, Rule.NOT_FORWARDED) in {
        (each.field, each.rule) for each in violations_of(asked, service)
    }


def test_a_gateway_needs_a_prompt_with_every_picture() -> None:
    pictured = generation(mode=Mode.FIRST_FRAME, parts=["first_frame"], prompt="")
    assert not violations_of(pictured)
    assert [each.rule for each in violations_of(pictured, GATEWAY)] == [Rule.NEEDS_PROMPT]


def test_a_model_offers_its_modes_and_media_roles() -> None:
    pro, omni = find_model(_1_0), find_model(_2_5)
    assert pro and omni
    assert modes_of(pro) == (Mode.TEXT, Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME)
    assert modes_of(omni) == tuple(Mode)
    assert allowed_roles(Mode.REFERENCE, omni) == {
        MediaRole.REFERENCE_IMAGE: 30,
        MediaRole.REFERENCE_VIDEO: 10,
        MediaRole.REFERENCE_AUDIO: 10,
    }
