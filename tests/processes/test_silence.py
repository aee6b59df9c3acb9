"""A child is known by its heartbeat: silence ends it, whatever it looks like from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tasks.management.supervision import Child
from tasks.management.watch import Watch
from tasks.models import Lease
from tests.processes.conftest import eventually
from tests.processes.test_supervision import SLEEP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def child() -> Iterator[Child]:
    sleeper = Child("sleeper", SLEEP)
    yield sleeper
    sleeper.kill()


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
        watch.look()
        return child.group != first

    eventually(is_another, within=5)
    assert "Nothing heard from the sleeper" in capsys.readouterr().out
    assert (tmp_path / "group").read_text() == str(child.group)


def test_one_that_beats_is_left_alone(child: Child, tmp_path: Path) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=0.5)
    watch.start()
    first, end = child.group, time.monotonic() + 1.5
    while time.monotonic() < end:
        beat()
        watch.look()
        time.sleep(0.1)
    assert child.group == first


def test_a_clock_that_jumps_back_is_no_silence(child: Child, tmp_path: Path) -> None:
    watch = Watch(child, tmp_path / "group", lease="heart", wedged=0.5)
    watch.start()
    first, end, day = child.group, time.monotonic() + 1.0, timedelta(days=1)
    while time.monotonic() < end:
        at = timezone.now() - day
        Lease.objects.take("heart", "sleeper", now=at, seconds=10)
        watch.look()
        time.sleep(0.1)
    assert child.group == first
