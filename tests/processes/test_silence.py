"""A child is known by its heartbeat: silence ends it, whatever it looks like from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tasks.management.supervision import Child
from tasks.management.watch import ClusterWatch, Watch
from tasks.models import Lease
from tasks.submission.sender import LEASE as SENDER
from tests.processes.conftest import eventually
from tests.processes.test_supervision import SLEEP
from tests.tracking.in_process import VirtualTime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def child() -> Iterator[Child]:
    sleeper = Child("sleeper", SLEEP)
    yield sleeper
    sleeper.kill()


@pytest.fixture
def without_waiting(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass by sleeping only: a busy machine makes nobody silent."""
    passing = VirtualTime()
    monkeypatch.setattr(time, "monotonic", passing.monotonic)
    monkeypatch.setattr(time, "sleep", passing.sleep)


def beat() -> None:
    Lease.objects.take("heart", "sleeper", now=timezone.now(), seconds=10)


def test_one_that_falls_silent_is_started_again(
    child: Child, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=0.5)
    watch.start()
    first = child.group
    beat()

    def is_another() -> bool:
        watch.check()
        return child.group != first

    eventually(is_another, within=5)
    assert "Nothing heard from the sleeper" in capsys.readouterr().out
    assert (tmp_path / "group").read_text() == str(child.group)


@pytest.mark.usefixtures("without_waiting")
def test_one_that_beats_is_left_alone(child: Child, tmp_path: Path) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=0.5)
    watch.start()
    first, end = child.group, time.monotonic() + 1.5
    while time.monotonic() < end:
        beat()
        watch.check()
        time.sleep(0.1)
    assert child.group == first


@pytest.mark.usefixtures("without_waiting")
def test_a_clock_that_jumps_back_is_no_silence(child: Child, tmp_path: Path) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=0.5)
    watch.start()
    first, end, day = child.group, time.monotonic() + 1.0, timedelta(days=1)
    while time.monotonic() < end:
        at = timezone.now() - day
        Lease.objects.take("heart", "sleeper", now=at, seconds=10)
        watch.check()
        time.sleep(0.1)
    assert child.group == first


@pytest.mark.usefixtures("without_waiting")
def test_a_watch_that_was_stopped_itself_restarts_nobody(child: Child, tmp_path: Path) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=45)
    watch.start()
    first = child.group
    beat()
    watch.check()
    time.sleep(120)
    watch.check()
    assert child.group == first
    for _ in range(50):
        time.sleep(1)
        watch.check()
    assert child.group != first, "it is silent all the same"


@pytest.mark.usefixtures("without_waiting")
def test_a_cluster_that_sends_creates_is_not_killed_before_they_are_answered(
    child: Child, tmp_path: Path
) -> None:
    watch = ClusterWatch(child, tmp_path / "group", quiet=6, wedged=45)
    watch.start()
    first = child.group
    for _ in range(60):
        Lease.objects.take(SENDER, "a sender", now=timezone.now(), seconds=10)
        watch.check()
        time.sleep(1)
    assert child.group == first
    for _ in range(15):
        watch.check()
        time.sleep(1)
    assert child.group != first, "no sweep was heard all the time"


def test_nothing_is_sent_once_a_cluster_is_asked_to_end(child: Child, tmp_path: Path) -> None:
    now = timezone.now()
    Lease.objects.take(SENDER, "a sender", now=now, seconds=10)
    renewed: list[bool] = []

    class Asked(Child):
        def stop(self) -> None:
            renewed.append(Lease.objects.take(SENDER, "a sender", now=now, seconds=10))

    watch = ClusterWatch(Asked("asked", SLEEP), tmp_path / "group", quiet=6, wedged=45)
    watch.stop()
    assert renewed == [False]
    assert Lease.objects.take(SENDER, "another", now=timezone.now(), seconds=10)
