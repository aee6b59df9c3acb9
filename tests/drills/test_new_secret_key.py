"""SECRET_KEY replaced while takes wait: the queue's rows are lost, and no work is."""

from __future__ import annotations

from seedance_site import keys
from tests.drills.conftest import Home, Provider
from tests.processes.conftest import eventually

WAITING = "SELECT count(*) FROM tasks_submission WHERE state = 'waiting'"


def test_takes_that_wait_are_sent_once_under_a_new_secret_key(home: Home, sim: Provider) -> None:
    """django-q2 drops a job whose signature it cannot check, and signs jobs with SECRET_KEY."""
    running = sim.create("sim:ok sim:queue=0 sim:run=2")
    home.follow(sim, running)
    code, output = home.step("place", sim.base_url("volcengine"), "then", "queue")
    assert code == 0, output
    queued = home.ask("SELECT id FROM django_q_ormq")
    assert len(queued) == 2 and home.ask(WAITING) == [(1,)]

    secret = home.folder / "keys/secret.key"
    former = secret.read_text()
    secret.write_text(keys.new_secret_key() + "\n")
    assert secret.read_text() != former

    home.start("work", "--quiet", "1", "--wedged", "10", "--grace", "3")
    eventually(lambda: sum(sim.counts.creates.values()) == 2, within=60)
    eventually(lambda: home.ask(WAITING) == [(0,)], within=20)
    sim.push(600)
    eventually(lambda: home.statuses() == ["succeeded"] * 2, within=60)
    eventually(lambda: home.kept() == ["saved"] * 2, within=60)
    assert sum(sim.counts.creates.values()) == 2
    assert not set(queued) & set(home.ask("SELECT id FROM django_q_ormq"))
