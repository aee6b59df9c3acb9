"""An installation of its own, with tasks at a simulator that lives in the test's process."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.simulator.server import Simulator
from tests.processes.conftest import ROOT, Installation


class Home(Installation):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"DJANGO_SETTINGS_MODULE": "tests.drills.settings"}

    def step(self, *command: str) -> tuple[int, str]:
        """Exit code (below zero where a signal ended it) and words of tests.drills.steps."""
        ended = subprocess.run(
            [sys.executable, "-m", "tests.drills.steps", *command],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout.strip() or ended.stderr

    def follow(self, sim: Simulator, *remote_ids: str) -> None:
        code, said = self.step("follow", sim.base_url("volcengine"), *remote_ids)
        assert code == 0, said

    def let_the_leases_run_out(self) -> None:
        """As ten seconds without their holders would do."""
        self.ask("UPDATE tasks_lease SET until = '2000-01-01'")

    def statuses(self) -> list[str]:
        return [status for (status,) in self.ask("SELECT status FROM tasks_task ORDER BY id")]

    def kept(self) -> list[str]:
        """States of the copies, without those of last frames."""
        return [state for (state,) in self.ask("SELECT state FROM tasks_copy WHERE kind = 'video'")]


Furnish = Callable[[Path], Home]


@pytest.fixture
def furnish(furnished: Path) -> Iterator[Furnish]:
    """furnish(folder): an installation at rest there, without its static files."""
    homes: list[Home] = []

    def furnish(folder: Path) -> Home:
        without = shutil.ignore_patterns("static", "run")
        homes.append(Home(Path(shutil.copytree(furnished, folder, ignore=without))))
        (folder / "static").mkdir()
        return homes[-1]

    yield furnish
    for home in homes:
        home.end()


@pytest.fixture
def home(furnish: Furnish, tmp_path: Path) -> Home:
    return furnish(tmp_path / "data")


class Provider(Simulator):
    """One whose clock is ours, until it is pushed ahead: nobody sits out how long a task runs."""

    def __init__(self) -> None:
        self._ahead = 0.0
        super().__init__(clock=lambda: time.time() + self._ahead)

    def push(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
def sim() -> Iterator[Provider]:
    with Provider() as simulator:
        yield simulator
