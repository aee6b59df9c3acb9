"""kill -9 at each step of a create: it is sent at most once, and its status says so."""

from __future__ import annotations

import signal

import pytest

from tasks.simulator.server import Simulator
from tests.drills.conftest import Home

#: The step at which the sender is killed, and the creates that have reached the provider.
STEPS = {
    "taken, not sent": ("tasks.models.submission.SubmissionQuerySet.begin:after", 0),
    "about to leave": ("tasks.providers.transport.client.Client.act:before", 0),
    "answered, not read": ("tasks.submission.send.read_created:before", 1),
    "read, not recorded": ("tasks.submission.send.record:before", 1),
    "the submission written, its task not": ("tasks.models.task.Task.submitted:before", 1),
    "the task has its number": ("tasks.models.changes.ChangeCounterQuerySet.next:after", 1),
}
STATES = "SELECT s.state, t.status FROM tasks_submission s JOIN tasks_task t ON t.id = s.task_id"
SEND = ("send", "none")


def place_and_die(home: Home, sim: Simulator, place: str) -> None:
    """Commit a request, then kill its sender at this step."""
    placed = ("place", sim.base_url("volcengine"))
    assert home.step(*placed, "then", "send", place)[0] == -signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
def test_a_create_that_is_killed_when(step: str, home: Home, sim: Simulator) -> None:
    place, creates = STEPS[step]
    place_and_die(home, sim, place)
    assert home.ask(STATES) == [("sending", "submitting")]
    assert home.step(*SEND, "then", "settle", "then", *SEND)[0] == 0
    assert home.ask(STATES) == [("unconfirmed", "unconfirmed")]
    assert sum(sim.counts.creates.values()) == creates


def test_a_create_that_is_killed_after_it_was_recorded(home: Home, sim: Simulator) -> None:
    place_and_die(home, sim, "tasks.submission.send.record:after")
    assert home.step("settle", "then", *SEND)[0] == 0
    assert home.ask(STATES) == [("created", "queued")]
    assert sum(sim.counts.creates.values()) == 1
