"""Cancelling: only of queued tasks, and never at the cost of an ended task's record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from tasks import jobs
from tasks.models import Cancellation, CancelOutcome, Credential, Task
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission.cancel import attempt_cancel
from tasks.tracking import refresh
from tests.tracking.conftest import Account, Clock, Follow

ACCEPTED, TOO_LATE = CancelOutcome.ACCEPTED, CancelOutcome.TOO_LATE
RUNNING = CancelOutcome.RUNNING
REFUSED, UNKNOWN = CancelOutcome.REFUSED, CancelOutcome.UNKNOWN


def queued(account: Account, follow: Follow, clock: Clock, **fields: Any) -> Task:
    """A task that is queued for a minute and a half, and known to be."""
    task = follow(account(**fields), "sim:queue=90 sim:run=60")
    refresh.sweep(0.3, clock=clock)
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    return task


def ask_for(task: Task, user: User, clock: Clock) -> Cancellation:
    asked = Cancellation.objects.ask_for(task, user, clock.now)
    assert asked
    return asked


def cancel(asked: Cancellation, clock: Clock) -> Cancellation:
    attempt_cancel(asked.pk, clock.now)
    asked.refresh_from_db()
    return asked


def deletes(sim: Simulator) -> int:
    return sum(seen.method == "DELETE" for seen in sim.requests_seen)


@pytest.mark.parametrize("preset", ["volcengine", "byteplus", "powertokens", "native"])
def test_a_queued_task_is_cancelled_and_the_provider_says_so(
    preset: str, account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    task = queued(account, follow, clock, preset=preset)
    assert cancel(ask_for(task, member, clock), clock).outcome == ACCEPTED
    refresh.sweep(0.3, clock=clock)
    task.refresh_from_db()
    assert (task.status, deletes(sim)) == (Status.CANCELLED, 1)


@pytest.mark.parametrize(("later", "outcome"), [(100, RUNNING), (1_000, TOO_LATE)])
def test_a_task_that_runs_or_has_ended_by_then_keeps_its_record(
    later: int,
    outcome: str,
    account: Account,
    follow: Follow,
    clock: Clock,
    sim: Simulator,
    member: User,
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    clock.go_on(later)
    assert cancel(asked, clock).outcome == outcome
    assert asked.message in ("running", "succeeded")
    assert deletes(sim) == 0


def test_a_task_that_begins_to_run_in_between_is_told_as_running_and_never_as_unknown(
    account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    sim.fault("sim-test", "409;on=delete")
    ended = cancel(asked, clock)
    assert (ended.outcome, deletes(sim)) == (RUNNING, 1)
    assert "InvalidAction.RunningTaskDeletion" in ended.message


def test_a_cancellation_is_attempted_once(
    account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    task = queued(account, follow, clock)
    asked = ask_for(task, member, clock)
    assert Cancellation.objects.ask_for(task, member, clock.now) is None
    for _ in range(3):
        attempt_cancel(asked.pk, clock.now)
    assert deletes(sim) == 1


def left_asking(asked: Cancellation) -> None:
    """The row of a worker that was killed on the way."""
    assert Cancellation.objects.begin(asked.pk, asked.asked_at)


def sweep_after(asked: Cancellation, wait: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a sweep does, so long after the row was touched last."""
    monkeypatch.setattr(jobs, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(refresh, "IDLE_SLICE", 0.01)
    Cancellation.objects.filter(pk=asked.pk).update(asked_at=timezone.now() - wait)
    jobs.sweep()
    asked.refresh_from_db()


def test_a_worker_killed_on_the_way_leaves_the_task_free_to_be_asked_for_again(
    account: Account,
    follow: Follow,
    clock: Clock,
    sim: Simulator,
    member: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = queued(account, follow, clock)
    asked = ask_for(task, member, clock)
    left_asking(asked)
    sweep_after(asked, timedelta(minutes=3), monkeypatch)
    assert (asked.outcome, bool(asked.message)) == (UNKNOWN, True)
    assert cancel(ask_for(task, member, clock), clock).outcome == ACCEPTED
    assert deletes(sim) == 1


def test_an_attempt_that_may_still_be_on_its_way_is_left_alone(
    account: Account,
    follow: Follow,
    clock: Clock,
    member: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = queued(account, follow, clock)
    asked = ask_for(task, member, clock)
    left_asking(asked)
    sweep_after(asked, timedelta(seconds=70), monkeypatch)
    assert asked.outcome == CancelOutcome.ASKING
    assert Cancellation.objects.ask_for(task, member, clock.now) is None


def test_a_late_answer_is_believed_and_never_revoked(
    account: Account, follow: Follow, clock: Clock, member: User
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    left_asking(asked)
    ends = [UNKNOWN, ACCEPTED, UNKNOWN]
    news = [Cancellation.objects.end(asked.pk, end, "", clock.now) for end in ends]
    asked.refresh_from_db()
    assert (news, asked.outcome) == ([True, True, False], ACCEPTED)


@pytest.mark.parametrize(("seconds", "is_queued"), [(5, False), (60, True)])
def test_a_cancellation_whose_job_was_lost_gets_another(
    seconds: int,
    is_queued: bool,
    account: Account,
    follow: Follow,
    clock: Clock,
    member: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    sweep_after(asked, timedelta(seconds=seconds), monkeypatch)
    waiting = [row.task["args"] for row in OrmQ.objects.all() if row.task["func"] == jobs.CANCEL]
    assert waiting == [(asked.pk,)] * is_queued


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_only_queued_tasks_are_cancelled(
    status: str, account: Account, follow: Follow, clock: Clock, member: User
) -> None:
    task = follow(account())
    Task.objects.update(status=status)
    assert Cancellation.objects.ask_for(task, member, clock.now) is None


def test_a_gateway_that_cannot_cancel_is_not_asked(
    account: Account, follow: Follow, clock: Clock, member: User
) -> None:
    task = follow(account("dataeyes"))
    Task.objects.update(status=Status.QUEUED)
    assert Cancellation.objects.ask_for(task, member, clock.now) is None


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("429;on=delete", REFUSED), ("500;on=delete", UNKNOWN), ("500;on=get", UNKNOWN)],
)
def test_the_providers_own_words_are_kept(
    fault: str,
    outcome: str,
    account: Account,
    follow: Follow,
    clock: Clock,
    sim: Simulator,
    member: User,
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    sim.fault("sim-test", fault)
    ended = cancel(asked, clock)
    assert ended.outcome == outcome
    assert "HTTP" in ended.message


def test_the_key_goes_to_its_own_host_only(
    account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    asked = ask_for(queued(account, follow, clock), member, clock)
    Credential.objects.update(base_url="https://elsewhere.example/api/v3")
    assert cancel(asked, clock).outcome == REFUSED
    assert deletes(sim) == 0
