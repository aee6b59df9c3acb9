"""A remote task ends in the project whose create made it, whatever another project tracked."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from tasks.models import (
    AuditEntry,
    Charge,
    Copy,
    CopyState,
    CreateLookup,
    Credential,
    Project,
    Submission,
    SubmissionState,
    Task,
)
from tasks.providers.status import Status
from tasks.submission import place as placing
from tasks.submission.place import (
    ABANDONED,
    mark_created,
    mark_interrupted,
    place_batch,
    withdraw,
)
from tasks.tracking import refresh
from tests.providers.generations import generation
from tests.tracking.reclaiming import (
    LINK,
    NOW,
    PROMPT,
    REMOTE,
    TOKENS,
    answer,
    elsewhere,
    hear,
    on_its_way,
    save,
    spent,
    stored,
    track,
)

__all__ = ["elsewhere", "on_its_way"]


def test_a_late_answer_takes_the_task_back_from_another_project(
    on_its_way: Submission, credential: Credential, elsewhere: Project, member: User
) -> None:
    [note] = track(credential, elsewhere)
    answer(on_its_way)
    made = Submission.objects.select_related("task").get()
    assert made.state == SubmissionState.CREATED
    assert (made.task_id, made.task.remote_id) == (on_its_way.task_id, REMOTE)
    assert (made.task.project, made.task.status) == (on_its_way.batch.project, Status.QUEUED)
    assert made.task.check_after == NOW
    note.refresh_from_db()
    assert (note.project, note.remote_id, note.status) == (elsewhere, REMOTE, Status.FOREIGN)
    assert note.check_after is None and PROMPT not in repr(vars(note))


def test_what_was_heard_saved_and_counted_goes_with_it(
    on_its_way: Submission, credential: Credential, elsewhere: Project, project: Project
) -> None:
    [note] = track(credential, elsewhere)
    hear(note)
    save(note)
    assert spent() == {"Dailies": (0, TOKENS), "Elsewhere": (TOKENS, 0)}
    assert stored() == {"Elsewhere": (1, 105)}
    answer(on_its_way)
    task = Task.objects.get(pk=on_its_way.task_id)
    assert (task.status, task.seed, task.video_url) == (Status.SUCCEEDED, 7, LINK)
    assert Copy.objects.get().task == task
    assert spent() == {"Dailies": (TOKENS, 0)}
    assert stored() == {"Dailies": (1, 105)}
    charge = Charge.objects.get()
    assert (charge.task, charge.project) == (task, project)


def test_the_note_has_nothing_but_the_id_and_who_typed_it(
    on_its_way: Submission, credential: Credential, elsewhere: Project, stranger: User
) -> None:
    [note] = track(credential, elsewhere, stranger)
    hear(note)
    answer(on_its_way)
    note = Task.objects.get(pk=note.pk)
    blank = Task(base_url=note.base_url)
    kept = {"id", "project_id", "credential_id", "created_by_id", "created_at", "provider"}
    kept |= {"base_url", "remote_id", "status", "check_after", "change", "search_text"}
    changed = {
        field.attname
        for field in Task._meta.concrete_fields
        if getattr(note, field.attname) != getattr(blank, field.attname)
    }
    assert changed <= kept
    assert (note.created_by, note.raw) == (stranger, "")
    assert not note.changes.exists() and not hasattr(note, "charge")
    assert not Task.objects.matching("secret").filter(project=elsewhere).exists()
    assert list(Task.objects.matching(REMOTE).filter(project=elsewhere)) == [note]


def test_words_typed_in_the_other_project_do_not_replace_those_of_the_request(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    typed = {REMOTE: {"prompt": "A typed prompt", "ratio": "1:1", "duration": 9}}
    whose: dict[str, Any] = {"project": elsewhere, "created_by": None}
    Task.objects.track([REMOTE], credential=credential, **whose, now=NOW, given=typed)
    answer(on_its_way)
    task = Task.objects.get(pk=on_its_way.task_id)
    assert (task.prompt, task.ratio, task.duration) == (PROMPT, "16:9", 5)
    assert Task.objects.matching("secret").get() == task


def test_stars_and_what_was_made_from_it_stay_on_the_note(
    on_its_way: Submission, credential: Credential, elsewhere: Project, stranger: User
) -> None:
    [note] = track(credential, elsewhere)
    whose: dict[str, Any] = {"project": elsewhere, "credential": credential}
    made = place_batch(
        [generation()], key=uuid.uuid4(), **whose, created_by=stranger, now=NOW
    ).submissions.get()
    Submission.objects.filter(pk=made.pk).update(parent=note)
    note.stars.create(user=stranger)
    answer(on_its_way)
    made.refresh_from_db()
    assert made.parent == note
    assert note.stars.get().user == stranger
    assert not on_its_way.task.stars.exists()


@pytest.mark.parametrize("state", [CopyState.SAVED, CopyState.DELETED])
def test_what_the_other_project_threw_away_is_there_again(
    state: str, on_its_way: Submission, credential: Credential, elsewhere: Project, stranger: User
) -> None:
    [note] = track(credential, elsewhere)
    hear(note)
    save(note, state=state, deleted_at=NOW, deleted_by=stranger)
    answer(on_its_way)
    copy = Copy.objects.get()
    assert (copy.task_id, copy.deleted_at) == (on_its_way.task_id, None)
    assert copy.state == (CopyState.SAVED if state == CopyState.SAVED else CopyState.WAITING)


def test_a_cancelling_of_the_other_project_is_not_sent_any_more(
    on_its_way: Submission, credential: Credential, elsewhere: Project, stranger: User
) -> None:
    [note] = track(credential, elsewhere)
    note.cancellations.create(asked_by=stranger, asked_at=NOW)
    answer(on_its_way)
    assert not note.cancellations.exists()


def test_an_answer_to_the_sweep_that_comes_afterwards_is_not_written_on_the_note(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    [note] = track(credential, elsewhere)
    answer(on_its_way)
    assert hear(note) == 0
    note.refresh_from_db()
    assert (note.status, note.prompt, note.raw) == (Status.FOREIGN, "", "")
    assert not Copy.objects.exists()
    assert spent() == {"Dailies": (0, TOKENS)}


def test_nobody_can_have_the_provider_asked_about_a_note(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    [note] = track(credential, elsewhere)
    answer(on_its_way)
    assert Task.objects.filter(pk=note.pk).check_now(NOW) == 0
    refresh.sweep(0, clock=lambda: NOW)
    note.refresh_from_db()
    assert (note.check_after, note.asked_at) == (None, None)


def test_a_create_that_counted_as_lost_takes_its_task_back_too(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    mark_interrupted(NOW + 2 * ABANDONED)
    track(credential, elsewhere)
    assert CreateLookup.objects.exists()
    answer(on_its_way)
    made = Submission.objects.select_related("task").get()
    assert (made.state, made.task.status) == (SubmissionState.CREATED, Status.QUEUED)
    assert not CreateLookup.objects.exists()


def test_a_create_that_had_ended_takes_nothing(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    Submission.objects.update(state=SubmissionState.WAITING)
    assert withdraw(on_its_way.task, NOW)
    [note] = track(credential, elsewhere)
    assert not mark_created(on_its_way, REMOTE, NOW)
    note.refresh_from_db()
    assert note.status == Status.UNKNOWN


def test_the_id_is_free_where_it_belongs_and_taken_for_everybody_else(
    on_its_way: Submission, credential: Credential, elsewhere: Project
) -> None:
    track(credential, elsewhere)
    answer(on_its_way)
    assert track(credential, elsewhere) == []
    assert Task.objects.filter(base_url=credential.base_url, remote_id=REMOTE).count() == 1


def test_both_projects_read_in_the_audit_that_it_moved(
    on_its_way: Submission, credential: Credential, elsewhere: Project, project: Project
) -> None:
    [note] = track(credential, elsewhere)
    answer(on_its_way)
    entries = {row.project_id: row for row in AuditEntry.objects.filter(verb="moved")}
    assert {pk: (row.object_id, row.label) for pk, row in entries.items()} == {
        elsewhere.pk: (note.pk, REMOTE),
        project.pk: (on_its_way.task_id, REMOTE),
    }


# At the same moment


def test_an_id_that_is_tracked_at_the_very_moment_is_taken_back(
    on_its_way: Submission, credential: Credential, elsewhere: Project, monkeypatch: Any
) -> None:
    """A first look that missed it runs into the unique id; the second try decides."""
    look, seen = placing._lock_known, list[str]()

    def miss_it_once(placeholder: Task, remote_id: str) -> Task | None:
        if seen:
            return look(placeholder, remote_id)
        seen.append(remote_id)
        track(credential, elsewhere)
        return None

    monkeypatch.setattr(placing, "_lock_known", miss_it_once)
    answer(on_its_way)
    assert Submission.objects.get().state == SubmissionState.CREATED
    task = Task.objects.get(base_url=credential.base_url, remote_id=REMOTE)
    assert (task.pk, task.status) == (on_its_way.task_id, Status.QUEUED)


def at_once(*calls: Callable[[], object]) -> None:
    """Run all at once, each over a connection of its own; raise what one of them raises."""
    gate, errors = threading.Barrier(len(calls)), list[BaseException]()

    def run(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.django_db(transaction=True)
def test_answer_tracking_and_sweep_at_once_leave_one_task_where_it_is_paid(
    on_its_way: Submission, credential: Credential, elsewhere: Project, project: Project
) -> None:
    [note] = track(credential, elsewhere)
    hear(note)
    save(note)
    at_once(
        lambda: answer(on_its_way),
        lambda: track(credential, elsewhere),
        lambda: hear(note),
        lambda: Copy.objects.filter(task=note).save_now(timezone.now()),
    )
    assert Submission.objects.get().state == SubmissionState.CREATED
    task = Task.objects.get(base_url=credential.base_url, remote_id=REMOTE)
    assert (task.pk, task.project, task.status) == (
        on_its_way.task_id,
        project,
        Status.SUCCEEDED,
    )
    assert Task.objects.get(project=elsewhere).status == Status.FOREIGN
    assert Copy.objects.get().task == task
    assert spent() == {"Dailies": (TOKENS, 0)}
    assert stored() == {"Dailies": (1, 105)}


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_the_first_tracking_at_once_leave_one_task_where_it_is_paid(
    on_its_way: Submission, credential: Credential, elsewhere: Project, project: Project
) -> None:
    at_once(lambda: answer(on_its_way), lambda: track(credential, elsewhere))
    task = Task.objects.get(base_url=credential.base_url, remote_id=REMOTE)
    assert (task.pk, task.project) == (on_its_way.task_id, project)
    assert {row.status for row in Task.objects.filter(project=elsewhere)} <= {Status.FOREIGN}
    assert spent() == {"Dailies": (0, TOKENS)}
