"""The functions that django-q2 calls."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from tasks import jobs, queue
from tasks.models import Lease
from tasks.tracking import refresh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def short_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(refresh, "IDLE_SLICE", 0.01)


def test_a_sweep_asks_for_the_next_one() -> None:
    jobs.sweep()
    assert [row.task["func"] for row in OrmQ.objects.all()] == [jobs.SWEEP]


def test_a_sweep_beside_another_ends_and_leaves_no_successor() -> None:
    Lease.objects.take(refresh.LEASE, "another", now=timezone.now(), seconds=60)
    jobs.sweep()
    assert not OrmQ.objects.exists()


def test_a_sweep_is_queued_once() -> None:
    assert jobs.ensure_sweep()
    assert not jobs.ensure_sweep()
    assert OrmQ.objects.count() == 1


def test_a_sweep_that_died_with_its_worker_does_not_count_as_queued() -> None:
    jobs.ensure_sweep()
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=90))
    assert jobs.ensure_sweep()


def test_a_job_carries_no_secret() -> None:
    jobs.ensure_sweep()
    [row] = OrmQ.objects.all()
    assert row.task["args"] == () and row.task["kwargs"] == {}


def test_a_schedule_restarts_the_sweep_as_the_last_resort() -> None:
    schedule = Schedule.objects.get(name="sweep")
    assert (schedule.func, schedule.schedule_type, schedule.minutes) == (jobs.SWEEP, "I", 1)
    assert schedule.repeats == -1


@pytest.mark.parametrize("ask", [queue.send, queue.call_clients])
def test_many_creates_leave_one_job_before_the_sweep(ask: Callable[[], None]) -> None:
    for _ in range(20):
        ask()
    jobs.ensure_sweep()
    assert [row.task["func"] for row in OrmQ.objects.order_by("pk")][1:] == [jobs.SWEEP]


def test_a_job_that_a_worker_holds_does_not_send_what_was_placed_since() -> None:
    queue.send()
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=90))
    queue.send()
    assert queue.depth() == 1 and OrmQ.objects.count() == 2
