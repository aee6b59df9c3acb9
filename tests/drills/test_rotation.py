"""New keys for old while the workers run: they notice, and go on asking with what it opens."""

from __future__ import annotations

from tests.drills.conftest import Home, Provider
from tests.processes.conftest import Installation, eventually

ASKED = "SELECT count(*) FROM tasks_credential WHERE heard_at > '{}'"


def test_running_workers_go_on_through_a_rotation(home: Home, sim: Provider) -> None:
    home.follow(sim, sim.create("sim:ok sim:run=3600"))
    home.start("work")
    eventually(lambda: home.ask(ASKED.format("2000")) != [(0,)], within=20)

    beside = Installation(home.folder)
    beside.log = home.folder.with_name("beside.log")
    for options in ((), ("--drop-old",)):
        assert beside.run("rotate_keys", *options)[0] == 0, beside.output()
    [(last,)] = home.ask("SELECT max(heard_at) FROM tasks_credential")

    def is_heard_again() -> bool:
        home.ask("UPDATE tasks_task SET check_after = '2000-01-01 00:00:00'")  # it is due
        return home.ask(ASKED.format(last)) != [(0,)]

    eventually(is_heard_again, within=30)
    assert home.ask("SELECT trouble FROM tasks_credential") == [("",)]
