"""Drive OpenAI's SDK through every step that it offers for videos, but for remixes and edits.

openai_videos.py BASE_URL FAMILY [options as in steps.py]
openai_videos.py https://dailies.example.com/v1 doubao
"""

from __future__ import annotations

import asyncio
import socket
import uuid
import warnings
from collections.abc import Collection
from functools import cache
from typing import Any

import httpx2
import openai
import steps
from steps import UNTIL_ASKED

warnings.filterwarnings("ignore", category=DeprecationWarning)  # OpenAI's own videos have ended

given = steps.options("base_url", "family")
MODEL = f"{given.family}-seedance-2-0-260128"
PICTURE = "https://images.example.com/harbour.jpg"
NOBODYS = "video_6367742d32303236313132303132303030302d6162636465"
ENDED = ("completed", "failed")
PAUSE = round(given.pause * 1000)  # milliseconds


@cache
def client(key: str = "sim-judge", **options: Any) -> openai.OpenAI:
    """Return a client with a key; the options are its own."""
    return openai.OpenAI(base_url=given.base_url, api_key=steps.key(key), **options)


def videos(key: str = "sim-judge", **options: Any) -> Any:
    return client(key, **options).videos


def create(prompt: str, key: str = "sim-judge", **fields: Any) -> str:
    """Create a video and return its id."""
    return str(videos(key).create(**{"model": MODEL, "prompt": prompt, **fields}).id)


def until(statuses: Collection[str], video_id: str, key: str = "sim-judge") -> Any:
    """Return a video once its status is one of these."""
    return steps.until(
        lambda video: video.status in statuses, lambda: videos(key).retrieve(video_id), given
    )


def create_and_poll(prompt: str, **fields: Any) -> Any:
    """Create a video and wait for its end, as the SDK does."""
    fields = {"model": MODEL, "poll_interval_ms": PAUSE, **fields}
    return videos().create_and_poll(prompt=prompt, **fields)


def create_and_poll_until_completed() -> None:
    prompt = "A harbour at dawn sim:queue=10 sim:run=20"
    video = create_and_poll(prompt, seconds="5", size="720x1280")
    assert video.id.startswith("video_") and video.object == "video", video
    assert (video.status, video.progress, video.error) == ("completed", 100, None), video
    assert (video.model, video.prompt) == (MODEL, prompt), video
    assert (video.seconds, video.size) == ("5", "720x1280"), video
    assert video.completed_at >= video.created_at, video


def create_from_a_picture() -> None:
    fields: list[dict[str, Any]] = [
        {"input_reference": ("harbour.png", steps.PNG, "image/png")},
        {"extra_body": {"input_reference": {"image_url": PICTURE}}},  # the SDK takes files only
    ]
    for each in fields:
        video = create_and_poll(f"A boat leaves {UNTIL_ASKED}", **each)
        assert video.status == "completed", (each, video)


def create_with_fields_of_arks() -> None:
    fields = {"seed": -1, "ratio": "9:16", "resolution": "480p", "generate_audio": False}
    video = create_and_poll(f"A pianist {UNTIL_ASKED}", extra_body=fields)
    assert (video.status, video.size) == ("completed", "496x864"), video


def create_with_the_raw_answer() -> None:
    raw = videos().with_raw_response.create(model=MODEL, prompt="sim:queue=600")
    assert raw.headers["x-request-id"] and raw.parse().status == "queued", raw


def retrieve_each_status() -> None:
    prompts = {
        "queued": "sim:queue=600",
        "in_progress": "sim:queue=0 sim:stuck",
        "completed": UNTIL_ASKED,
        "failed": f"{UNTIL_ASKED} sim:fail=OutputVideoSensitiveContentDetected",
    }
    ids = {status: create(prompt) for status, prompt in prompts.items()}
    found = {status: until([status], video_id) for status, video_id in ids.items()}
    error = found["failed"].error
    assert error.code == "OutputVideoSensitiveContentDetected" and error.message, error
    cancelled = until(ENDED, create("sim:queue=0 sim:cancel"))
    assert (cancelled.status, cancelled.error.code) == ("failed", "cancelled"), cancelled


def list_page_by_page() -> None:
    ids = [create(f"{number} {UNTIL_ASKED}") for number in range(5)]
    page = videos().list(limit=100)
    assert [video.id for video in page if video.id in ids] == ids[::-1]
    assert page.object == "list" and page.first_id and page.last_id, page
    behind = videos().list(limit=1, after=ids[2])
    assert behind.has_more or behind.data[0].id == ids[1], behind
    pages = videos().list(limit=2, after=ids[0], order="asc")  # asks for further ones
    found = [video.id for video in pages]
    assert [each for each in found if each in ids] == ids[1:], found


def download_each_variant() -> None:
    video_id = create_and_poll(UNTIL_ASKED).id
    assert steps.is_video(videos().download_content(video_id).content)
    with videos().with_streaming_response.download_content(video_id) as answer:
        assert answer.headers["content-type"] == "video/mp4"
        assert steps.is_video(b"".join(answer.iter_bytes()))

    def picture(variant: str) -> Any:
        """Return a picture, or why it is not there yet: it is made of the saved video."""
        try:
            return videos(max_retries=0).download_content(video_id, variant=variant).content
        except openai.InternalServerError as error:
            return error

    for variant in ("thumbnail", "spritesheet"):
        data = steps.until(
            lambda found: isinstance(found, bytes), lambda v=variant: picture(v), given
        )
        assert data[:3] == b"\xff\xd8\xff" or data[8:12] == b"WEBP", data[:12]


def download_too_early() -> None:
    video_id = create("sim:queue=600")
    error = steps.refusal(openai.NotFoundError, lambda: videos().download_content(video_id))
    assert error.code == "video_not_ready", error


def delete_a_queued_video() -> None:
    video_id = create("sim:queue=600")
    deleted = videos().delete(video_id)
    assert (deleted.id, deleted.deleted, deleted.object) == (video_id, True, "video.deleted")
    steps.refusal(openai.NotFoundError, lambda: videos().retrieve(video_id))


def delete_a_finished_video() -> None:
    video_id = create_and_poll(UNTIL_ASKED).id
    assert videos().delete(video_id).deleted
    steps.refusal(openai.NotFoundError, lambda: videos().retrieve(video_id))
    steps.refusal(openai.NotFoundError, lambda: videos().download_content(video_id))


def delete_a_running_video() -> None:
    video_id = create("sim:queue=0 sim:stuck")
    until(["in_progress"], video_id)
    error = steps.refusal(openai.ConflictError, lambda: videos().delete(video_id))
    assert error.code == "InvalidAction.RunningTaskDeletion", error
    assert videos().retrieve(video_id).status == "in_progress"


def be_refused_with_a_wrong_key() -> None:
    for call in (
        lambda of: of.create(model=MODEL, prompt="A harbour"),
        lambda of: of.retrieve(NOBODYS),
        lambda of: of.list(),
        lambda of: of.delete(NOBODYS),
        lambda of: of.download_content(NOBODYS),
    ):
        error = steps.refusal(
            openai.AuthenticationError, lambda call=call: call(videos("sk-wrong"))
        )
        assert (error.code, bool(error.request_id)) == ("invalid_api_key", True), error


def be_refused_an_unknown_video() -> None:
    of = videos()
    for call in (of.retrieve, of.delete, of.download_content):
        error = steps.refusal(openai.NotFoundError, lambda call=call: call(NOBODYS))
        assert error.type == "invalid_request_error", error


def be_refused_a_bad_parameter() -> None:
    bad: list[dict[str, Any]] = [{"seconds": "99"}, {"size": "1x1"}, {"prompt": ""}]
    for fields in bad:
        error = steps.refusal(
            openai.BadRequestError, lambda fields=fields: create(**{"prompt": "A boat", **fields})
        )
        assert error.param == next(iter(fields)), error
        assert error.code in ("InvalidParameter", "MissingParameter"), error


def be_refused_an_unknown_model() -> None:
    error = steps.refusal(openai.NotFoundError, lambda: create("A boat", model="sora-2"))
    assert error.code == "model_not_found", error


def be_refused_a_sensitive_prompt() -> None:
    code = "InputTextSensitiveContentDetected"
    if given.refused_later:
        error = create_and_poll(f"sim:refuse={code}").error
    else:
        error = steps.refusal(openai.BadRequestError, lambda: create(f"sim:refuse={code}"))
    assert error.code == code, error


def be_refused_too_many_requests() -> None:
    of = videos("sim-fault-429-on-create", max_retries=0)
    error = steps.refusal(openai.RateLimitError, lambda: of.create(model=MODEL, prompt="A boat"))
    assert error.code == "rate_limit_exceeded", error


class LosingTransport(httpx2.HTTPTransport):
    """Sends a first request, and is gone before it can be answered; over http only."""

    has_lost = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.has_lost:
            return super().handle_request(request)
        self.has_lost = True
        assert "content-length" in request.headers, request.headers
        lines = [f"{request.method} {request.url.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        with socket.create_connection((request.url.host, request.url.port or 80)) as connection:
            connection.sendall(head + request.read())
        raise httpx2.ReadError("The answer was lost.", request=request)


def create_again_after_a_lost_answer() -> None:
    """The SDK sends the create a second time by itself; it is the same video."""
    transport = LosingTransport()
    with httpx2.Client(transport=transport) as http:
        of = openai.OpenAI(base_url=given.base_url, api_key=steps.key(), http_client=http).videos
        prompt = f"A boat {uuid.uuid4()} sim:queue=600"
        made = of.create(model=MODEL, prompt=prompt)
    assert transport.has_lost, "no answer was lost"
    same = [video.id for video in videos().list(limit=100) if video.prompt == prompt]
    assert same == [made.id], same


def list_models() -> None:
    assert MODEL in {model.id for model in client().models.list()}


def do_the_same_asynchronously() -> None:
    asyncio.run(_all_of_it())


async def _all_of_it() -> None:
    async with openai.AsyncOpenAI(base_url=given.base_url, api_key=steps.key()) as asking:
        of = asking.videos
        video = await of.create_and_poll(model=MODEL, prompt=UNTIL_ASKED, poll_interval_ms=PAUSE)
        assert video.status == "completed", video
        assert steps.is_video((await of.download_content(video.id)).content)
        assert video.id in [each.id async for each in of.list(limit=100)]
        assert (await of.delete(video.id)).deleted
        try:
            await of.retrieve(video.id)
        except openai.NotFoundError as error:
            assert error.type == "invalid_request_error", error
        else:
            raise AssertionError("a deleted video was found")


if __name__ == "__main__":
    steps.report(
        [
            create_and_poll_until_completed,
            create_from_a_picture,
            create_with_fields_of_arks,
            create_with_the_raw_answer,
            retrieve_each_status,
            list_page_by_page,
            download_each_variant,
            download_too_early,
            delete_a_queued_video,
            delete_a_finished_video,
            delete_a_running_video,
            be_refused_with_a_wrong_key,
            be_refused_an_unknown_video,
            be_refused_a_bad_parameter,
            be_refused_an_unknown_model,
            be_refused_a_sensitive_prompt,
            be_refused_too_many_requests,
            create_again_after_a_lost_answer,
            list_models,
            do_the_same_asynchronously,
        ],
        given,
    )
