"""The create request, field by field, and whether a failed one may have created a task."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.providers import Answer, ProviderError, Trouble, provider
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import GenerationRequest, Mode
from tasks.providers.catalog.rules import violations
from tasks.providers.dialects.creating import read_created, surely_not_created
from tests.providers.generations import PICTURE, generation


def sent(asked: GenerationRequest, slug: str = "volcengine") -> tuple[str, Any]:
    model = find_model(asked.model)
    assert model is not None
    request = provider(slug).dialect.create_request(asked, model)
    return request.path, json.loads(json.dumps(request.body))


def test_ark_gets_every_field_by_its_own_name() -> None:
    everything = generation(
        "doubao-seedance-2-5-260628",
        mode=Mode.EDIT,
        parts=["reference_video", "reference_image"],
        resolution="720p",
        ratio="adaptive",
        duration=-1,
        generate_audio=True,
        watermark=False,
        return_last_frame=True,
        service_tier="default",
        priority=3,
        execution_expires_after=7200,
        output_format="mov",
        safety_identifier="team-1",
        callback_url="https://dailies.example.com/heard/abc",
        web_search=True,
    )
    assert sent(everything) == (
        "/contents/generations/tasks",
        {
            "model": "doubao-seedance-2-5-260628",
            "content": [
                {"type": "text", "text": "A paper boat on a canal, dusk"},
                {
                    "type": "video_url",
                    "video_url": {"url": "https://images.example.com/take.mp4"},
                    "role": "reference_video",
                },
                {"type": "image_url", "image_url": {"url": PICTURE}, "role": "reference_image"},
            ],
            "resolution": "720p",
            "ratio": "adaptive",
            "duration": -1,
            "generate_audio": True,
            "watermark": False,
            "return_last_frame": True,
            "service_tier": "default",
            "priority": 3,
            "execution_expires_after": 7200,
            "output_format": "mov",
            "safety_identifier": "team-1",
            "callback_url": "https://dailies.example.com/heard/abc",
            "tools": [{"type": "web_search"}],
            "omni_reference_task_type": "edit",
        },
    )


def test_the_final_of_a_draft_names_the_draft() -> None:
    final = generation(
        "doubao-seedance-1-5-pro-251215",
        mode=Mode.FINAL,
        prompt="",
        draft_task_id="cgt-20261120120000-draft",
    )
    assert sent(final)[1]["content"] == [
        {"type": "draft_task", "draft_task": {"id": "cgt-20261120120000-draft"}}
    ]


def test_a_gateway_gets_the_prompt_apart_and_arks_fields_as_metadata() -> None:
    path, body = sent(generation("doubao-seedance-2.0", resolution="720p", duration=5), "tokenhot")
    assert path == "/v1/video/generations"
    assert body == {
        "model": "doubao-seedance-2.0",
        "prompt": "A paper boat on a canal, dusk",
        "metadata": {"resolution": "720p", "duration": 5},
    }


def test_a_gateway_gets_a_single_first_frame_in_the_form_that_every_version_knows() -> None:
    asked = generation(mode=Mode.FIRST_FRAME, parts=["first_frame"])
    assert sent(asked, "dataeyes")[1]["images"] == [PICTURE]
    assert "content" not in sent(asked, "dataeyes")[1]["metadata"]


def test_a_gateway_gets_several_media_as_arks_content_without_the_prompt() -> None:
    """The `images` of a gateway have no roles, and content replaces them where both are given."""
    asked = generation(mode=Mode.FIRST_AND_LAST_FRAME, parts=["first_frame", "last_frame"])
    body = sent(asked, "dataeyes")[1]
    assert "images" not in body
    assert [item["role"] for item in body["metadata"]["content"]] == ["first_frame", "last_frame"]


def test_yescale_gets_flags_after_the_prompt() -> None:
    asked = generation(
        "doubao-seedance-1-0-pro-250528",
        mode=Mode.FIRST_FRAME,
        parts=["first_frame"],
        resolution="480p",
        duration=5,
        ratio="16:9",
        camera_fixed=False,
    )
    path, body = sent(asked, "yescale")
    assert path == "/seedance/generations"
    words = "--resolution 480p --duration 5 --ratio 16:9 --camerafixed false"
    assert body["content"] == [
        {"type": "text", "text": f"A paper boat on a canal, dusk {words}"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]


def test_a_repr_contains_neither_links_nor_pictures() -> None:
    """A repr may end up in a log: a link may give access, and a picture has megabytes."""
    asked = generation(
        mode=Mode.FIRST_FRAME, parts=["first_frame"], callback_url="https://a.example/x"
    )
    model = find_model(asked.model)
    assert model is not None
    assert not violations(asked, model, provider("volcengine").dialect)
    text = repr(asked) + repr(provider("volcengine").dialect.create_request(asked, model))
    assert PICTURE not in text
    assert "a.example" not in text


def answer(status: int, body: object) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status_code=status, headers={}, body=data)


@pytest.mark.parametrize(
    ("body", "remote_id"),
    [
        ({"id": "cgt-20261120120000-abcde"}, "cgt-20261120120000-abcde"),
        ({"id": "cgt-20261120120000-abcde", "safety_identifier": "team-1"}, None),
        ({"id": "task_JaURYzdM", "task_id": "task_JaURYzdM", "status": "queued"}, "task_JaURYzdM"),
        ({"code": "success", "message": "", "data": {"task_id": "task_JaURYzdM"}}, "task_JaURYzdM"),
        ({"id": 7, "task_id": "task_JaURYzdM"}, "task_JaURYzdM"),
    ],
)
def test_the_new_tasks_id_is_found(body: dict[str, Any], remote_id: str | None) -> None:
    assert read_created(answer(200, body)) == (remote_id or body["id"])


UNSURE = [
    (200, b""),
    (200, b"<html>"),
    (200, {"id": ""}),
    (200, {"id": "../../etc"}),
    (200, {"message": "accepted"}),
    (408, {}),
    (500, {"error": {"code": "InternalServiceError", "message": "Request id: 02"}}),
    (502, b"<html>bad gateway"),
    (503, {"error": {"code": "model_not_found", "message": "No available channel"}}),
    (504, b""),
]
REFUSED = [
    (400, {"error": {"code": "InputTextSensitiveContentDetected", "message": "Request id: 02"}}),
    (401, {"error": {"code": "AuthenticationError", "message": ""}}),
    (403, {"code": "insufficient_user_quota", "message": "", "data": None}),
    (404, {"error": {"code": "ModelNotOpen", "message": ""}}),
    (429, {"error": {"code": "QuotaExceeded", "message": "too many queued"}}),
    (301, b""),
]


@pytest.mark.parametrize(("status", "body"), UNSURE)
def test_an_answer_that_is_neither_an_id_nor_a_refusal_leaves_it_open(
    status: int, body: object
) -> None:
    with pytest.raises(ProviderError) as caught:
        read_created(answer(status, body))
    assert not surely_not_created(caught.value)


@pytest.mark.parametrize(("status", "body"), REFUSED)
def test_a_refusal_created_nothing(status: int, body: object) -> None:
    with pytest.raises(ProviderError) as caught:
        read_created(answer(status, body))
    assert surely_not_created(caught.value)


def test_without_an_answer_only_the_transport_knows() -> None:
    cut = ProviderError("The connection was cut.", trouble=Trouble.CONNECTION)
    refused = ProviderError("Refused.", trouble=Trouble.CONNECTION, never_sent=True)
    assert not surely_not_created(cut)
    assert surely_not_created(refused)
    assert surely_not_created(ProviderError("Inside.", trouble=Trouble.PRIVATE_ADDRESS))
