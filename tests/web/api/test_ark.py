"""Ark's API, asked with a token: creates, answers, lists and deletions out of our own rows."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import (
    ApiCreate,
    Batch,
    Budget,
    Cancellation,
    CancelOutcome,
    Copy,
    CopyKind,
    Credential,
    Project,
    Submission,
    SubmissionState,
    TakeLimits,
    Task,
    TokenScope,
    Upload,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.catalog.request import Mode
from tasks.providers.status import Status
from tasks.submission.place import mark_created, record_outcome
from tasks.web.api import cancels, lists
from tests.media.pictures import png
from tests.web.api.conftest import MODEL, TASKS, Program, ProgramOf
from tests.web.conftest import SaveCopy

REMOTE_ID = "cgt-20261120120000-abcde"
PICTURE = "https://images.example.com/harbour.jpg"


def error_of(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["message"].endswith(f"Request id: {answer['X-Request-Id']}")
    return answer.status_code, error["code"], error["param"]


def picture(url: str = PICTURE, role: str = "first_frame") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


def made(program: Program, **fields: Any) -> Submission:
    answer = program.create(**fields)
    assert answer.status_code == 200, answer.content
    return Submission.objects.select_related("task", "batch").latest("pk")


def succeeded(program: Program, **fields: Any) -> Task:
    """A task that the provider has finished."""
    submission, now = made(program), timezone.now()
    Submission.objects.begin(submission.pk, now)
    mark_created(submission, REMOTE_ID, now)
    values = {"status": Status.SUCCEEDED, "ended_at": now, "seed": 7, "resolution": "720p"}
    values |= {"ratio": "16:9", "duration": 5, "total_tokens": 108_900, "framespersecond": 24}
    Task.objects.filter(pk=submission.task_id).update(**values | fields)
    return Task.objects.get(pk=submission.task_id)


# Creates


def test_a_create_is_placed_before_its_id_is_told(program: Program, member: User) -> None:
    answer = program.create("A paper boat", ratio="16:9", duration=5, safety_identifier="u-1")
    body = answer.json()
    assert body["id"].startswith("cgt-") and body["safety_identifier"] == "u-1"
    submission = Submission.objects.get()
    assert submission.state == SubmissionState.WAITING
    assert submission.batch.api_token == program.token
    assert submission.batch.created_by == member
    request = submission.generation
    assert (request.model, request.prompt) == (MODEL, "A paper boat")
    assert (request.ratio, request.duration, request.safety_identifier) == ("16:9", 5, "u-1")
    task = program.get(body["id"]).json()
    assert (task["id"], task["status"], task["model"]) == (body["id"], "queued", MODEL)
    assert (task["service_tier"], task["execution_expires_after"]) == ("default", 172_800)
    assert "content" not in task and "error" not in task


def test_flags_of_a_prompt_are_read_as_ark_reads_them(program: Program) -> None:
    request = made(program, prompt="A boat --ratio 9:16 --dur 7 --rs 4x --wm true").generation
    assert (request.prompt, request.ratio, request.duration) == ("A boat", "9:16", 7)
    assert (request.resolution, request.watermark) == (None, True)


def test_a_seed_of_chance_is_taken_of_every_model_and_another_of_those_that_have_one(
    program: Program,
) -> None:
    assert made(program, seed=-1).generation.seed is None
    assert error_of(program.create(seed=7))[::2] == (400, "seed")
    older = "doubao-seedance-1-0-pro-250528"
    assert [made(program, model=older, seed=seed).generation.seed for seed in (-1, 7)] == [-1, 7]


def test_equal_creates_are_separate_takes(program: Program) -> None:
    ids = {program.create().json()["id"] for _ in range(4)}
    assert len(ids) == Task.objects.count() == 4


def test_a_repeated_idempotency_key_gives_the_same_id(program: Program) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first, second = (program.create(headers=headers) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert Task.objects.count() == 1
    other = program.create("Another boat", headers=headers)
    assert error_of(other) == (400, "InvalidParameter", "Idempotency-Key")
    assert Task.objects.count() == 1


def test_the_same_key_of_another_token_is_another_create(
    program: Program, program_of: ProgramOf, member: User
) -> None:
    headers = {"Idempotency-Key": "k-1"}
    ids = {each.create(headers=headers).json()["id"] for each in (program, program_of(member))}
    assert len(ids) == 2


def test_a_repeat_gives_the_id_of_a_create_whose_answer_may_be_lost(program: Program) -> None:
    again = {"X-Stainless-Retry-Count": "1"}
    first = program.create().json()["id"]
    assert program.create(headers=again).json()["id"] == first
    assert program.create("Another boat", headers=again).json()["id"] != first
    ApiCreate.objects.update(answered_at=timezone.now())
    assert program.create(headers=again).json()["id"] != first
    assert Task.objects.count() == 3


def test_a_repeat_long_after_is_a_new_take(program: Program) -> None:
    first = program.create().json()["id"]
    Batch.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert program.create(headers={"X-Stainless-Retry-Count": "1"}).json()["id"] != first


def test_media_are_given_with_their_roles(program: Program) -> None:
    request = made(
        program,
        content=[
            {"type": "text", "text": "A street"},
            picture(role="reference_image"),
            {"type": "audio_url", "audio_url": {"url": "asset://a-1"}, "role": "reference_audio"},
        ],
    ).generation
    assert (request.mode, [str(each.part) for each in request.media]) == (
        Mode.REFERENCE,
        ["reference_image", "reference_audio"],
    )
    assert [each.url for each in request.media] == [PICTURE, "asset://a-1"]


def test_a_picture_in_the_body_becomes_an_upload(program: Program, save_copy: SaveCopy) -> None:
    content = png(400, 400)
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    bodies = [made(program, content=[picture(url)]) for _ in range(2)]
    upload = Upload.objects.get()
    assert upload.content() == content
    assert [each.generation.uploads for each in bodies] == [(upload.pk,)] * 2
    refused = program.create("", picture("data:image/png;base64,aGVsbG8="))
    assert error_of(refused) == (400, "InvalidImageURL.InvalidFormat", "content")


def test_a_final_names_its_draft_by_our_id(program: Program) -> None:
    model = "doubao-seedance-2-5-260628"
    submission = made(program, model=model, draft=True, duration=5)
    Submission.objects.begin(submission.pk, timezone.now())
    mark_created(submission, REMOTE_ID, timezone.now())
    Task.objects.update(status=Status.SUCCEEDED)
    [draft] = program.list().json()["items"]
    content = [{"type": "draft_task", "draft_task": {"id": draft["id"]}}]
    final = made(program, model=model, content=content)
    assert final.generation.draft_task_id == REMOTE_ID
    assert final.parent == submission.task
    told = program.get(program.list().json()["items"][0]["id"]).json()
    assert told["draft_task_id"] == draft["id"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"duration": 99}, (400, "InvalidParameter", "duration")),
        ({"duration": "5"}, (400, "InvalidParameter", "duration")),
        ({"ratio": "2:7"}, (400, "InvalidParameter", "ratio")),
        ({"content": []}, (400, "MissingParameter", "content")),
        ({"content": [{"type": "text", "text": " "}]}, (400, "MissingParameter", "content")),
        ({"model": None}, (400, "MissingParameter", "model")),
        ({"model": "seedance-9"}, (404, "InvalidEndpointOrModel.NotFound", "")),
        ({"style": "noir"}, (400, "InvalidParameter.UnsupportedParameter", "style")),
        ({"callback_url": "ftp://a"}, (400, "InvalidParameter", "callback_url")),
        (
            {"model": "doubao-seedance-2-5-260628", "content": [picture()], "ratio": "16:9"},
            (400, "InvalidParameter.TaskTypeConstraint", "ratio"),
        ),
    ],
)
def test_what_is_known_to_be_wrong_is_refused_at_once(
    program: Program, fields: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert error_of(program.create(**fields)) == expected
    assert not Task.objects.exists()


def test_a_body_that_is_no_json_is_refused(program: Program) -> None:
    assert error_of(program.ask("POST", TASKS, "text"))[:2] == (400, "InvalidParameter")


def test_a_used_up_budget_is_told_as_a_429(program: Program, project: Project) -> None:
    Budget.objects.create(project=project, unit="tokens", limit=1)
    answer = program.create()
    assert error_of(answer) == (429, "SetLimitExceeded", "")
    assert answer["X-Should-Retry"] == "false"
    assert not Task.objects.exists()


def test_another_name_of_the_same_model_finds_its_credential(program: Program) -> None:
    names = ("seedance-2-0-260128", f"Ark/{MODEL}", "dreamina-seedance-2-0-260128")
    assert {made(program, model=name).generation.model for name in names} == {MODEL}


def test_a_token_of_several_projects_names_one(program: Program, member: User) -> None:
    other = Project.objects.create(name="Second")
    other.membership_set.create(user=member, role="member")
    assert error_of(program.create()) == (400, "MissingParameter", "X-Dailies-Project")
    submission = made(program, headers={"X-Dailies-Project": "Second"})
    assert submission.task.project == other


# Answers


def test_a_refusal_of_the_provider_is_a_failed_task(program: Program) -> None:
    submission = made(program)
    error = ProviderError("It is sensitive.", trouble=Trouble.BAD_REQUEST)
    error.code = "InputTextSensitiveContentDetected"
    Submission.objects.begin(submission.pk, timezone.now())
    record_outcome(submission, SubmissionState.REFUSED, timezone.now(), error)
    [task] = program.list().json()["items"]
    assert task["status"] == "failed"
    assert task["error"] == {
        "code": "InputTextSensitiveContentDetected",
        "message": "It is sensitive.",
    }


def test_a_succeeded_task_has_a_link_of_ours_and_its_usage(program: Program) -> None:
    row = succeeded(program, last_frame_url="https://cdn.example/f.png")
    Copy.objects.create(task=row, kind=CopyKind.VIDEO, url=PICTURE, created_at=timezone.now())
    [task] = program.list("filter.status=succeeded").json()["items"]
    assert task["usage"] == {"completion_tokens": 108_900, "total_tokens": 108_900}
    assert (task["seed"], task["resolution"], task["ratio"]) == (7, "720p", "16:9")
    assert (task["duration"], task["framespersecond"]) == (5, 24)
    assert task["content"]["video_url"].startswith("http://testserver/api/files/")
    assert "last_frame_url" in task["content"]
    assert program.get(task["id"]).json() == task


@pytest.mark.parametrize(("kept_as", "ending"), [("", ".mp4"), ("mp4", ".mp4"), ("mov", ".mov")])
def test_links_end_as_the_files_that_they_lead_to(
    program: Program, kept_as: str, ending: str
) -> None:
    row = succeeded(program, output_format=kept_as, last_frame_url="https://cdn.example/f.png")
    Copy.objects.create(task=row, kind=CopyKind.VIDEO, url=PICTURE, created_at=timezone.now())
    content = program.get(row.remote_id).json()["content"]
    assert content["video_url"].endswith(f"/video{ending}")
    assert content["last_frame_url"].endswith("/last_frame.png")


def test_a_succeeded_task_without_a_video_has_no_link_to_one(program: Program) -> None:
    row = succeeded(program)
    assert program.get(row.remote_id).json()["content"] == {}


def test_a_task_is_read_by_the_providers_id_as_well(program: Program) -> None:
    row = succeeded(program)
    assert program.get(row.remote_id).json()["status"] == "succeeded"


def test_an_id_with_another_time_names_nothing(program: Program) -> None:
    made_id = program.create().json()["id"]
    forged = f"cgt-20200101000000-{made_id.rpartition('-')[2]}"
    assert error_of(program.get(forged)) == (404, "ResourceNotFound", "")


def test_nobody_reads_tasks_of_other_projects(
    program: Program, program_of: ProgramOf, stranger: User
) -> None:
    made_id = program.create().json()["id"]
    outside = program_of(stranger)
    assert error_of(outside.get(made_id))[:2] == (404, "ResourceNotFound")
    assert error_of(outside.delete(made_id))[:2] == (404, "ResourceNotFound")
    assert outside.list().json() == {"total": 0, "items": []}


def test_a_list_has_ark_s_filters_and_pages(program: Program) -> None:
    ids = [program.create().json()["id"] for _ in range(3)]
    page = program.list("page_num=2&page_size=2").json()
    assert (page["total"], [each["id"] for each in page["items"]]) == (3, ids[:1])
    two = program.list(
        f"filter.task_ids={ids[0]}&filter.task_ids={ids[2]}&filter.task_ids=x"
    ).json()
    assert (two["total"], {each["id"] for each in two["items"]}) == (2, {ids[0], ids[2]})
    assert program.list("filter.status=queued").json()["total"] == 3
    assert program.list("filter.status=cancelled").json()["total"] == 0
    assert program.list(f"filter.model={MODEL}").json()["total"] == 3
    assert program.list("filter.model=other").json()["total"] == 0
    assert program.list("filter.service_tier=flex").json()["total"] == 0
    Task.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert program.list().json()["total"] == 0
    for query in ("page_num=0", "page_size=501", "filter.status=x", "filter.service_tier=x"):
        assert error_of(program.list(query))[:2] == (400, "InvalidParameter"), query


def test_a_total_is_bounded_and_always_tells_of_a_further_page(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNTED", 2)
    for _ in range(5):
        program.create()
    pages = [program.list(f"page_num={number}&page_size=2").json() for number in (1, 2, 3)]
    assert [(page["total"], len(page["items"])) for page in pages] == [(3, 2), (5, 2), (5, 1)]


@pytest.mark.parametrize("number", [1, 20])
def test_answers_need_few_queries_however_many_tasks(program: Program, number: int) -> None:
    ids = [program.create(headers={"Idempotency-Key": str(n)}).json()["id"] for n in range(number)]
    Task.objects.update(status=Status.SUCCEEDED)
    with CaptureQueriesContext(connection) as listing:
        assert len(program.list().json()["items"]) == number
    with CaptureQueriesContext(connection) as telling:
        program.get(ids[0])
    # The token, its projects, the page, and where that is full the number of tasks.
    assert [selects(listing), selects(telling)] == [3 if number < 20 else 4, 3]


@pytest.mark.parametrize("number", [1, 6])
def test_a_create_needs_few_queries_however_many_credentials(
    program: Program, project: Project, ark: Credential, member: User, number: int
) -> None:
    for count in range(1, number):
        Credential.objects.create(
            name=f"Ark {count}", provider="volcengine", base_url=f"https://{count}.example/api/v3"
        )
    Budget.objects.create(project=project, unit="tokens", limit=10**9)
    Budget.objects.create(person=member, unit="tokens", limit=10**9)
    program.create()
    with CaptureQueriesContext(connection) as creating:
        assert program.create().status_code == 200
    # The token, its project, the credentials, the names that a team added and that providers list;
    # the budgets, the limits of takes, the takes of a minute and an hour, the prices, what is used.
    # PostgreSQL locks the person and the token besides.
    assert selects(creating) == 11 + 2 * connection.features.has_select_for_update
    inserts = [each["sql"] for each in creating.captured_queries if "INSERT" in each["sql"]]
    assert len(inserts) == 5  # batch, task, submission, charge, how it came


def test_a_task_whose_credential_has_moved_is_read_by_the_providers_id(
    program: Program, ark: Credential
) -> None:
    row = succeeded(program)
    Credential.objects.filter(pk=ark.pk).update(base_url="https://new.example/api/v3")
    assert program.get(row.remote_id).json()["status"] == "succeeded"


def selects(queries: CaptureQueriesContext) -> int:
    """The number of statements that read rows; SQLite's settings are none of them."""
    return sum(each["sql"].startswith("SELECT ") for each in queries.captured_queries)


def test_the_models_of_its_credentials_are_listed(program: Program) -> None:
    data = program.ask("GET", "/api/v3/models").json()["data"]
    found = {each["id"]: each for each in data}
    assert found[MODEL]["status"] == "Active" and "TextToVideo" in found[MODEL]["task_type"]


# Deletions


def test_a_create_that_was_not_sent_is_withdrawn(program: Program) -> None:
    made_id = program.create().json()["id"]
    assert program.delete(made_id).json() == {}
    assert program.get(made_id).json()["status"] == "cancelled"
    assert error_of(program.delete(made_id))[:2] == (403, "OperationDenied.InvalidState")


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (CancelOutcome.ACCEPTED, "cancelled", ""),
        (CancelOutcome.WAITING, "queued", ""),
        (CancelOutcome.RUNNING, "queued", "InvalidAction.RunningTaskDeletion"),
        (CancelOutcome.TOO_LATE, "queued", "OperationDenied.InvalidState"),
        (CancelOutcome.UNKNOWN, "queued", "ServerOverloaded"),
    ],
)
def test_a_queued_task_is_cancelled_as_the_provider_answers(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    outcome: CancelOutcome,
    status: str,
    code: str,
) -> None:
    def answered(cancellation: Cancellation) -> CancelOutcome:
        Cancellation.objects.update(outcome=outcome)
        return outcome

    monkeypatch.setattr(cancels, "_outcome", answered)
    submission = made(program)
    Submission.objects.begin(submission.pk, timezone.now())
    mark_created(submission, REMOTE_ID, timezone.now())
    answer = program.delete(REMOTE_ID)
    assert error_of(answer)[1] == code if code else answer.json() == {}
    assert program.get(REMOTE_ID).json()["status"] == status


def test_an_ended_task_vanishes_from_the_api_alone(program: Program) -> None:
    row = succeeded(program)
    assert program.delete(row.remote_id).json() == {}
    assert error_of(program.get(row.remote_id))[:2] == (404, "ResourceNotFound")
    assert program.list().json()["total"] == 0
    assert Task.objects.kept().filter(pk=row.pk).exists()


def test_a_running_task_is_not_deleted(program: Program) -> None:
    row = succeeded(program, status=Status.RUNNING)
    answer = program.delete(row.remote_id)
    assert error_of(answer)[:2] == (409, "InvalidAction.RunningTaskDeletion")


# Who may, and what every answer has


def test_a_token_to_read_creates_and_deletes_nothing(
    program: Program, program_of: ProgramOf, member: User
) -> None:
    made_id = program.create().json()["id"]
    reader = program_of(member, TokenScope.READ)
    assert reader.get(made_id).status_code == 200
    assert error_of(reader.create())[:2] == (403, "AccessDenied")
    assert error_of(reader.delete(made_id))[:2] == (403, "AccessDenied")
    assert Task.objects.count() == 1


def test_no_cookie_opens_the_api(client: Any, member: User, program: Program) -> None:
    client.force_login(member)
    for method in ("get", "post"):
        answer = getattr(client, method)(TASKS)
        assert error_of(answer)[:2] == (401, "AuthenticationError")


def test_every_answer_is_json_in_arks_shape(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("a mistake of ours")

    wrong = program.ask("PUT", TASKS)
    assert (error_of(wrong)[0], wrong["Allow"]) == (405, "GET, POST")
    answers = [wrong, program.ask("GET", "/api/v3/other"), program.get("x")]
    monkeypatch.setattr("tasks.web.api.lists.listed", broken)
    answers.append(program.list())
    assert [each.status_code for each in answers] == [405, 404, 404, 500]
    for answer in answers:
        assert answer["Content-Type"] == "application/json"
        assert "default-src 'none'" in answer["Content-Security-Policy"] or (
            "default-src" in answer["Content-Security-Policy"]
        )
        assert set(answer.json()["error"]) == {"code", "message", "param", "type"}


def test_a_viewer_is_told_no_tokens_and_no_providers_words(
    program: Program, program_of: ProgramOf, viewer: User
) -> None:
    row = succeeded(program)
    reader = program_of(viewer, TokenScope.READ)
    assert "usage" not in reader.get(row.remote_id).json()
    Task.objects.update(status=Status.FAILED, error_code="InternalServiceError", error_message="x!")
    assert "x!" not in reader.get(row.remote_id).json()["error"]["message"]
    assert "x!" in program.get(row.remote_id).json()["error"]["message"]


def test_a_credential_of_another_project_is_not_used(program: Program, ark: Credential) -> None:
    Credential.objects.filter(pk=ark.pk).update(open_to_all=False)
    assert error_of(program.create())[:2] == (404, "InvalidEndpointOrModel.NotFound")


def test_too_many_takes_in_an_hour_are_told_with_the_time_to_wait(
    program: Program, project: Project
) -> None:
    TakeLimits.objects.create(project=project, takes_per_hour=1)
    program.create()
    answer = program.create()
    assert error_of(answer)[:2] == (429, "AccountRateLimitExceeded")
    assert int(answer["Retry-After"]) > 60
