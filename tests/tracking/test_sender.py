"""One job at a time sends creates, so that another worker is free for the sweep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max, Min
from django.utils import timezone
from django_q.models import OrmQ

from tasks import jobs, queue
from tasks.models import Lease, Submission
from tasks.models.leases import LeaseQuerySet
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission import sender
from tasks.tracking import refresh
from tests.tracking.conftest import Account
from tests.tracking.in_process import Network
from tests.tracking.submitting import CREATED, Place, creates, place

__all__ = ["place"]

pytestmark = pytest.mark.django_db
SLOW = "drip;on=create"  # its answer takes seconds


def queued() -> list[str]:
    return [row.task["func"] for row in OrmQ.objects.order_by("pk")]


def sweep_was_heard(before: timedelta) -> None:
    at = timezone.now() - before
    Lease.objects.update_or_create(name=refresh.LEASE, defaults={"until": at, "beat_at": at})


def test_a_second_sender_ends_at_once_and_leaves_no_job(
    account: Account, place: Place, sim: Simulator
) -> None:
    place(account())
    Lease.objects.take(sender.LEASE, "another", now=timezone.now(), seconds=60)
    jobs.send()
    assert (creates(sim), queued()) == (0, [])


def test_a_sender_that_was_killed_is_followed_once_its_lease_has_run_out(
    account: Account, place: Place, sim: Simulator
) -> None:
    place(account())
    killed_at = timezone.now() - timedelta(seconds=sender.LEASE_SECONDS)
    Lease.objects.take(sender.LEASE, "killed", now=killed_at, seconds=sender.LEASE_SECONDS)
    jobs.send()
    assert creates(sim) == 1


def test_a_create_does_not_wait_for_the_answer_to_another(
    account: Account, place: Place, sim: Simulator, network: Network
) -> None:
    credential = account()
    sim.fault("sim-test", SLOW)
    [first] = place(credential).placed

    def clock() -> datetime:
        """Return the time; place another create as soon as the first one is in flight."""
        is_alone = Submission.objects.count() == 1
        if is_alone and creates(sim) == 1:
            sim.fault("sim-test", "")
            place(credential)
        return network.time.clock()

    assert sender.send_alone(10, 0, clock=clock) == 2
    early, late = Submission.objects.order_by("ended_at")
    assert (late, early.state, late.state) == (first, CREATED, CREATED)


def test_a_sender_has_as_many_creates_in_flight_as_two_had(
    account: Account, place: Place, sim: Simulator, network: Network
) -> None:
    sim.fault("sim-test", SLOW)
    place(account(), takes=16)
    assert sender.send_alone(10, 0, clock=network.time.clock) == 16
    seen = Submission.objects.aggregate(last_sent=Max("sent_at"), first_answer=Min("ended_at"))
    assert seen["last_sent"] < seen["first_answer"]


def test_a_sender_goes_on_while_sweeps_are_heard(
    account: Account, place: Place, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SEND_SECONDS", 0)
    place(account())
    sweep_was_heard(timedelta())
    jobs.send(60)
    assert (creates(sim), queued()) == (1, [])


def test_a_sender_makes_way_for_a_sweep_that_is_not_heard(
    account: Account, place: Place, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SEND_SECONDS", 0)
    place(account())
    sweep_was_heard(timedelta(minutes=1))
    jobs.send(60)
    assert (creates(sim), queued()) == (0, [jobs.SEND])
    assert not refresh.is_silent(timezone.now())


def test_a_create_that_is_placed_while_a_sender_ends_is_not_forgotten(
    account: Account, place: Place, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job of the create finds the lease taken, and the sender has looked for the last time."""
    credential, give_back = account(), LeaseQuerySet.give_back

    def placed_before(leases: Any, *arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(LeaseQuerySet, "give_back", give_back)
        place(credential)
        jobs.send()
        assert (creates(sim), queued()) == (0, [])
        give_back(leases, *arguments, **options)

    monkeypatch.setattr(LeaseQuerySet, "give_back", placed_before)
    jobs.send()
    assert queued() == [jobs.SEND]
    jobs.send()
    assert creates(sim) == 1


def away(*_arguments: Any, **_options: Any) -> Any:
    raise DatabaseError("database is locked")


@pytest.mark.parametrize("step", ["the lease is renewed", "waiting creates are looked for"])
def test_an_answer_is_recorded_although_the_database_failed_when(
    step: str,
    account: Account,
    place: Place,
    sim: Simulator,
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sim.fault("sim-test", SLOW)
    place(account())
    failed: list[str] = []

    def clock() -> datetime:
        """Return the time; let the database fail as soon as the create is in flight."""
        if creates(sim) and not failed:
            failed.append(step)
            if step == "the lease is renewed":
                monkeypatch.setattr(LeaseQuerySet, "take", away)
            else:
                monkeypatch.setattr(sending, "_next", away)
        return network.time.clock()

    assert sender.send_alone(10, 0, clock=clock) == 1
    assert failed and Submission.objects.get().state == CREATED


def test_a_job_lasts_longer_than_the_creates_that_it_starts() -> None:
    queue.send()
    [row] = OrmQ.objects.all()
    one, usual = sending.READING + sending.DEADLINE, int(str(settings.Q_CLUSTER["timeout"]))
    assert row.task["args"] == (queue.LONGEST_SEND,)
    assert row.task["timeout"] > queue.LONGEST_SEND + one
    assert usual > jobs.SEND_SECONDS + one, "for a job without arguments"


@pytest.mark.parametrize("work", [jobs.reconcile, jobs.models, jobs.call_clients])
def test_a_job_is_followed_by_a_sweep_if_none_was_heard(work: Callable[[], None]) -> None:
    sweep_was_heard(timedelta(minutes=1))
    work()
    assert not refresh.is_silent(timezone.now())
    assert queued() == [], "the usual sweep has a job of its own already"


def test_a_job_beside_a_sweep_leaves_it_alone() -> None:
    sweep_was_heard(timedelta(seconds=1))
    before = Lease.objects.get().beat_at
    jobs.reconcile()
    assert Lease.objects.get().beat_at == before
