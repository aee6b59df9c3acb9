"""What a task's page says where nobody knows whether it was made, and what can be done there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks import submit
from tasks.models import (
    Callback,
    Candidate,
    Credential,
    Inquiry,
    Outcome,
    Project,
    Submission,
    SubmissionState,
    Task,
)
from tasks.providers import ProviderError, Trouble
from tasks.status import Status
from tests.providers.wishes import wish
from tests.web.conftest import ClientOf

FOUND = "cgt-20261121120003-found"
WHOLE: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}

Look = Callable[..., None]


@pytest.fixture
def submission(project: Project, member: User) -> Submission:
    """Sent to an account that lists; no answer came."""
    ark = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    ark.replace_key("sk-of-the-tests-0123456789")
    ark.save()
    whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
    batch = submit.place([wish(**WHOLE)], key=uuid.uuid4(), now=timezone.now(), **whose)
    row = batch.submissions.get()
    Submission.objects.begin(row.pk, timezone.now())
    row.refresh_from_db()
    error = ProviderError("No answer in time.", trouble=Trouble.TIMEOUT)
    submit.end(row, SubmissionState.UNCONFIRMED, timezone.now(), error)
    return row


@pytest.fixture
def looked(submission: Submission) -> Look:
    """looked(Outcome.FAILED, FOUND): the list was gone through, and had these."""

    def looked(outcome: Outcome = Outcome.COMPARED, *found: str, **fields: Any) -> None:
        usual = {"outcome": outcome, "looked_at": timezone.now(), "due_at": None, **fields}
        Inquiry.objects.filter(submission=submission).update(**usual)
        for number, remote_id in enumerate(found):
            candidate(submission, remote_id, seconds=3 + number)

    return looked


def candidate(row: Submission, remote_id: str, *, seconds: float, agreed: Any = ()) -> Candidate:
    assert row.sent_at
    return Candidate.objects.create(
        inquiry=row.inquiry,
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


def test_at_first_it_is_being_looked_for(desk: Client, submission: Submission) -> None:
    text = page(desk, submission)
    assert "The provider's list is being looked through." in text
    assert "nothing in it fits" not in text and "Look through the list now" not in text


def test_what_was_found_is_offered_with_what_speaks_for_it_the_likeliest_first(
    desk: Client, submission: Submission, looked: Look
) -> None:
    looked()
    candidate(submission, "cgt-nearest", seconds=-1)
    candidate(submission, "cgt-agreeing", seconds=8, agreed=["resolution", "ratio"])
    candidate(submission, "cgt-of-this-seed", seconds=9, agreed=["seed"])
    text = page(desk, submission)
    places = [text.index(f'value="cgt-{each}"') for each in ("of-this-seed", "agreeing", "nearest")]
    assert places == sorted(places)
    assert "9 s after sending, same seed" in text
    assert "8 s after sending, same resolution, ratio" in text
    assert "1 s before sending" in text
    assert text.count("It exists: this one") == 3


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.COMPARED, "whole list was looked through, and nothing in it fits"),
        (Outcome.EMPTY, "whole list was looked through, and nothing in it fits"),
        (Outcome.FAILED, "could not be looked through, so nothing is known"),
    ],
)
def test_nothing_found_and_nothing_known_are_told_apart(
    outcome: Outcome, said: str, desk: Client, submission: Submission, looked: Look
) -> None:
    looked(outcome, trouble="server" if outcome == Outcome.FAILED else "")
    text = page(desk, submission)
    assert said in text
    assert "It exists: this one" not in text
    assert "Look through the list now" in text


def test_a_provider_without_a_list_is_told_as_such(desk: Client, submission: Submission) -> None:
    Credential.objects.update(provider="dataeyes")
    text = page(desk, submission)
    assert "has no list that could be looked through" in text
    assert "Look through the list now" not in text


def test_the_next_look_is_told(desk: Client, submission: Submission, looked: Look) -> None:
    looked(due_at=timezone.now() + timedelta(minutes=4, seconds=30))
    assert "It is looked through again:" in page(desk, submission)


def test_the_cost_of_sending_again_is_in_view(desk: Client, submission: Submission) -> None:
    assert "Sending it again costs about 108,900 tokens." in page(desk, submission)
    Submission.objects.update(wish=wish(**WHOLE | {"ratio": "adaptive"}).to_json())
    assert "is only known afterwards" in page(desk, submission)


def test_a_call_of_the_provider_is_told_for_it_proves_that_it_was_made(
    desk: Client, submission: Submission
) -> None:
    Callback.objects.make(submission, timezone.now())
    assert "The provider has called about it" not in page(desk, submission)
    Callback.objects.update(called_at=timezone.now())
    assert "so it was made: do not send it again" in page(desk, submission)


def test_one_press_takes_what_is_offered(
    desk: Client, submission: Submission, looked: Look
) -> None:
    looked(Outcome.COMPARED, FOUND)
    desk.post(f"/tasks/{submission.task_id}/exists/", {"remote_id": FOUND})
    task = Task.objects.get()
    assert (task.remote_id, task.status) == (FOUND, Status.QUEUED)
    assert "It exists" not in page(desk, submission)


def test_what_is_another_wishs_is_refused_in_words(
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
    assert "already belongs to something else" in answer.content.decode()
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED


def test_a_look_can_be_asked_for_by_who_may_work(
    client_of: ClientOf,
    member: User,
    viewer: User,
    stranger: User,
    submission: Submission,
    looked: Look,
) -> None:
    looked(Outcome.COMPARED, FOUND)
    url = f"/tasks/{submission.task_id}/look/"
    for person in (viewer, stranger):
        assert client_of(person).post(url).status_code == 404
    assert Inquiry.objects.get().due_at is None
    assert client_of(member).post(url).status_code == 302
    assert due_at() <= timezone.now()


def due_at() -> datetime:
    found = Inquiry.objects.get().due_at
    assert found
    return found


def test_a_viewer_sees_what_was_found_and_no_button(
    client_of: ClientOf, viewer: User, submission: Submission, looked: Look
) -> None:
    looked(Outcome.COMPARED, FOUND)
    text = page(client_of(viewer), submission)
    assert FOUND in text
    assert "It exists" not in text and "Look through" not in text


def test_the_feed_tells_what_was_found_and_leaves_alone_what_somebody_types(
    desk: Client, submission: Submission, looked: Look
) -> None:
    feed = desk.get(submission.task.get_absolute_url()).context["feed"]
    looked(Outcome.COMPARED, FOUND)
    Task.objects.tell_of_change()
    news = desk.get(feed.url).content.decode()
    assert 'id="task-lost"' in news and FOUND in news
    assert 'id="found-id"' not in news
    Task.objects.update(status=Status.QUEUED)
    Task.objects.tell_of_change()
    assert 'id="task-submission"' in desk.get(feed.url).content.decode()


def test_the_feed_brings_all_of_it_to_a_page_that_saw_it_leave(
    desk: Client, submission: Submission
) -> None:
    Task.objects.update(status=Status.SUBMITTING)
    feed = desk.get(submission.task.get_absolute_url()).context["feed"]
    Task.objects.update(status=Status.UNCONFIRMED)
    Task.objects.tell_of_change()
    assert 'id="found-id"' in desk.get(feed.url).content.decode()


def test_the_rights_of_the_id_are_those_of_the_form(
    client_of: ClientOf, stranger: User, submission: Submission, looked: Look
) -> None:
    looked(Outcome.COMPARED, FOUND)
    answer = client_of(stranger).post(f"/tasks/{submission.task_id}/exists/", {"remote_id": FOUND})
    assert answer.status_code == 404
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED
