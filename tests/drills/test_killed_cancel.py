"""kill -9 at each step of a cancel: it can be repeated, and its record is never deleted."""

from __future__ import annotations

import signal

import pytest

from tasks.simulator.server import Simulator
from tests.drills.conftest import Home

#: The step at which the worker is killed, and the outcome of the next press.
STEPS = {
    "taken, nothing asked": ("CancellationQuerySet.begin:after", "accepted"),
    "the provider has cancelled it, not recorded": ("CancellationQuerySet.end:before", "too_late"),
}
OUTCOMES = "SELECT outcome FROM tasks_cancellation ORDER BY id"


@pytest.mark.parametrize("step", STEPS)
def test_a_cancel_whose_worker_is_killed_when(step: str, home: Home, sim: Simulator) -> None:
    place, outcome = STEPS[step]
    place = f"tasks.models.cancellation.{place}"
    follow = ("follow", sim.base_url("volcengine"), sim.create("sim:queue=90 sim:run=60"))
    died, output = home.step(*follow, "then", "sweep", "none", "then", "cancel", place)
    assert died == -signal.SIGKILL, output
    assert home.ask(OUTCOMES) == [("asking",)]
    code, output = home.step("take_up", "then", "cancel", "none")
    assert code == 0, output
    assert home.ask(OUTCOMES) == [("unknown",), (outcome,)]
    assert sum(seen.method == "DELETE" for seen in sim.requests_seen) == 1
