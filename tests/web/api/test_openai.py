"""OpenAI's videos, asked with a token: creates, answers, lists, files and deletions."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from tasks.clients import ids
from tasks.management.web_server.bodies import FILES
from tasks.models import (
    Budget,
    Copy,
    CopyKind,
    Project,
    Submission,
    Task,
    TokenScope,
    Upload,
)
from tasks.providers.catalog.request import Mode
from tasks.providers.dialects.ark_errors import RefusalError
from tasks.providers.dialects.openai_requests import size_of
from tasks.providers.status import Status
from tasks.submission.place import mark_created
from tasks.web.api.endpoint import refused_by_front
from tests.media.pictures import png
from tests.web.api.conftest import MODEL, Program, ProgramOf
from tests.web.conftest import SaveCopy

VIDEOS = "/v1/videos"
ORIGINAL = "https://cdn.example/original.mp4?signature=1"


def create(program: Program, **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    return program.ask("POST", VIDEOS, {"model": MODEL, "prompt": "A boat"} | fields, **headers)


def made(program: Program, **fields: Any) -> Submission:
    answer = create(program, **fields)
    assert answer.status_code == 200, answer.content
    return Submission.objects.select_related("task", "batch").latest("pk")


def get(program: Program, video_id: str) -> Any:
    return program.ask("GET", f"{VIDEOS}/{video_id}")


def error_of(answer: Any) -> tuple[int, str, str | None, str | None]:
    error = answer.json()["error"]
    assert error["message"] and set(error) == {"message", "type", "param", "code"}
    return answer.status_code, error["type"], error["param"], error["code"]


def become(video_id: str, status: Status, **fields: Any) -> Task:
    """Let the task of a video be in a status, as the provider would."""
    Task.objects.update(status=status, ended_at=timezone.now(), **fields)
    return Task.objects.get()


# Creates


def test_a_video_is_created_in_openais_words(program: Program) -> None:
    video = create(program, seconds="5", size="1280x720").json()
    request = Submission.objects.get().generation
    assert (request.model, request.prompt, request.mode) == (MODEL, "A boat", Mode.TEXT)
    assert (request.resolution, request.ratio, request.duration) == ("720p", "16:9", 5)
    assert video["id"].startswith("video_") and video["object"] == "video"
    assert (video["status"], video["progress"]) == ("queued", 0)
    assert (video["seconds"], video["size"], video["prompt"]) == ("5", "1280x720", "A boat")
    told = get(program, video["id"])
    assert told.json() == video
    assert told["openai-poll-after-ms"] == "5000"


def test_ids_of_every_shape_name_the_same_task(program: Program) -> None:
    video = create(program).json()
    own = ids.plain(video["id"])
    assert program.get(own).json()["id"] == own
    assert get(program, own).json()["id"] == video["id"]
    assert program.get(video["id"]).json()["id"] == own


@pytest.mark.parametrize("text", ["video_", "video_zz", "video_00", "task_x", "video_C3A9", "x_61"])
def test_a_text_that_no_id_was_made_of_stays_as_it_is(text: str) -> None:
    assert ids.plain(text) == text


def test_a_form_gives_its_picture_as_an_upload(program: Program, save_copy: SaveCopy) -> None:
    content = png(400, 400)
    fields = {
        "model": MODEL,
        "prompt": "A boat",
        "seconds": "5",
        "generate_audio": "false",
        "input_reference": SimpleUploadedFile("a.png", content, "image/png"),
    }
    answer = program.send(VIDEOS, fields)
    assert answer.status_code == 200, answer.content
    upload, request = Upload.objects.get(), Submission.objects.get().generation
    assert upload.content() == content
    assert (request.uploads, request.mode) == ((upload.pk,), Mode.FIRST_FRAME)
    assert (request.duration, request.generate_audio) == (5, False)


@pytest.mark.parametrize(
    "reference",
    [
        {"image_url": "https://images.example.com/a.png"},
        "https://images.example.com/a.png",
    ],
)
def test_a_picture_is_given_as_a_link(program: Program, reference: Any) -> None:
    request = made(program, input_reference=reference).generation
    assert [each.url for each in request.media] == ["https://images.example.com/a.png"]


def test_a_form_names_a_link_in_brackets(program: Program) -> None:
    fields = {"model": MODEL, "prompt": "A boat"}
    link = "https://images.example.com/a.png"
    assert program.send(VIDEOS, fields | {"input_reference[image_url]": link}).status_code == 200
    assert [each.url for each in Submission.objects.get().generation.media] == [link]


def test_a_picture_in_the_body_becomes_an_upload(program: Program, save_copy: SaveCopy) -> None:
    url = f"data:image/png;base64,{base64.b64encode(png(400, 400)).decode()}"
    request = made(program, input_reference={"image_url": url}).generation
    assert request.uploads == (Upload.objects.get().pk,)


@pytest.mark.parametrize(
    ("fields", "status", "param", "code"),
    [
        ({"prompt": ""}, 400, "prompt", "MissingParameter"),
        ({"prompt": 7}, 400, "prompt", "MissingParameter"),
        ({"model": None}, 400, "model", "MissingParameter"),
        ({"model": ["a"]}, 400, "model", "InvalidParameter"),
        ({"model": "sora-2"}, 404, None, "model_not_found"),
        ({"seconds": "99"}, 400, "seconds", "InvalidParameter"),
        ({"seconds": "long"}, 400, "seconds", "InvalidParameter"),
        ({"size": "1024x1792"}, 400, "size", "InvalidParameter"),
        (
            {"input_reference": {"file_id": "f"}},
            400,
            "input_reference.file_id",
            "InvalidParameter.UnsupportedParameter",
        ),
        ({"input_reference": 7}, 400, "input_reference", "InvalidParameter"),
        ({"input_reference": "no-link"}, 400, None, "InvalidImageURL.InvalidFormat"),
        ({"style": "noir"}, 400, "style", "InvalidParameter.UnsupportedParameter"),
    ],
)
def test_what_is_known_to_be_wrong_is_refused_under_openais_names(
    program: Program, fields: dict[str, Any], status: int, param: str | None, code: str
) -> None:
    answer = create(program, **fields)
    assert error_of(answer) == (status, "invalid_request_error", param, code)
    assert not Task.objects.exists()


def test_a_size_names_a_resolution_and_a_ratio_of_its_model() -> None:
    assert size_of("720x1280", MODEL) == ("720p", "9:16")
    assert size_of("1248x704", "doubao-seedance-1-0-pro-250528") == ("720p", "16:9")
    assert size_of("1248x704", "ours/night") == ("720p", "16:9")
    with pytest.raises(RefusalError, match="one of 864x496"):
        size_of("1248x704", MODEL)


def test_a_repeat_of_a_client_is_the_same_video(program: Program) -> None:
    first = create(program).json()["id"]
    assert create(program, headers={"X-Stainless-Retry-Count": "1"}).json()["id"] == first
    keyed = [create(program, headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(2)]
    assert keyed[0] == keyed[1] != first
    other = create(program, prompt="Another", headers={"Idempotency-Key": "k"})
    assert error_of(other)[2] == "Idempotency-Key"
    assert Task.objects.count() == 2


def test_a_used_up_budget_is_told_as_openai_does(program: Program, project: Project) -> None:
    Budget.objects.create(project=project, unit="tokens", limit=1)
    answer = create(program)
    assert error_of(answer) == (429, "insufficient_quota", None, "insufficient_quota")
    assert answer["X-Should-Retry"] == "false"


# Answers


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (Status.SUBMITTING, "queued", None),
        (Status.UNCONFIRMED, "queued", None),
        (Status.RUNNING, "in_progress", None),
        (Status.SUCCEEDED, "completed", None),
        (Status.FAILED, "failed", "OutputVideoSensitiveContentDetected"),
        (Status.CANCELLED, "failed", "cancelled"),
        (Status.EXPIRED, "failed", "expired"),
        (Status.LOST, "failed", "ResourceNotFound"),
    ],
)
def test_each_status_has_openais_word(
    program: Program, status: Status, word: str, code: str | None
) -> None:
    video_id = create(program).json()["id"]
    failed = {"error_code": "OutputVideoSensitiveContentDetected"}
    become(video_id, status, **(failed if status == Status.FAILED else {}))
    video = get(program, video_id).json()
    assert video["status"] == word
    assert (video["error"] or {}).get("code") == code
    assert (video["progress"] == 100) is (word == "completed") is bool(video["completed_at"])


def test_a_list_is_read_page_by_page(program: Program) -> None:
    made_ids = [create(program).json()["id"] for _ in range(3)]

    def page(query: str) -> Any:
        return program.ask("GET", f"{VIDEOS}?{query}").json()

    first = page("limit=2")
    assert [each["id"] for each in first["data"]] == made_ids[:0:-1]
    assert (first["object"], first["has_more"]) == ("list", True)
    assert (first["first_id"], first["last_id"]) == (made_ids[2], made_ids[1])
    second = page(f"limit=2&after={first['last_id']}")
    assert ([each["id"] for each in second["data"]], second["has_more"]) == (made_ids[:1], False)
    oldest = page(f"order=asc&after={made_ids[0]}")
    assert [each["id"] for each in oldest["data"]] == made_ids[1:]
    for query in ("limit=0", "limit=101", "limit=x", "order=up"):
        answer = program.ask("GET", f"{VIDEOS}?{query}")
        assert error_of(answer)[:3] == (400, "invalid_request_error", query.partition("=")[0])
    assert error_of(program.ask("GET", f"{VIDEOS}?after=video_0"))[0] == 404


@pytest.mark.parametrize("number", [1, 20])
def test_a_list_needs_few_queries_however_many_videos(program: Program, number: int) -> None:
    for n in range(number):
        create(program, headers={"Idempotency-Key": str(n)})
    Task.objects.update(status=Status.SUCCEEDED)
    with CaptureQueriesContext(connection) as queries:
        assert len(program.ask("GET", VIDEOS).json()["data"]) == number
    # The token, its projects, the page.
    assert sum(each["sql"].startswith("SELECT ") for each in queries.captured_queries) == 3


# Files


def content(program: Program, video_id: str, variant: str = "", **headers: str) -> Any:
    return program.ask("GET", f"{VIDEOS}/{video_id}/content?variant={variant}", **headers)


def test_a_video_that_is_not_ready_is_not_found(program: Program) -> None:
    video_id = create(program).json()["id"]
    assert error_of(content(program, video_id))[::3] == (404, "video_not_ready")
    become(video_id, Status.SUCCEEDED)
    assert error_of(content(program, video_id))[::3] == (404, "ResourceNotFound")
    assert error_of(content(program, video_id, "gif"))[::2] == (400, "variant")


def test_a_video_leads_to_the_original_until_it_is_saved(program: Program) -> None:
    video_id = create(program).json()["id"]
    task, now = become(video_id, Status.SUCCEEDED), timezone.now()
    ends = now + timedelta(hours=1)
    copy = Copy.objects.create(
        task=task, kind=CopyKind.VIDEO, url=ORIGINAL, created_at=now, link_ends_at=ends
    )
    answer = content(program, video_id)
    assert (answer.status_code, answer["Location"]) == (302, ORIGINAL)
    assert error_of(content(program, video_id, "thumbnail"))[0] == 503
    Copy.objects.filter(pk=copy.pk).update(link_ends_at=now)
    late = content(program, video_id)
    assert (error_of(late)[0], late["Retry-After"]) == (503, "10")


def test_saved_files_are_sent_in_ranges_to_the_token(
    program: Program, save_copy: SaveCopy, client: Any
) -> None:
    video_id = create(program).json()["id"]
    task = become(video_id, Status.SUCCEEDED)
    save_copy(task, b"0123456789", poster=b"poster", sprite=b"sprite")
    part = content(program, video_id, Range="bytes=2-4")
    assert (part.status_code, part.content) == (206, b"234")
    for variant, data in (("thumbnail", b"poster"), ("spritesheet", b"sprite")):
        assert content(program, video_id, variant).getvalue() == data
    assert client.get(f"{VIDEOS}/{video_id}/content").status_code == 401


# Deletions


def test_a_waiting_video_is_cancelled_and_gone(program: Program) -> None:
    video_id = create(program).json()["id"]
    answer = program.ask("DELETE", f"{VIDEOS}/{video_id}").json()
    assert answer == {"id": video_id, "object": "video.deleted", "deleted": True}
    assert Task.objects.get().status == Status.CANCELLED
    assert get(program, video_id).status_code == 404


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_an_ended_video_vanishes_from_the_api_alone(program: Program, status: Status) -> None:
    video_id = create(program).json()["id"]
    become(video_id, status)
    assert program.ask("DELETE", f"{VIDEOS}/{video_id}").json()["deleted"] is True
    assert error_of(get(program, video_id))[0] == 404
    assert program.ask("GET", VIDEOS).json()["data"] == []
    assert Task.objects.kept().exists()


def test_a_running_video_is_not_deleted_and_not_asked_about_again(program: Program) -> None:
    submission = made(program)
    Submission.objects.begin(submission.pk, timezone.now())
    mark_created(submission, "cgt-20261120120000-abcde", timezone.now())
    Task.objects.update(status=Status.RUNNING)
    answer = program.ask("DELETE", f"{VIDEOS}/cgt-20261120120000-abcde")
    assert (error_of(answer)[0], answer["X-Should-Retry"]) == (409, "false")
    assert get(program, "cgt-20261120120000-abcde").json()["status"] == "in_progress"


# Who may, and what every answer has


def test_a_token_to_read_creates_and_deletes_nothing(
    program: Program, program_of: ProgramOf, member: User, stranger: User
) -> None:
    video_id = create(program).json()["id"]
    reader = program_of(member, TokenScope.READ)
    assert get(reader, video_id).status_code == 200
    assert error_of(create(reader))[::3] == (403, "AccessDenied")
    assert error_of(reader.ask("DELETE", f"{VIDEOS}/{video_id}"))[0] == 403
    outside = program_of(stranger)
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content")):
        assert error_of(outside.ask(method, f"{VIDEOS}/{video_id}{path}"))[0] == 404
    assert outside.ask("GET", VIDEOS).json()["data"] == []
    assert Task.objects.count() == 1


def test_no_cookie_opens_the_videos(client: Any, member: User, program: Program) -> None:
    client.force_login(member)
    for method in ("get", "post"):
        answer = getattr(client, method)(VIDEOS)
        assert error_of(answer) == (401, "invalid_request_error", None, "invalid_api_key")
        assert "default-src" in answer["Content-Security-Policy"]


def test_every_refusal_is_json_in_openais_shape(program: Program) -> None:
    wrong = program.ask("PUT", VIDEOS)
    assert (error_of(wrong)[0], wrong["Allow"]) == (405, "GET, POST")
    assert error_of(program.ask("GET", "/v1/audio"))[0] == 404
    assert error_of(program.ask("POST", VIDEOS, "text"))[0] == 400
    broken = program.send(VIDEOS, {"model": "a\0b", "prompt": "A boat"})
    assert error_of(broken)[:3] == (400, "invalid_request_error", "body")


@pytest.mark.parametrize("path", [VIDEOS, "/v1/video/generations"])
def test_pictures_may_come_within_a_create(path: str) -> None:
    assert FILES[resolve(path).url_name or ""] == 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (VIDEOS, {"error": ANY}),
        ("/v1/video/generations", {"code": "InvalidParameter", "message": ANY, "data": None}),
    ],
)
def test_what_the_web_server_refuses_has_the_shape_of_its_address(
    path: str, expected: dict[str, Any]
) -> None:
    answer = refused_by_front(RequestFactory().post(path), 413, "This is too large.")
    assert (answer.status_code, json.loads(answer.content)) == (413, expected)


def test_models_are_listed_for_openais_clients(program: Program) -> None:
    listed = program.ask("GET", "/v1/models").json()
    assert listed["object"] == "list" and MODEL in {each["id"] for each in listed["data"]}
