"""A create is sent once: whatever is pressed twice, breaks, or answers late."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django_q.models import OrmQ

from tasks import jobs
from tasks.models import (
    Credential,
    Project,
    StatusChange,
    Submission,
    TakeLimits,
    Task,
)
from tasks.providers.registry import PROVIDERS
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission.place import (
    ABANDONED,
    IdempotencyKeyError,
    mark_created,
    mark_interrupted,
    mark_not_created,
)
from tasks.team import credentials
from tasks.tracking import refresh
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock
from tests.tracking.submitting import (
    CREATED,
    LOST_ANSWERS,
    NOT_CREATED,
    REFUSED,
    UNCONFIRMED,
    Place,
    creates,
    only,
    place,
    send,
)

__all__ = ["place"]


@pytest.mark.sockets
@pytest.mark.parametrize(
    "preset",
    [known.slug for known in PROVIDERS],
)
def test_a_request_becomes_a_task_that_is_tracked(
    preset: str, account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account(preset))
    task = only().task
    assert (task.status, task.check_after) == (Status.SUBMITTING, None)
    assert task.remote_id.startswith(Task.NO_ID_YET)
    assert send(clock) == 1
    made = only()
    assert (made.state, made.task.status) == (CREATED, Status.QUEUED)
    assert made.task.remote_id in {record.public_id for record in sim.tasks}
    refresh.sweep(0.3, clock=clock)
    assert only().task.answer_digest
    assert StatusChange.objects.earliest("pk").became == Status.QUEUED
    assert creates(sim) == 1


def test_the_row_is_written_before_anything_is_sent(
    account: Account, place: Place, sim: Simulator
) -> None:
    place(account(), resolution="720p", duration=5)
    task = Task.objects.get()
    assert (task.prompt, task.resolution, task.duration) == (generation().prompt, "720p", 5)
    assert Task.objects.matching("paper boat").get() == task
    assert creates(sim) == 0


def test_a_key_makes_one_batch_however_often_it_comes(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    credential, key = account(), uuid.uuid4()
    assert place(credential, key=key, takes=2) == place(credential, key=key, takes=2)
    send(clock)
    assert place(credential, key=key).submissions.count() == 2
    assert send(clock) == 0
    assert creates(sim) == 2


def test_somebody_elses_key_opens_nothing(account: Account, place: Place, manager: User) -> None:
    key = uuid.uuid4()
    place(account(), key=key)
    with pytest.raises(IdempotencyKeyError):
        place(Credential.objects.get(), key=key, created_by=manager)


@pytest.mark.parametrize("fault", LOST_ANSWERS)
def test_a_create_without_an_answer_is_unconfirmed_and_never_sent_again(
    fault: str, account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    credential = account()
    sim.fault("sim-test", fault)
    place(credential)
    send(clock)
    sim.fault("sim-test", "")
    left = only()
    assert (left.state, left.task.status, left.task.check_after) == (
        UNCONFIRMED,
        Status.UNCONFIRMED,
        None,
    )
    assert left.message
    clock.go_on(86_400)
    assert send(clock) == mark_interrupted(clock.now) == 0
    refresh.sweep(0.1, clock=clock)
    assert only().state == UNCONFIRMED
    assert sum(1 for seen in sim.requests_seen if seen.method == "POST") == 1


@pytest.mark.parametrize("key", ["sim-fault-429-on-create", "sim-notopen", "wrong-key"])
def test_a_refusal_says_why_and_creates_nothing(
    key: str, account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account(key=key))
    send(clock)
    left = only()
    assert (left.state, left.task.status) == (REFUSED, Status.FAILED)
    assert left.task.error_message == left.message
    assert creates(sim) == 0


def test_a_provider_that_cannot_be_reached_is_a_refusal(
    account: Account, place: Place, clock: Clock
) -> None:
    place(account(), key=None)
    Credential.objects.update(base_url="http://127.0.0.1:9009")
    Task.objects.update(base_url="http://127.0.0.1:9009")
    send(clock)
    assert only().state == REFUSED


def test_a_key_is_not_sent_to_where_the_credential_has_moved(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account())
    Credential.objects.update(base_url=sim.base_url("byteplus"))
    send(clock)
    assert (only().state, creates(sim)) == (REFUSED, 0)


def test_an_unreadable_key_is_a_refusal(account: Account, place: Place, clock: Clock) -> None:
    place(account())
    Credential.objects.update(sealed_key="gAAAA")
    send(clock)
    assert only().state == REFUSED


def test_many_takes_are_each_sent_once(
    account: Account, place: Place, sim: Simulator, clock: Clock, project: Project
) -> None:
    TakeLimits.objects.create(project=project, most_takes=30)
    place(account(), takes=30)
    assert send(clock) == 30
    assert creates(sim) == 30
    assert len(set(Task.objects.values_list("remote_id", flat=True))) == 30


@pytest.mark.django_db(transaction=True)
def test_several_workers_share_the_takes_and_send_none_twice(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account(), takes=20)

    def work() -> None:
        send(clock)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert creates(sim) == 20
    assert set(Submission.objects.values_list("state", flat=True)) == {CREATED}


def test_a_create_cut_off_by_a_kill_is_unconfirmed_after_a_while(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account())
    assert Submission.objects.begin(only().pk, clock.now)
    assert send(clock) == mark_interrupted(clock.now) == 0
    clock.go_on(ABANDONED.total_seconds() + 1)
    assert mark_interrupted(clock.now) == 1
    assert only().state == UNCONFIRMED
    assert creates(sim) == 0


def test_an_answer_that_comes_late_is_believed(
    account: Account, place: Place, clock: Clock
) -> None:
    place(account())
    late = only()
    Submission.objects.begin(late.pk, clock.now)
    mark_interrupted(clock.now + ABANDONED + timedelta(seconds=1))
    sending.record(
        sending.CreateOutcome(submission=late, remote_id="cgt-20261120120000-later"), clock.now
    )
    assert (only().state, only().task.remote_id) == (CREATED, "cgt-20261120120000-later")


def test_a_person_confirms_the_task_that_was_created(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    sim.fault("sim-test", "lost-create")
    place(account())
    send(clock)
    sim.fault("sim-test", "")
    [record] = sim.tasks
    assert mark_created(only(), record.id, clock.now)
    refresh.sweep(0.3, clock=clock)
    assert only().task.answer_digest
    assert creates(sim) == 1


def test_only_an_unconfirmed_create_can_be_marked_as_not_created_and_once(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    sim.fault("sim-test", "500;on=create")
    place(account())
    assert not mark_not_created(only(), clock.now)
    send(clock)
    assert mark_not_created(only(), clock.now)
    assert not mark_not_created(only(), clock.now)
    assert (only().state, only().task.status) == (NOT_CREATED, Status.LOST)


def test_a_task_that_was_adopted_meanwhile_takes_over_the_submission(
    account: Account, place: Place, project: Project, clock: Clock, sim: Simulator
) -> None:
    credential = account()
    place(credential)
    waiting = only()
    Submission.objects.begin(waiting.pk, clock.now)
    [adopted] = Task.objects.track(
        ["cgt-20261120120000-found"],
        credential=credential,
        project=project,
        created_by=None,
        now=clock.now,
    )
    sending.record(
        sending.CreateOutcome(submission=waiting, remote_id="cgt-20261120120000-found"), clock.now
    )
    assert Task.objects.get() == adopted == only().task
    assert only().state == CREATED


def test_a_created_task_is_recorded_once_the_database_works_again(
    account: Account, place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(account())
    times: list[object] = []
    monkeypatch.setattr(sending, "PATIENCE", (0, 0, 0))
    monkeypatch.setattr(sending, "record", _fails_twice(sending.record, times))
    send(clock)
    assert len(times) == 3
    assert only().state == CREATED


def _fails_twice(record: Callable[..., None], times: list[object]) -> Callable[..., None]:
    def fail(outcome: sending.CreateOutcome, now: object) -> None:
        times.append(outcome)
        if len(times) < 3:
            raise DatabaseError("database is locked")
        record(outcome, now)

    return fail


def test_a_request_survives_its_way_through_the_database() -> None:
    full = generation(parts=["reference_image", "reference_audio"], seed=-1, generate_audio=False)
    assert type(full).from_json(full.to_json()) == full


# The jobs


def test_a_job_sends_waiting_submissions(account: Account, place: Place, sim: Simulator) -> None:
    place(account(), takes=2)
    jobs.send()
    assert creates(sim) == 2
    assert not queued(jobs.SEND)


def test_a_sweep_queues_the_job_for_a_forgotten_submission(
    account: Account, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that placed it may have died before the job was queued."""
    monkeypatch.setattr(jobs, "SWEEP_SECONDS", 0.01)
    jobs.sweep()
    assert not queued(jobs.SEND)
    place(account())
    jobs.sweep()
    assert queued(jobs.SEND)


def test_a_job_without_time_left_queues_another_for_the_rest(
    account: Account, place: Place, monkeypatch: pytest.MonkeyPatch, sim: Simulator
) -> None:
    monkeypatch.setattr(jobs, "SEND_SECONDS", 0)
    place(account(), takes=2)
    jobs.send()
    assert (creates(sim), queued(jobs.SEND)) == (0, True)


def queued(job: str) -> bool:
    return any(row.task["func"] == job for row in OrmQ.objects.all())


def test_a_task_without_an_id_keeps_its_base_url(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    """A corrected base URL moves tasks that no provider has answered for, but not these."""
    credential = account()
    place(credential)
    credential.base_url = sim.base_url("byteplus")
    credentials._move_unanswered_tasks(credential, sim.base_url("volcengine"))
    assert (only().task.check_after, only().task.base_url) == (None, sim.base_url("volcengine"))
