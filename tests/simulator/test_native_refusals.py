"""Refusals of a create, by Ark and by the providers with its dialect."""

from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tests.simulator.conftest import (
    IMAGE,
    KEY,
    NATIVE_TASKS,
    PRO_1_0,
    PRO_1_5,
    Client,
    Clock,
    native_body,
)


def refusal(sim: Simulator, body: Any, slug: str = "volcengine", key: str = KEY) -> tuple[int, str]:
    answer = Client(sim, slug, key).ask("POST", NATIVE_TASKS, json=body)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


UNSUPPORTED = "InvalidParameter.UnsupportedParameter"
VIDEO = {"type": "video_url", "role": "reference_video"}


@pytest.mark.parametrize(
    "body",
    [
        native_body(resolution="8k"),
        native_body(model="doubao-seedance-2-0-fast-260128", resolution="1080p"),
        native_body(ratio="5:4"),
        native_body(duration=3),
        native_body(duration="5"),
        native_body(service_tier="flex"),
        native_body(seed=11),
        native_body(camera_fixed=True),
        native_body(frames=29),
        native_body(model=PRO_1_0, frames=30),
        native_body(model=PRO_1_0, generate_audio=True),
        native_body(model=PRO_1_0, priority=3),
        native_body(model=PRO_1_5, draft=True, resolution="720p"),
        native_body(execution_expires_after=60),
        native_body(callback_url="ftp://example.com"),
        native_body(content="a prompt"),
        native_body(content=[{"type": "music"}]),
        native_body(content=[IMAGE | {"role": "last_frame"}]),
        native_body(content=[IMAGE, IMAGE | {"role": "reference_image"}]),
        native_body(model="doubao-seedance-1-0-lite-t2v-250428", content=[IMAGE]),
        native_body(content=[IMAGE | {"role": "reference_video"}]),
        native_body(content=[VIDEO | {"video_url": {"url": "data:video/mp4;base64,AAAA"}}]),
        native_body(model=PRO_1_5, content=[{"type": "draft_task", "draft_task": {"id": 7}}]),
        native_body(omni_reference_task_type="edit"),
        native_body(tools=[{"type": "code"}]),
        native_body(watermark="true"),
        [],
    ],
)
def test_a_body_field_that_a_model_does_not_take_is_a_400(sim: Simulator, body: Any) -> None:
    assert refusal(sim, body) == (400, "InvalidParameter")
    assert sim.tasks == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": [{"type": "text", "text": "x"}]}, "MissingParameter"),
        ({"model": PRO_1_0}, "MissingParameter"),
        (native_body(content=[{"type": "image_url", "image_url": {}}]), "InvalidImageURL.EmptyURL"),
        (
            native_body(content=[{"type": "image_url", "image_url": {"url": "x"}}]),
            "InvalidImageURL.InvalidFormat",
        ),
        (native_body("sim:refuse"), "InputTextSensitiveContentDetected"),
        (native_body(n=1), UNSUPPORTED),
        (native_body(metadata={"resolution": "720p"}), UNSUPPORTED),
        (native_body(content=[{"type": "text", "text": "x", "role": "user"}]), UNSUPPORTED),
        (native_body(content=[IMAGE | {"detail": "high"}]), UNSUPPORTED),
        (native_body(content=[IMAGE | {"image_url": {"url": "asset://x", "id": 1}}]), UNSUPPORTED),
    ],
)
def test_other_errors_of_a_create_have_their_own_codes(
    sim: Simulator, body: Any, code: str
) -> None:
    assert refusal(sim, body) == (400, code)


@pytest.mark.parametrize(
    ("fields", "fails"),
    [
        ({"omni_reference_task_type": "edit"}, False),
        ({"omni_reference_task_type": "edit", "duration": 5}, True),
        ({"omni_reference_task_type": "extend", "ratio": "16:9"}, True),
        ({"omni_reference_task_type": "reference", "ratio": "16:9", "duration": 5}, False),
    ],
)
def test_2_5_fails_what_its_task_type_does_not_allow_only_after_a_while(
    sim: Simulator, clock: Clock, fields: dict[str, Any], fails: bool
) -> None:
    video = VIDEO | {"video_url": {"url": "asset://take"}}
    content = [{"type": "text", "text": "x"}, video]
    task_id = sim.create(key=KEY, model="doubao-seedance-2-5-260628", content=content, **fields)
    clock.forward(2_000)
    task = Client(sim).native_task(task_id)
    assert ("error" in task) == fails


def test_powertokens_accepts_media_since_2_0_from_its_library_only(sim: Simulator) -> None:
    asset = IMAGE | {"image_url": {"url": "asset://still"}}
    for model, item, expected in (
        ("dreamina-seedance-2-0-260128", IMAGE, 400),
        ("dreamina-seedance-2-0-260128", asset, 200),
        ("seedance-1-5-pro-251215", IMAGE, 200),
    ):
        body = native_body(model=model, content=[{"type": "text", "text": "x"}, item])
        assert refusal(sim, body, "powertokens")[0] == expected


def test_yescale_accepts_only_text_and_images(sim: Simulator) -> None:
    client = Client(sim, "yescale")

    def status(body: Any) -> int:
        return client.ask("POST", "/seedance/generations", json=body).status_code

    plain = native_body(model=PRO_1_0)
    assert status(plain) == 200
    assert status(plain | {"resolution": "480p"}) == 400
    assert status(plain | {"content": [*plain["content"], IMAGE]}) == 200
    assert status(plain | {"content": [IMAGE | {"role": "first_frame"}]}) == 400


@pytest.mark.parametrize(
    ("slug", "model", "accepted"),
    [
        ("volcengine", "doubao-seedance-2-0-260128", True),
        ("volcengine", "dreamina-seedance-2-0-260128", False),
        ("volcengine", "doubao-seedance-9-0-300101", False),
        ("byteplus", "dreamina-seedance-2-0-260128", True),
        ("byteplus", "seedance-1-0-pro-250528", True),
        ("byteplus", "doubao-seedance-2-0-260128", False),
        ("powertokens", "dreamina-seedance-2-0-260128", True),
        ("native", "doubao-seedance-2.0", True),
        ("native", "ep-20260101-abcde", True),
    ],
)
def test_each_vendor_knows_its_own_model_names(
    sim: Simulator, slug: str, model: str, accepted: bool
) -> None:
    expected = (200, "") if accepted else (404, "InvalidEndpointOrModel.NotFound")
    assert refusal(sim, native_body(model=model), slug) == expected


def test_a_model_that_is_not_activated_is_a_404(sim: Simulator) -> None:
    assert refusal(sim, native_body(), key="sim-notopen") == (404, "ModelNotOpen")


def test_a_null_field_is_an_absent_field(sim: Simulator) -> None:
    assert refusal(sim, native_body(seed=None, resolution=None, tools=None)) == (200, "")
