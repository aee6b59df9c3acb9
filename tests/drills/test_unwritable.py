"""A database that cannot be written for a while: work resumes by itself, nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tasks.simulator.server import Simulator
from tests.drills.conftest import Furnish, Home, Provider
from tests.drills.settings import BUSY_SECONDS
from tests.processes.conftest import eventually

TASKS = 3
SMALL_DISK = 8 * 2**20  # bytes
AWHILE = 15 * BUSY_SECONDS
RUN = 180  # seconds of a task, of which none is sat out

Trouble = Callable[[Home], AbstractContextManager[None]]


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Lock the database by a write that does not end."""
    with closing(sqlite3.connect(home.folder / "db.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


@contextmanager
def full(home: Home) -> Iterator[None]:
    """Fill the disk to the last byte."""
    filler = home.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk can only be made by root, where mounting is allowed")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_locked_database_stops_the_work_only_while_it_lasts(home: Home, sim: Provider) -> None:
    drill(home, sim, locked, "database is locked")


def test_a_full_disk_stops_the_work_only_while_it_lasts(
    small_disk: Path, tmp_path: Path, furnish: Furnish, sim: Provider
) -> None:
    home = furnish(small_disk / "data")
    home.log = tmp_path / "log"
    drill(home, sim, full, "database or disk is full")
    assert home.ask("PRAGMA integrity_check") == [("ok",)]


def drill(home: Home, sim: Provider, trouble: Trouble, words: str) -> None:
    """Tasks succeed at the provider while the database cannot be written."""
    ids = [sim.create(f"sim:ok sim:queue=0 sim:run={RUN}") for _ in range(TASKS)]
    code, cookie = home.step("follow", sim.base_url("volcengine"), *ids, "then", "enter")
    assert code == 0, cookie
    home.start("work", "--quiet", "1", "--wedged", "5", "--grace", "3")
    eventually(lambda: home.statuses() == ["running"] * TASKS, within=15)
    with trouble(home):
        time.sleep(AWHILE)
        sim.push(RUN)
        assert home.step("ask", cookie)[1].split() == ["200", "503"]
        time.sleep(1)
        assert has_ended(sim)
        assert home.statuses() == ["running"] * TASKS
        eventually(lambda: words in home.output(), within=10)
    home.let_the_leases_run_out()
    eventually(lambda: home.statuses() == ["succeeded"] * TASKS, within=40)
    eventually(lambda: home.kept() == ["saved"] * TASKS, within=30)
    changes = home.ask("SELECT became FROM tasks_statuschange WHERE became = 'succeeded'")
    assert len(changes) == TASKS == sum(sim.counts.creates.values())


def has_ended(sim: Simulator) -> bool:
    return all(task.timeline.ends_at < sim.world.clock() for task in sim.tasks)
