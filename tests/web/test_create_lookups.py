"""An unconfirmed create on its task's page: the lookup in the provider's list, and the buttons."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import (
    Callback,
    Candidate,
    CreateLookup,
    Credential,
    ListOutcome,
    Project,
    Submission,
    SubmissionState,
    Task,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.submission.place import place_batch, record_outcome
from tests.providers.generations import generation
from tests.web.conftest import ClientOf

FOUND = "cgt-20261121120003-found"
WHOLE: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}

LookUp = Callable[..., None]


@pytest.fixture
def submission(project: Project, member: User) -> Submission:
    """A submission to an account with a list; its answer never came."""
    ark = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    ark.replace_key("sk-of-the-tests-0123456789")
    ark.save()
    whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
    batch = place_batch([generation(**WHOLE)], key=uuid.uuid4(), now=timezone.now(), **whose)
    row = batch.submissions.get()
    Submission.objects.begin(row.pk, timezone.now())
    row.refresh_from_db()
    error = ProviderError("No answer in time.", trouble=Trouble.TIMEOUT)
    record_outcome(row, SubmissionState.UNCONFIRMED, timezone.now(), error)
    return row


@pytest.fixture
def look_up(submission: Submission) -> LookUp:
    """look_up(ListOutcome.FAILED, FOUND): an attempt ended so, with these candidates."""

    def look_up(outcome: ListOutcome = ListOutcome.COMPARED, *found: str, **fields: Any) -> None:
        usual = {"outcome": outcome, "attempted_at": timezone.now(), "due_at": None, **fields}
        CreateLookup.objects.filter(submission=submission).update(**usual)
        for number, remote_id in enumerate(found):
            candidate(submission, remote_id, seconds=3 + number)

    return look_up


def candidate(row: Submission, remote_id: str, *, seconds: float, agreed: Any = ()) -> Candidate:
    assert row.sent_at
    return Candidate.objects.create(
        lookup=row.lookup,
        base_url=row.task.base_url,
        remote_id=remote_id,
        status=Status.RUNNING,
        created_at=row.sent_at + timedelta(seconds=seconds),
        agreed=list(agreed),
    )


def page(client: Client, submission: Submission) -> str:
    return " ".join(client.get(submission.task.get_absolute_url()).content.decode().split())


@pytest.fixture
def desk(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def test_before_the_first_attempt_the_list_is_being_looked_through(
    desk: Client, submission: Submission
) -> None:
    text = page(desk, submission)
    assert "Searching the provider's list…" in text
    assert "nothing matches" not in text and "Search the list now" not in text


def test_candidates_are_offered_with_their_reasons_the_likeliest_first(
    desk: Client, submission: Submission, look_up: LookUp
) -> None:
    look_up()
    candidate(submission, "cgt-nearest", seconds=-1)
    candidate(submission, "cgt-agreeing", seconds=8, agreed=["resolution", "ratio"])
    candidate(submission, "cgt-of-this-seed", seconds=9, agreed=["seed"])
    text = page(desk, submission)
    places = [text.index(f'value="cgt-{each}"') for each in ("of-this-seed", "agreeing", "nearest")]
    assert places == sorted(places)
    assert "9 s after sending, same seed" in text
    assert "8 s after sending, same resolution, ratio" in text
    assert "1 s before sending" in text
    assert text.count("This is the task") == 3


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (ListOutcome.COMPARED, "whole list was searched, and nothing matches"),
        (ListOutcome.EMPTY, "whole list was searched, and nothing matches"),
        (ListOutcome.FAILED, "be searched, so it"),
    ],
)
def test_nothing_found_and_nothing_known_are_told_apart(
    outcome: ListOutcome, words: str, desk: Client, submission: Submission, look_up: LookUp
) -> None:
    look_up(outcome, trouble="server" if outcome == ListOutcome.FAILED else "")
    text = page(desk, submission)
    assert words in text
    assert "This is the task" not in text
    assert "Search the list now" in text


def test_a_provider_without_a_list_is_told_as_such(desk: Client, submission: Submission) -> None:
    Credential.objects.update(provider="dataeyes")
    text = page(desk, submission)
    assert "has no list to search" in text
    assert "Search the list now" not in text


def test_the_next_attempt_is_announced(
    desk: Client, submission: Submission, look_up: LookUp
) -> None:
    look_up(due_at=timezone.now() + timedelta(minutes=4, seconds=30))
    assert "Next search:" in page(desk, submission)


def test_the_cost_of_sending_again_is_in_view(desk: Client, submission: Submission) -> None:
    assert "Sending it again costs about 108,900 tokens." in page(desk, submission)
    Submission.objects.update(request=generation(**WHOLE | {"ratio": "adaptive"}).to_json())
    assert "is known only afterwards" in page(desk, submission)


def test_a_callback_of_the_provider_is_shown_and_proves_that_it_was_made(
    desk: Client, submission: Submission
) -> None:
    Callback.objects.make(submission, timezone.now())
    assert "The provider sent a callback about it" not in page(desk, submission)
    Callback.objects.update(called_at=timezone.now())
    assert "so it was created." in page(desk, submission)


def test_one_press_adopts_a_candidate(
    desk: Client, submission: Submission, look_up: LookUp
) -> None:
    look_up(ListOutcome.COMPARED, FOUND)
    desk.post(f"/tasks/{submission.task_id}/exists/", {"remote_id": FOUND})
    task = Task.objects.get()
    assert (task.remote_id, task.status) == (FOUND, Status.QUEUED)
    assert "It was created" not in page(desk, submission)


def test_a_candidate_of_another_submission_is_refused_with_a_sentence(
    desk: Client, submission: Submission, project: Project
) -> None:
    theirs = Project.objects.create(name="Elsewhere")
    submission.task.credential.save()
    Task.objects.track(
        [FOUND],
        credential=submission.task.credential,
        project=theirs,
        created_by=None,
        now=timezone.now(),
    )
    answer = desk.post(f"/tasks/{submission.task_id}/exists/", {"remote_id": FOUND}, follow=True)
    assert "already belongs to another task" in answer.content.decode()
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED


def test_people_who_may_work_can_ask_for_an_attempt(
    client_of: ClientOf,
    member: User,
    viewer: User,
    stranger: User,
    submission: Submission,
    look_up: LookUp,
) -> None:
    look_up(ListOutcome.COMPARED, FOUND)
    url = f"/tasks/{submission.task_id}/lookup/"
    for person in (viewer, stranger):
        assert client_of(person).post(url).status_code == 404
    assert CreateLookup.objects.get().due_at is None
    assert client_of(member).post(url).status_code == 302
    assert due_at() <= timezone.now()


def due_at() -> datetime:
    found = CreateLookup.objects.get().due_at
    assert found
    return found


def test_a_viewer_sees_the_candidates_where_details_are_shown_and_no_button(
    client_of: ClientOf, viewer: User, submission: Submission, look_up: LookUp
) -> None:
    look_up(ListOutcome.COMPARED, FOUND)
    text = page(client_of(viewer), submission)
    assert FOUND not in text and "Unconfirmed: this may or may not have been created" in text
    Project.objects.update(viewers_see_details=True)
    text = page(client_of(viewer), submission)
    assert FOUND in text
    assert "It was created" not in text and "Search the list" not in text


def test_the_feed_brings_candidates_and_leaves_typed_text_alone(
    desk: Client, submission: Submission, look_up: LookUp
) -> None:
    feed = desk.get(submission.task.get_absolute_url()).context["feed"]
    look_up(ListOutcome.COMPARED, FOUND)
    Task.objects.mark_changed()
    news = desk.get(feed.url).content.decode()
    assert 'id="task-lost"' in news and FOUND in news
    assert 'id="found-id"' not in news
    Task.objects.update(status=Status.QUEUED)
    Task.objects.mark_changed()
    assert 'id="task-submission"' in desk.get(feed.url).content.decode()


def test_the_feed_brings_all_of_it_to_a_page_that_saw_it_leave(
    desk: Client, submission: Submission
) -> None:
    Task.objects.update(status=Status.SUBMITTING)
    feed = desk.get(submission.task.get_absolute_url()).context["feed"]
    Task.objects.update(status=Status.UNCONFIRMED)
    Task.objects.mark_changed()
    assert 'id="found-id"' in desk.get(feed.url).content.decode()


def test_the_rights_of_the_id_are_those_of_the_form(
    client_of: ClientOf, stranger: User, submission: Submission, look_up: LookUp
) -> None:
    look_up(ListOutcome.COMPARED, FOUND)
    answer = client_of(stranger).post(f"/tasks/{submission.task_id}/exists/", {"remote_id": FOUND})
    assert answer.status_code == 404
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED
