"""A child process behind its parent guard."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tasks.management import supervision
from tasks.management.supervision import Child
from tests.processes.conftest import ROOT, below, eventually, kill, still_there

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def child() -> Iterator[Child]:
    sleeper = Child("sleeper", SLEEP)
    sleeper.start()
    yield sleeper
    sleeper.kill()


def test_a_child_ends_when_it_is_let_go(child: Child) -> None:
    family = [child.group, *eventually(lambda: below(child.group), within=5)]
    began = time.monotonic()
    child.stop()
    assert time.monotonic() - began < 3
    assert still_there(family) == []


def test_a_child_that_will_not_end_is_killed_after_its_grace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stubborn = Child("stubborn", [sys.executable, "-c", STUBBORN], grace=0.5)
    stubborn.start()
    eventually(lambda: "stubborn: deaf" in capsys.readouterr().out, within=5)
    family = [stubborn.group, *below(stubborn.group)]
    stubborn.stop()
    assert still_there(family) == []


def test_a_dead_child_is_started_again_after_a_while(
    child: Child, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervision, "SHORTEST_WAIT", 0.2)
    first = child.group
    kill(first)

    def is_another() -> bool:
        child.keep_alive()
        return child.group != first

    eventually(is_another, within=5)
    assert "sleeper ended (exit code -9); starting it again" in capsys.readouterr().out


def test_one_that_was_started_before_its_wait_was_over_leaves_no_orphans_either(
    child: Child,
) -> None:
    kill(child.group)
    eventually(lambda: not child.is_alive, within=5)
    child.keep_alive()
    child.restart()
    orphans = eventually(lambda: below(child.group), within=5)
    kill(child.group)
    eventually(lambda: not child.is_alive, within=5)
    child.keep_alive()
    eventually(lambda: still_there(orphans) == [], within=5)


def test_each_death_in_a_row_makes_the_wait_longer() -> None:
    mortal = Child("mortal", SLEEP)
    waits = [mortal._wait_after_death(now=0.0) for _ in range(7)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30]


def test_a_child_does_not_outlive_an_owner_that_was_killed() -> None:
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from tasks.management.supervision import Child; "
            f"child = Child('sleeper', {SLEEP!r}, grace=1); child.start(); time.sleep(60)",
        ],
        cwd=ROOT,
        env=None,
    )
    family = eventually(lambda: below(owner.pid) if len(below(owner.pid)) > 1 else [], within=5)
    kill(owner.pid)
    owner.wait()
    eventually(lambda: still_there(family) == [], within=5)
