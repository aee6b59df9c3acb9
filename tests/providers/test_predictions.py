"""WaveSpeed's and Atlas Cloud's predictions: outputs, lists by POST, the way behind the model."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.dialects.creating import PageRequest, read_created
from tasks.providers.status import Status
from tests.providers.samples import (
    BASE_URL,
    answer,
    at,
    body,
    filled_fields,
    read,
    read_sample,
    sample_answer,
)

WAVESPEED, ATLAS = provider("wavespeed").dialect, provider("atlascloud").dialect
ID = "e6832d4abffb4d79bfbca19783fca133"
FILM = "https://d11ewybssaphwx.cloudfront.net/output/d227806a.mp4"


def test_wavespeeds_page_is_read_whole() -> None:
    task = read_sample("wavespeed/completed", slug="wavespeed")
    fields = filled_fields(task)
    assert fields.pop("created_at").isoformat().startswith("2025-05-19T06:09:15.948")
    assert fields == {
        "id": ID,
        "status": Status.SUCCEEDED,
        "status_word": "completed",
        "model": "bytedance/seedance-2.0",
        "video_url": FILM,
    }


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("wavespeed/created", Status.QUEUED),
        ("wavespeed/processing", Status.RUNNING),
        ("wavespeed/failed", Status.FAILED),
        ("atlascloud/processing", Status.RUNNING),
        ("atlascloud/succeeded", Status.SUCCEEDED),
        ("atlascloud/failed", Status.FAILED),
    ],
)
def test_every_documented_status_is_known(name: str, status: Status) -> None:
    task = read_sample(name, slug=name.partition("/")[0])
    assert task.status == status
    assert bool(task.video_url) == (status == Status.SUCCEEDED)
    assert bool(task.error_message) == (status == Status.FAILED)


def test_a_signed_link_of_arks_among_the_outputs_ends_as_it_says() -> None:
    task = read_sample("atlascloud/completed", slug="atlascloud")
    assert task.video_url.partition("?")[0].endswith(".mp4")
    assert task.last_frame_url.partition("?")[0].endswith("_last_frame.jpeg")
    assert task.link_ends_at == at(1772274310 + 86400)


@pytest.mark.parametrize("outputs", [None, [], ["no link"], [7], {"a": FILM}, "x"])
def test_a_success_without_a_link_among_its_outputs_has_none(outputs: Any) -> None:
    sample = body("wavespeed/completed")
    sample["data"]["outputs"] = outputs
    assert read(sample, slug="wavespeed").video_url == ""


def test_a_list_names_every_prediction_and_its_link() -> None:
    page = WAVESPEED.read_page(answer(body("wavespeed/list")), base_url=BASE_URL)
    assert (page.items, page.total) == (2, 505)
    first, second = page.tasks
    assert (first.video_url, first.model) == (FILM, "bytedance/seedance-2.0")
    assert (second.status, second.model) == (Status.RUNNING, "bytedance/seedance-2.0-fast")


def test_a_page_of_the_list_is_asked_for_by_post_and_at_most_a_hundred_long() -> None:
    assert WAVESPEED.page_request(3, size=200) == PageRequest(
        path="/predictions", body={"page": 3, "page_size": 100}
    )
    assert WAVESPEED.page_request(1, size=200, service_tier="flex") is None
    assert ATLAS.page_request(1, size=200) is None
    assert WAVESPEED.list_path((ID,)) is None


@pytest.mark.parametrize("slug", ["wavespeed", "atlascloud"])
def test_a_404_in_json_means_that_there_is_no_such_prediction(slug: str) -> None:
    sample = sample_answer("wavespeed/error-404-unknown-prediction")
    with pytest.raises(ProviderError) as caught:
        provider(slug).dialect.read_task(sample, remote_id=ID, base_url=BASE_URL)
    assert caught.value.trouble == Trouble.NOT_FOUND


def test_a_create_is_answered_with_the_prediction() -> None:
    assert read_created(answer(body("wavespeed/created"))) == ID


def created(slug: str, model: str, **fields: Any) -> Any:
    known = find_model("seedance-2-0-260128")
    assert known
    request = GenerationRequest(model=model, prompt="x", **fields)
    return provider(slug).dialect.create_request(request, known)


STILL = Medium(part=MediaRole.FIRST_FRAME, url="https://images.example.com/still.jpg")


@pytest.mark.parametrize(
    ("fields", "way"),
    [
        ({}, "text-to-video"),
        ({"mode": Mode.FIRST_FRAME, "media": (STILL,)}, "image-to-video"),
    ],
)
def test_the_way_follows_the_models_name(fields: Any, way: str) -> None:
    name = f"bytedance/seedance-2.0/{way}"
    sent = created("wavespeed", "bytedance/seedance-2.0", **fields)
    assert sent.path == f"/{name}" and "model" not in sent.body
    sent = created("atlascloud", "bytedance/seedance-2.0", **fields)
    assert (sent.path, sent.body["model"]) == ("/model/generateVideo", name)


def test_a_name_that_has_its_way_already_is_sent_as_it_stands() -> None:
    name = "bytedance/seedance-2.0/reference-to-video"
    assert created("wavespeed", name).path == f"/{name}"


def test_a_models_name_cannot_lead_out_of_its_path() -> None:
    sent = created("wavespeed", "../../admin?x=1#y")
    assert sent.path == "/%2E%2E/%2E%2E/admin%3Fx%3D1%23y/text-to-video"


def test_what_is_left_to_the_model_is_left_out() -> None:
    sent = created("wavespeed", "m", ratio="adaptive", duration=-1, resolution="720p")
    assert sent.body == {"prompt": "x", "resolution": "720p"}
