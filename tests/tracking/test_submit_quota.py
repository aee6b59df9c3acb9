"""Creates that wait for the quota of their account's plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.models import (
    Charge,
    Credential,
    Submission,
)
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission.place import (
    withdraw,
)
from tasks.tracking import refresh
from tests.tracking.conftest import Account, Clock, Follow
from tests.tracking.submitting import (
    CREATED,
    WAITING,
    Place,
    creates,
    only,
    place,
    send,
)

__all__ = ["place"]


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
