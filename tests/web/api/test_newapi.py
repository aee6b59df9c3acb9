"""new-api's video generations, asked with a token: its bodies, its envelope, its refusals."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tasks.models import CopyKind, Project, Submission, Task, Upload
from tasks.providers import provider
from tasks.providers.answers import Answer, RemoteTask
from tasks.providers.catalog.request import Mode
from tasks.providers.status import Status
from tests.media.pictures import png
from tests.web.api.conftest import MODEL, Program
from tests.web.conftest import SaveCopy

GENERATIONS = "/v1/video/generations"
LINKS = [f"https://images.example.com/{name}.png" for name in "ab"]


def create(program: Program, **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    return program.ask(
        "POST", GENERATIONS, {"model": MODEL, "prompt": "A boat"} | fields, **headers
    )


def made(program: Program, **fields: Any) -> Submission:
    answer = create(program, **fields)
    assert answer.status_code == 200, answer.content
    return Submission.objects.select_related("task").latest("pk")


def get(program: Program, task_id: str) -> Any:
    return program.ask("GET", f"{GENERATIONS}/{task_id}")


def test_a_create_is_answered_with_a_video_object(program: Program) -> None:
    answer = create(program).json()
    assert answer["id"] == answer["task_id"] and answer["id"].startswith("task_")
    assert (answer["object"], answer["status"], answer["model"]) == ("video", "queued", MODEL)
    row = get(program, answer["id"]).json()
    assert (row["code"], row["message"]) == ("success", "")
    assert (row["data"]["status"], row["data"]["progress"]) == ("QUEUED", "10%")


def test_metadata_are_arks_own_fields(program: Program) -> None:
    metadata = {"resolution": "720p", "ratio": "9:16", "duration": "7", "generate_audio": "false"}
    request = made(program, metadata=metadata, seconds="6").generation
    assert (request.resolution, request.ratio, request.duration) == ("720p", "9:16", 6)
    assert (request.generate_audio, request.prompt) == (False, "A boat")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"duration": 7, "size": "1280x720"}, ("720p", "16:9", 7)),
        ({"duration": "7", "width": 720, "height": 1280}, ("720p", "9:16", 7)),
        ({"duration": 7, "size": "1280*720", "metadata": {"ratio": "1:1"}}, (None, "1:1", 7)),
        ({"duration": 7, "metadata": {"duration": 5}}, (None, None, 5)),
    ],
)
def test_fields_beside_the_metadata_count_where_these_have_none(
    program: Program, fields: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    request = made(program, **fields).generation
    assert (request.resolution, request.ratio, request.duration) == expected


@pytest.mark.parametrize(
    ("fields", "mode", "urls"),
    [
        ({"image": LINKS[0]}, Mode.FIRST_FRAME, LINKS[:1]),
        ({"images": LINKS}, Mode.FIRST_AND_LAST_FRAME, LINKS),
        ({"input_reference": LINKS[0]}, Mode.FIRST_FRAME, LINKS[:1]),
    ],
)
def test_images_are_frames(
    program: Program, fields: dict[str, Any], mode: Mode, urls: list[str]
) -> None:
    request = made(program, **fields).generation
    assert (request.mode, [each.url for each in request.media]) == (mode, urls)


def test_arks_content_at_the_top_is_read_as_forks_do(program: Program) -> None:
    body = {"model": MODEL, "content": [{"type": "text", "text": "A boat"}], "duration": 5}
    assert program.ask("POST", GENERATIONS, body).status_code == 200
    assert Submission.objects.get().generation.duration == 5


def test_a_form_gives_its_picture_as_an_upload(program: Program, save_copy: SaveCopy) -> None:
    picture = SimpleUploadedFile("a.png", png(400, 400), "image/png")
    fields = {"model": MODEL, "prompt": "A boat", "images": picture, "seconds": "5"}
    assert program.send(GENERATIONS, fields).status_code == 200
    assert Submission.objects.get().generation.uploads == (Upload.objects.get().pk,)


def test_our_own_dialect_reads_the_answers(program: Program, project: Project) -> None:
    task_id = create(program).json()["task_id"]
    now = timezone.now()
    found = {}
    for status in (Status.QUEUED, Status.RUNNING, Status.CANCELLED, Status.EXPIRED, Status.FAILED):
        Task.objects.update(status=status, ended_at=now, running_at=now)
        found[status] = read(program, task_id).status
    assert all(status == read for status, read in found.items())
    Task.objects.update(status=Status.SUCCEEDED, seed=7, resolution="720p")
    remote = read(program, task_id)
    assert (remote.status, remote.seed, remote.resolution) == (Status.SUCCEEDED, 7, "720p")


def read(program: Program, task_id: str) -> RemoteTask:
    """The task as our own dialect for gateways reads it."""
    response = get(program, task_id)
    answer = Answer(status_code=response.status_code, headers={}, body=response.content, seconds=0)
    dialect = provider("newapi").dialect
    return dialect.read_task(answer, remote_id=task_id, base_url="https://gateway.example")


def test_a_finished_task_has_a_link_that_plays(
    program: Program, save_copy: SaveCopy, client: Any
) -> None:
    task_id = create(program).json()["task_id"]
    Task.objects.update(status=Status.SUCCEEDED)
    save_copy(Task.objects.get(), b"0123456789", CopyKind.VIDEO)
    row = get(program, task_id).json()["data"]
    assert row["data"]["content"]["video_url"] == row["result_url"]
    played = client.get(row["result_url"].removeprefix("http://testserver"))
    assert played.getvalue() == b"0123456789"
    proxied = program.ask("GET", f"/v1/videos/{task_id}/content")
    assert proxied.getvalue() == b"0123456789"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"prompt": ""}, 400, "MissingParameter"),
        ({"model": ""}, 400, "MissingParameter"),
        ({"model": "seedance-9"}, 404, "InvalidEndpointOrModel.NotFound"),
        ({"duration": 99}, 400, "InvalidParameter"),
        ({"seconds": "long"}, 400, "InvalidParameter"),
        ({"size": "7x7"}, 400, "InvalidParameter"),
        ({"images": "a", "prompt": 7}, 400, "InvalidParameter"),
        ({"metadata": {"duration": []}}, 400, "InvalidParameter"),
        ({"metadata": "no object"}, 400, "InvalidParameter"),
    ],
)
def test_a_refusal_is_a_flat_error(
    program: Program, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = create(program, **fields)
    body = answer.json()
    assert (answer.status_code, body["code"], body["data"]) == (status, code, None)
    assert answer["X-Request-Id"] in body["message"]
    assert not Task.objects.exists()


def test_an_unknown_task_is_a_400_as_at_gateways(program: Program) -> None:
    answer = get(program, "task_0")
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")


def test_a_token_is_needed_and_no_cookie_does(client: Any, program: Program) -> None:
    client.force_login(program.token.person)
    for answer in (client.get(f"{GENERATIONS}/task_0"), client.post(GENERATIONS)):
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "new_api_error"
        assert "default-src" in answer["Content-Security-Policy"]


def test_a_repeated_key_is_one_task(program: Program) -> None:
    headers = {"Idempotency-Key": "k-1"}
    ids = {create(program, headers=headers).json()["task_id"] for _ in range(2)}
    assert len(ids) == Task.objects.count() == 1
