"""A create is sent once: whatever is pressed twice, breaks, or answers late."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django_q.models import OrmQ

from tasks import jobs
from tasks.models import (
    Batch,
    Charge,
    Credential,
    Project,
    StatusChange,
    Submission,
    SubmissionState,
    TakeLimits,
    Task,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.registry import PROVIDERS
from tasks.simulator.server import Simulator
from tasks.status import Status
from tasks.submission import send as sending
from tasks.submission.place import (
    ABANDONED,
    IdempotencyKeyError,
    mark_created,
    mark_interrupted,
    mark_not_created,
    place_batch,
    withdraw,
)
from tasks.team import credentials
from tasks.tracking import refresh
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock, Follow

Place = Callable[..., Batch]
CREATED, REFUSED = SubmissionState.CREATED, SubmissionState.REFUSED
WAITING = SubmissionState.WAITING
UNCONFIRMED, NOT_CREATED = SubmissionState.UNCONFIRMED, SubmissionState.NOT_CREATED
LOST_ANSWERS = ["lost-create", "500;on=create", "html;on=create", "empty;on=create"]
MODELS = {"byteplus": "dreamina-seedance-2-0-260128", "powertokens": "seedance-1-5-pro-251215"}


@pytest.fixture
def place(project: Project, member: User, clock: Clock) -> Place:
    """place(credential, takes=3): one press of the button."""

    def place(credential: Credential, *, takes: int = 1, **fields: Any) -> Batch:
        model = MODELS.get(credential.provider, "doubao-seedance-2-0-260128")
        by = fields.pop("created_by", member)
        key = fields.pop("key", None) or uuid.uuid4()
        requests = [generation(model, **fields)] * takes
        whose = {"project": project, "credential": credential, "created_by": by}
        return place_batch(requests, key=key, **whose, now=clock.now)

    return place


def send(clock: Clock) -> int:
    return sending.send_waiting(10, clock=clock)


def only() -> Submission:
    return Submission.objects.select_related("task").get()


def creates(sim: Simulator) -> int:
    return sum(sim.counts.creates.values())


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


# A plan without quota


def test_a_create_waits_for_the_quota_of_its_plan_and_is_sent_once_it_is_full(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    sim.fault("sim-test", "quota;retry-after=7200")
    place(account())
    assert send(clock) == 1
    held = only()
    assert (held.state, held.trouble) == (WAITING, Trouble.QUOTA_USED_UP)
    assert held.task.status == Status.SUBMITTING
    assert held.task.credential.creates_wait_until == clock.now + timedelta(hours=2)
    sim.fault("sim-test", "")
    for _ in range(3):
        assert send(clock) == 0
    assert not Submission.objects.unfinished(clock.now)
    clock.go_on(7_201)
    assert Submission.objects.unfinished(clock.now)
    assert send(clock) == 1
    assert (only().state, creates(sim)) == (CREATED, 1)


def test_all_creates_of_the_account_wait_and_those_of_others_do_not(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account())
    sim.fault("sim-test", "quota")
    send(clock)
    sim.fault("sim-test", "")
    place(Credential.objects.get())
    place(account("byteplus"))
    assert send(clock) == 1
    states = Submission.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [WAITING, WAITING, CREATED]


def test_tasks_are_followed_while_creates_wait_for_a_quota(
    account: Account, place: Place, sim: Simulator, clock: Clock, follow: Follow
) -> None:
    credential = account()
    running = follow(credential, "sim:queue=1 sim:run=1")
    sim.fault("sim-test", "quota")
    place(credential)
    send(clock)
    refresh.sweep(0.3, clock=clock)
    running.refresh_from_db()
    assert running.answer_digest


def test_a_create_that_waits_can_be_withdrawn_and_costs_nothing(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    sim.fault("sim-test", "quota")
    place(account())
    send(clock)
    task = only().task
    assert withdraw(task, clock.now)
    assert not withdraw(task, clock.now)
    clock.go_on(4_000)
    sim.fault("sim-test", "")
    assert send(clock) == creates(sim) == 0
    assert (only().state, only().task.status) == ("withdrawn", Status.CANCELLED)
    assert Charge.objects.get(task=task).state == "free"


def test_a_new_key_is_tried_at_once(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    credential = account()
    sim.fault("sim-test", "quota")
    place(credential)
    send(clock)
    sim.fault("sim-test", "")
    credential.refresh_from_db()
    credential.replace_key("sim-another")
    credential.save()
    assert send(clock) == 1


@pytest.mark.parametrize(
    "message",
    [
        "You have exceeded the monthly usage quota.",
        "It will reset at 2026-11-01 00:00:00 +0800 CST.",
        "It will reset at 2036-11-01 00:00:00 +0800 CST.",
    ],
)
def test_a_quota_without_a_time_to_come_refuses_the_create(message: str, clock: Clock) -> None:
    error = ProviderError(message, trouble=Trouble.QUOTA_USED_UP, status_code=429)
    assert sending.waits_until(error, clock.now) is None
