"""Reading the list of an account's models, of Ark and of gateways."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import PROVIDERS, ProviderError, Trouble
from tasks.providers.dialects.model_list import ListedModel, read_models
from tests.providers.samples import answer, sample_answer


def test_arks_list_gives_the_video_models_with_status_and_kinds_of_task() -> None:
    listed = {each.name: each for each in read_models(sample_answer("native/models"))}
    assert list(listed) == [
        "dreamina-seedance-2-5-260628",
        "dreamina-seedance-2-5-flash-261115",
        "dreamina-seedance-3-0-270115",
        "seedance-1-5-pro-251215",
    ]
    assert listed["dreamina-seedance-3-0-270115"] == ListedModel(
        name="dreamina-seedance-3-0-270115", status="Active", task_types=("TextToVideo",)
    )
    assert [each.has_ended for each in listed.values()] == [False, False, False, True]


def test_a_gateways_list_gives_the_video_models() -> None:
    assert [each.name for each in read_models(sample_answer("newapi/models"))] == [
        "doubao-seedance-2.0",
        "doubao-seedance-2.0-face",
        "doubao-seedance-3.0",
    ]


def test_a_sellers_list_of_video_models_gives_seedance_alone() -> None:
    assert [each.name for each in read_models(sample_answer("openrouter/models"))] == [
        "bytedance/seedance-2.0",
        "bytedance/seedance-3.0",
    ]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": []}, []),
        ({"models": ["seedance-2.0", "seedance-2.0", "gpt-4o"]}, ["seedance-2.0"]),
        ({"items": [{"name": "seedance-2.0"}, {}, None, 7, []]}, ["seedance-2.0"]),
        ({"data": [{"id": "seedance-2.0", "task_type": "TextToImage"}]}, []),
        ({"data": [{"id": "seedance-2.0 <b>"}, {"id": "seedance-2-0-" + "a" * 300}]}, []),
    ],
)
def test_odd_lists_are_read_as_far_as_they_can_be(body: Any, names: list[str]) -> None:
    assert [each.name for each in read_models(answer(body))] == names


@pytest.mark.parametrize(
    ("body", "status", "trouble"),
    [
        ({"data": {"id": "seedance-2.0"}}, 200, Trouble.MALFORMED),
        ({}, 200, Trouble.MALFORMED),
        (b"<!doctype html>", 200, Trouble.BAD_ADDRESS),
        ({"error": {"message": "Invalid token"}}, 401, Trouble.UNAUTHORIZED),
        ({"error": {"message": "Invalid URL (GET /v1/models)"}}, 404, Trouble.BAD_ADDRESS),
    ],
)
def test_what_is_no_list_has_its_trouble(body: Any, status: int, trouble: Trouble) -> None:
    with pytest.raises(ProviderError) as caught:
        read_models(answer(body, status))
    assert caught.value.trouble == trouble


def test_ark_and_the_gateways_are_said_to_have_a_list_of_models() -> None:
    paths = {known.slug: known.models_path for known in PROVIDERS}
    assert paths["volcengine"] == paths["byteplus"] == paths["native"] == "/models"
    assert paths["newapi"] == paths["dataeyes"] == paths["tokenhot"] == "/v1/models"
    assert paths["powertokens"] == paths["yescale"] == ""
