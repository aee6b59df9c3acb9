"""kill -9 at each step of a poll: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import signal

import pytest

from tasks.simulator.server import Simulator
from tests.drills.conftest import Home

STEPS = {
    "claimed": "tasks.tracking.refresh.claim:after",
    "answered, not recorded": "tasks.tracking.refresh.record:before",
    "the change has its number": "tasks.models.changes.ChangeCounterQuerySet.next:after",
    "tasks and copies written, the change not": "tasks.models.copy.CopyQuerySet.follow:after",
    "recorded": "tasks.tracking.refresh.record:after",
    "the credential's health noted": "tasks.tracking.refresh.note_health:after",
}
TASKS = 4
HALF_DONE = """
    SELECT t.id FROM tasks_task t
    LEFT JOIN tasks_copy c ON c.task_id = t.id
    LEFT JOIN tasks_statuschange s ON s.task_id = t.id
    WHERE (t.status = 'succeeded') != (c.id IS NOT NULL)
       OR (t.status = 'succeeded') != (s.id IS NOT NULL)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_poll_that_is_killed_when(step: str, home: Home, sim: Simulator) -> None:
    ids = [sim.create("sim:ok sim:queue=0 sim:run=1", ago=90) for _ in range(TASKS)]
    follow = ("follow", sim.base_url("volcengine"), *ids)
    assert home.step(*follow, "then", "sweep", STEPS[step])[0] == -signal.SIGKILL
    assert home.ask(HALF_DONE) == []
    home.let_the_leases_run_out()
    code, output = home.step("sweep", "none")
    assert code == 0, output
    assert home.statuses() == ["succeeded"] * TASKS
    assert home.ask(HALF_DONE) == []
    assert (
        home.ask("SELECT was, became FROM tasks_statuschange") == [("unknown", "succeeded")] * TASKS
    )
    assert home.kept() == ["waiting"] * TASKS
    assert sum(sim.counts.creates.values()) == TASKS
