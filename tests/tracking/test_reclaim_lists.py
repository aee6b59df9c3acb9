"""A task that its create's project takes back from what people typed, adopted and looked up."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks.models import (
    Candidate,
    CreateLookup,
    Credential,
    Project,
    Reconciliation,
    Submission,
    SubmissionState,
    Task,
    UntrackedTask,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tasks.submission import place as placing
from tasks.submission.place import (
    ABANDONED,
    AlreadyTrackedError,
    confirm_created,
    mark_interrupted,
    mark_not_created,
    place_batch,
)
from tasks.tracking.reconcile import adopting
from tests.providers.generations import generation
from tests.tracking.reclaiming import (
    NOW,
    REMOTE,
    answer,
    elsewhere,
    on_its_way,
    track,
)

__all__ = ["elsewhere", "on_its_way"]


def test_a_person_gets_no_task_of_another_project_by_typing_its_id(
    on_its_way: Submission, credential: Credential, elsewhere: Project, monkeypatch: Any
) -> None:
    mark_interrupted(NOW + 2 * ABANDONED)
    [theirs] = track(credential, elsewhere)
    with pytest.raises(AlreadyTrackedError):
        confirm_created(on_its_way, REMOTE, NOW)
    monkeypatch.setattr(placing, "_lock_known", lambda *_: None)  # tracked a moment later
    with pytest.raises(AlreadyTrackedError):
        confirm_created(on_its_way, REMOTE, NOW)
    theirs.refresh_from_db()
    assert (theirs.project, theirs.status) == (elsewhere, Status.UNKNOWN)
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED


def found(credential: Credential) -> UntrackedTask:
    row = UntrackedTask.of(
        RemoteTask(
            id=REMOTE,
            status=Status.QUEUED,
            status_word="queued",
            raw={"id": REMOTE, "model": "m", "status": "queued", "created_at": 1795262400},
            created_at=NOW,
        ),
        credential,
        credential.base_url,
        NOW,
    )
    row.save()
    return row


def adopt(project: Project) -> list[Task]:
    return adopting.adopt(UntrackedTask.objects.all(), project, NOW, on_adopted=lambda tasks: None)


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


def test_a_task_that_was_adopted_elsewhere_goes_back_to_its_create(
    project: Project, ark: Credential, elsewhere: Project, member: User
) -> None:
    whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
    late = place_batch([generation()], key=uuid.uuid4(), **whose, now=NOW).submissions.get()
    Submission.objects.begin(late.pk, NOW)
    found(ark)
    [adopted] = adopt(elsewhere)
    answer(late)
    assert Task.objects.get(pk=adopted.pk).status == Status.FOREIGN
    assert Task.objects.get(remote_id=REMOTE, project=project).pk == late.task_id


@pytest.fixture
def lost(project: Project, ark: Credential, member: User) -> Submission:
    """A create without an answer, for which the provider's list offers a task."""
    whose: dict[str, Any] = {"project": project, "credential": ark, "created_by": member}
    row = place_batch([generation()], key=uuid.uuid4(), **whose, now=NOW).submissions.get()
    Submission.objects.begin(row.pk, NOW)
    mark_interrupted(NOW + 2 * ABANDONED)
    found(ark)
    look_up(ark, offered(ark))
    row.refresh_from_db()
    return row


def offered(ark: Credential) -> Candidate:
    return Candidate(base_url=ark.base_url, remote_id=REMOTE, status=Status.QUEUED, created_at=NOW)


def look_up(ark: Credential, *candidates: Candidate) -> None:
    """Record a comparison of the provider's list that brought these."""
    row = Reconciliation.objects.create(
        credential=ark, asked_at=NOW, ended_at=NOW, outcome="compared", base_url=ark.base_url
    )
    CreateLookup.objects.get().take(row, candidates, NOW)


def test_what_another_projects_lost_create_may_have_made_is_not_adopted(
    lost: Submission, elsewhere: Project
) -> None:
    assert adopt(elsewhere) == []
    assert UntrackedTask.objects.exists(), "it is still offered, to the project that sought it"
    assert mark_not_created(lost, NOW)
    [adopted] = adopt(elsewhere)
    assert adopted.project == elsewhere


def test_a_candidate_that_was_imported_elsewhere_since_can_still_be_chosen(
    lost: Submission, ark: Credential, elsewhere: Project
) -> None:
    [note] = track(ark, elsewhere)
    look_up(ark)  # which has only what is untracked
    assert Candidate.objects.free().get().remote_id == REMOTE
    assert confirm_created(lost, REMOTE, NOW)
    task = Task.objects.get(base_url=ark.base_url, remote_id=REMOTE)
    assert (task.pk, task.status) == (lost.task_id, Status.QUEUED)
    assert Task.objects.get(pk=note.pk).status == Status.FOREIGN


def test_a_candidate_that_another_create_has_made_is_not_offered_any_more(
    lost: Submission, ark: Credential, elsewhere: Project, stranger: User
) -> None:
    whose: dict[str, Any] = {"project": elsewhere, "credential": ark, "created_by": stranger}
    theirs = place_batch([generation()], key=uuid.uuid4(), **whose, now=NOW).submissions.get()
    Submission.objects.begin(theirs.pk, NOW)
    answer(theirs)
    assert not Candidate.objects.free().exists()
    with pytest.raises(AlreadyTrackedError):
        confirm_created(lost, REMOTE, NOW)
