"""Two first starts on one database: the second waits, and a killed one can be repeated."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from seedance_site import keys
from tasks.management.upgrade import ADVISORY_LOCK
from tests.ops.homes import Home, Homes
from tests.processes.conftest import eventually

PROJECTS = "SELECT name FROM tasks_project"
KILLED = """
import os
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
record = MigrationRecorder.record_applied
def record_or_die(self, app, name):
    if name == "0013_trash_and_stars":
        os._exit(9)
    record(self, app, name)
MigrationRecorder.record_applied = record_or_die
call_command("migrate", verbosity=0)
"""


def empty(homes: Homes) -> Home:
    home = homes()
    keys.make_missing(home.folder / "keys")
    return home


@contextmanager
def migrating(home: Home) -> Iterator[None]:
    """Hold the lock of a process that migrates this database."""
    if home.database_url:
        with psycopg.connect(home.database_url, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            yield
    else:
        with (home.folder / "db.sqlite3.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def test_first_starts_wait_for_one_another(homes: Homes) -> None:
    home = empty(homes)
    other = Home(home.folder, home.database_url)
    other.log = home.log.with_name("other.log")
    with migrating(home):
        two = [each.start("migrate", "-v0") for each in (home, other)]
        eventually(lambda: "Waiting" in home.output() and "Waiting" in other.output(), within=10)
        assert "tasks_task" not in home.tables()
    codes = [process.wait(120) for process in two]
    assert codes == [0, 0], home.output() + other.output()
    assert home.ask(PROJECTS) == [("Dailies",)]


def test_a_first_start_that_was_killed_can_be_repeated(homes: Homes) -> None:
    home = empty(homes)
    assert home.run("shell", "--no-imports", "-v0", "-c", KILLED)[0] == 9
    assert "tasks_task" not in home.tables()
    assert home.run("migrate", "-v0")[0] == 0, home.output()
    assert home.ask(PROJECTS) == [("Dailies",)]
