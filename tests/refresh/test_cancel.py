"""Cancelling tells the truth: only queued tasks, and never the record of an ended one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks import cancelling, refresh
from tasks.models import Cancellation, CancelOutcome, Credential, Task
from tasks.simulator.server import Simulator
from tasks.status import Status
from tests.refresh.conftest import Account, Clock, Follow

ACCEPTED, TOO_LATE = CancelOutcome.ACCEPTED, CancelOutcome.TOO_LATE
REFUSED, UNKNOWN = CancelOutcome.REFUSED, CancelOutcome.UNKNOWN


def queued(account: Account, follow: Follow, clock: Clock, **fields: Any) -> Task:
    """A task that is queued for a minute and a half, and known to be."""
    task = follow(account(**fields), "sim:queue=90 sim:run=60")
    refresh.sweep(0.3, clock=clock)
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    return task


def wish(task: Task, user: User, clock: Clock) -> Cancellation:
    asked = Cancellation.objects.ask_for(task, user, clock.now)
    assert asked
    return asked


def cancel(asked: Cancellation, clock: Clock) -> Cancellation:
    cancelling.cancel(asked.pk, clock.now)
    asked.refresh_from_db()
    return asked


def deletes(sim: Simulator) -> int:
    return sum(seen.method == "DELETE" for seen in sim.requests_seen)


@pytest.mark.parametrize("preset", ["volcengine", "byteplus", "powertokens", "native"])
def test_a_queued_task_is_cancelled_and_the_provider_says_so(
    preset: str, account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    task = queued(account, follow, clock, preset=preset)
    assert cancel(wish(task, member, clock), clock).outcome == ACCEPTED
    refresh.sweep(0.3, clock=clock)
    task.refresh_from_db()
    assert (task.status, deletes(sim)) == (Status.CANCELLED, 1)


@pytest.mark.parametrize("later", [100, 1_000])
def test_what_runs_or_has_ended_meanwhile_keeps_its_record(
    later: int, account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    asked = wish(queued(account, follow, clock), member, clock)
    clock.go_on(later)
    assert cancel(asked, clock).outcome == TOO_LATE
    assert asked.message in ("running", "succeeded")
    assert deletes(sim) == 0


def test_one_wish_is_one_attempt(
    account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    task = queued(account, follow, clock)
    asked = wish(task, member, clock)
    assert Cancellation.objects.ask_for(task, member, clock.now) is None
    for _ in range(3):
        cancelling.cancel(asked.pk, clock.now)
    assert deletes(sim) == 1


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_nothing_else_is_cancelled(
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
def test_what_the_provider_says_is_kept_in_its_own_words(
    fault: str,
    outcome: str,
    account: Account,
    follow: Follow,
    clock: Clock,
    sim: Simulator,
    member: User,
) -> None:
    asked = wish(queued(account, follow, clock), member, clock)
    sim.fault("sim-test", fault)
    ended = cancel(asked, clock)
    assert ended.outcome == outcome
    assert "HTTP" in ended.message


def test_the_key_goes_to_its_own_host_only(
    account: Account, follow: Follow, clock: Clock, sim: Simulator, member: User
) -> None:
    asked = wish(queued(account, follow, clock), member, clock)
    Credential.objects.update(base_url="https://elsewhere.example/api/v3")
    assert cancel(asked, clock).outcome == REFUSED
    assert deletes(sim) == 0
