"""A remote task ends in the project whose create made it, whatever another project tracked."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from tasks.models import (
    AuditEntry,
    Candidate,
    Charge,
    Copy,
    CopyState,
    CreateLookup,
    Credential,
    Project,
    Reconciliation,
    Spending,
    StorageUse,
    Submission,
    SubmissionState,
    Task,
    UntrackedTask,
)
from tasks.providers import RemoteTask
from tasks.status import Status
from tasks.submission import place as placing
from tasks.submission.place import (
    ABANDONED,
    AlreadyTrackedError,
    confirm_created,
    mark_created,
    mark_interrupted,
    mark_not_created,
    place_batch,
    withdraw,
)
from tasks.submission.send import CreateOutcome, record
from tasks.tracking import refresh
from tasks.tracking.poller import PollResult
from tasks.tracking.reconcile import adopting
from tasks.tracking.refresh.recording import record as record_polls
from tests.providers.generations import generation

NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
REMOTE = "cgt-20261120120000-found"
PROMPT = "The secret of the film"
TOKENS = 108_900
LINK = "https://ark-content.example/film.mp4"


@pytest.fixture
def elsewhere(db: None) -> Project:
    return Project.objects.create(name="Elsewhere")


@pytest.fixture
def on_its_way(project: Project, credential: Credential, member: User) -> Submission:
    """A create of the first project that was sent, and whose answer has not come yet."""
    asked = generation(prompt=PROMPT, resolution="720p", ratio="16:9", duration=5)
    whose: dict[str, Any] = {"project": project, "credential": credential, "created_by": member}
    batch = place_batch([asked], key=uuid.uuid4(), **whose, now=NOW)
    row = batch.submissions.select_related("task__credential").get()
    assert Submission.objects.begin(row.pk, NOW)
    return row


def track(credential: Credential, project: Project, person: User | None = None) -> list[Task]:
    whose: dict[str, Any] = {"project": project, "created_by": person}
    return Task.objects.track([REMOTE], credential=credential, **whose, now=NOW)


def finished() -> RemoteTask:
    return RemoteTask(
        id=REMOTE,
        status=Status.SUCCEEDED,
        status_word="succeeded",
        raw={"id": REMOTE, "content": {"video_url": LINK}},
        prompt=PROMPT,
        video_url=LINK,
        seed=7,
        total_tokens=TOKENS,
        completion_tokens=TOKENS,
    )


def hear(task: Task, remote: RemoteTask | None = None) -> int:
    """Record an answer about the row, as the sweep does."""
    poll = PollResult(pk=task.pk, remote=remote or finished(), digest="d" * 32)
    return record_polls([poll], NOW, {})


def answer(late: Submission) -> None:
    record(CreateOutcome(submission=late, remote_id=REMOTE), NOW)


def spent() -> dict[str, tuple[int, int]]:
    """Tokens by project: (counted, reserved); projects without any are left out."""
    rows = Spending.objects.order_by().values("project__name")
    sums = rows.annotate(counted=Sum("tokens"), reserved=Sum("reserved_tokens"))
    tokens = {row["project__name"]: (row["counted"], row["reserved"]) for row in sums}
    return {name: numbers for name, numbers in tokens.items() if any(numbers)}


def stored() -> dict[str, tuple[int, int]]:
    sums = {row.project.name: (row.files, row.bytes) for row in StorageUse.objects.all()}
    return {name: use for name, use in sums.items() if any(use)}


def save(task: Task, **fields: Any) -> None:
    row = Copy.objects.get(task=task)
    row.name, row.poster = f"{task.pk}/video.mp4", f"{task.pk}/poster.webp"
    row.state, row.size, row.poster_size, row.saved_at = CopyState.SAVED, 100, 5, NOW
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


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


# People's words, and lists


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
