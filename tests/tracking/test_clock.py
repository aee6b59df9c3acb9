"""Clocks that jump, ours or a provider's: nothing ends early, and nothing stands still."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tasks.models import Copy, CopyState, Credential, Lease, Task
from tasks.models import clock as clocks
from tasks.monitoring import InstallationStatus
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tasks.tracking import refresh
from tests.conftest import MakeTask
from tests.tracking.conftest import Account, Clock, Follow
from tests.tracking.in_process import InProcess, Network

HOUR = 3600.0
FORTY_DAYS = 40 * 24 * HOUR


def sweep(clock: Clock) -> None:
    assert refresh.sweep(0, clock=clock) is not None, "the lease could not be taken"


def durations(task: Task) -> list[float | None]:
    return [task.queue_seconds, task.run_seconds]


def test_a_jump_ahead_ends_no_task(account: Account, follow: Follow, clock: Clock) -> None:
    task = follow(account())
    sweep(clock)
    fake = Clock()
    fake.now = clock.now + timedelta(hours=1)  # ours only: the provider's clock is right
    sweep(fake)
    task.refresh_from_db()
    assert task.is_live and task.trouble == ""
    assert task.check_after and task.check_after > fake.now
    assert all(seconds is None or seconds >= 0 for seconds in durations(task))


@pytest.mark.parametrize("hours", [1, 24])
def test_a_step_back_stops_no_work(
    account: Account, follow: Follow, clock: Clock, hours: int
) -> None:
    task = follow(account())
    sweep(clock)
    clock.go_on(-hours * HOUR)
    Credential.objects.update(
        trouble_since=clock.now + timedelta(hours=hours),
        paused_until=clock.now + timedelta(hours=hours, minutes=1),
    )
    sweep(clock)
    task.refresh_from_db()
    assert task.asked_at == clock.now
    assert task.check_after and task.check_after < clock.now + timedelta(minutes=5)
    assert all(seconds is None or seconds >= 0 for seconds in durations(task))


def test_after_a_step_back_a_pause_of_an_old_trouble_lasts_no_hour_longer(
    account: Account, follow: Follow, clock: Clock
) -> None:
    task = follow(account())
    sweep(clock)
    Credential.objects.update(
        trouble="server",
        trouble_since=clock.now - timedelta(days=1),
        paused_until=clock.now + timedelta(minutes=10),
    )
    clock.go_on(-HOUR)
    sweep(clock)
    task.refresh_from_db()
    assert task.asked_at == clock.now


def test_a_step_back_in_the_middle_of_a_sweep_is_noticed(
    account: Account, follow: Follow, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "RENEW_SECONDS", 0.02)
    task = follow(account())
    turns = iter([timedelta()] * 12)

    def jumping() -> datetime:
        return clock.now + next(turns, timedelta(hours=-1))

    refresh.sweep(5, clock=jumping)
    task.refresh_from_db()
    assert task.asked_at == clock.now - timedelta(hours=1)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, FORTY_DAYS], ids=["+1 h", "-1 h", "+40 days"])
def test_after_a_jump_that_is_set_right_a_task_still_comes_to_its_video(
    account: Account, follow: Follow, clock: Clock, jump: float
) -> None:
    task = follow(account())
    for seconds in (1.0, jump, 1.0, -jump, 30.0, 60.0, 600.0):
        clock.go_on(seconds)
        sweep(clock)
    task.refresh_from_db()
    assert task.status == Status.SUCCEEDED and task.video_url
    assert all(seconds is None or seconds >= 0 for seconds in durations(task))


def test_a_lease_from_before_a_step_back_is_free_and_a_living_one_is_not(db: None) -> None:
    now = timezone.now()
    Lease.objects.take("sweep", "before", now=now + timedelta(hours=1), seconds=10)
    assert Lease.objects.take("sweep", "after", now=now, seconds=10)
    late = now - timedelta(seconds=20)  # a machine whose clock is behind
    assert not Lease.objects.take("sweep", "another", now=late, seconds=10)


def test_copies_come_due_again_after_a_step_back(make_task: MakeTask) -> None:
    now = timezone.now()
    task = make_task(status=Status.SUCCEEDED, video_url="https://v.example/1.mp4")
    Copy.objects.follow([task], now + timedelta(hours=1))
    assert not Copy.objects.due(now).exists()
    clocks.come_due_again(now)
    assert Copy.objects.due(now).exists()
    assert Copy.objects.get().state == CopyState.WAITING


@pytest.mark.parametrize("off", [-HOUR, HOUR, -86_400.0, 86_400.0])
def test_a_provider_whose_clock_is_off_ends_nothing_early(
    project: object, clock: Clock, network: Network, off: float
) -> None:
    with InProcess(network, clock=lambda: clock.unix() + off) as simulator:
        row = Credential(
            name="off", provider="volcengine", base_url=simulator.base_url("volcengine")
        )
        row.replace_key("sim-test")
        row.save()
        remote_id = simulator.create("A paper boat", preset="volcengine", key="sim-test")
        [task] = Task.objects.track(
            [remote_id],
            credential=row,
            project=project,  # type: ignore[arg-type]
            created_by=None,
            now=clock.now,
        )
        for seconds in (1.0, 60.0, 600.0):
            clock.go_on(seconds)
            Task.objects.filter(check_after__isnull=False).update(check_after=clock.now)
            sweep(clock)
    task.refresh_from_db()
    assert task.status == Status.SUCCEEDED and task.video_url
    assert all(seconds is None or seconds >= 0 for seconds in durations(task))
    found = InstallationStatus.read(clock.now)
    assert found.sweep_heartbeat_age == 0.0


def test_an_answer_from_before_the_task_was_made_makes_no_duration_negative(
    make_task: MakeTask,
) -> None:
    now = timezone.now()
    task = make_task(status=Status.QUEUED, remote_created_at=now + timedelta(hours=1))
    for status, at in ((Status.RUNNING, now), (Status.FAILED, now - timedelta(hours=1))):
        remote = RemoteTask(id=task.remote_id, status=status, status_word=status, raw={})
        task.apply_answer(remote, "", at)
    assert durations(task) == [0.0, 0.0]
