"""kill -9 at each step of a create: it is sent at most once, and nothing pretends otherwise."""

from __future__ import annotations

import signal

import pytest

from tasks.simulator.server import Simulator
from tests.drills.conftest import Home

#: Where the sender is killed, and how many creates have reached the provider by then.
STEPS = {
    "taken, not sent": ("tasks.models.submission.SubmissionQuerySet.begin:after", 0),
    "about to leave": ("tasks.providers.client.Client.act:before", 0),
    "answered, not read": ("tasks.sending.read_created:before", 1),
    "read, not recorded": ("tasks.sending.record:before", 1),
    "the submission written, its task not": ("tasks.models.task.Task.submitted:before", 1),
    "the task has its number": ("tasks.models.engine.ChangeCounterQuerySet.next:after", 1),
}
STATES = "SELECT s.state, t.status FROM tasks_submission s JOIN tasks_task t ON t.id = s.task_id"


@pytest.mark.parametrize("step", STEPS)
def test_a_create_that_is_killed_when(step: str, home: Home, sim: Simulator) -> None:
    place, creates = STEPS[step]
    assert home.step("place", sim.base_url("volcengine"))[0] == 0
    assert home.step("send", place)[0] == -signal.SIGKILL
    assert home.ask(STATES) == [("sending", "submitting")]
    assert home.step("send", "none")[0] == 0
    assert home.step("settle")[0] == 0
    assert home.step("send", "none")[0] == 0
    assert home.ask(STATES) == [("unconfirmed", "unconfirmed")]
    assert sum(sim.counts.creates.values()) == creates


def test_a_create_that_is_killed_after_it_was_written_down(home: Home, sim: Simulator) -> None:
    assert home.step("place", sim.base_url("volcengine"))[0] == 0
    assert home.step("send", "tasks.sending.record:after")[0] == -signal.SIGKILL
    assert home.step("settle")[0] == home.step("send", "none")[0] == 0
    assert home.ask(STATES) == [("made", "queued")]
    assert sum(sim.counts.creates.values()) == 1
