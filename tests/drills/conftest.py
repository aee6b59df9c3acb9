"""An installation for each drill, with tasks at a simulator in the test's process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.simulator.server import Simulator
from tests.processes.conftest import Installation


class Home(Installation):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"DJANGO_SETTINGS_MODULE": "tests.drills.settings"}

    def step(self, *command: str) -> tuple[int, str]:
        """Run tests.drills.steps; return its exit code (negative after a signal) and its output."""
        out, errors = (self.log.with_name(f"step.{name}") for name in ("out", "errors"))
        code = self._run("-m", "tests.drills.steps", *command, out=out, errors=errors)
        return code, out.read_text().strip() or errors.read_text()

    def follow(self, sim: Simulator, *remote_ids: str) -> None:
        code, output = self.step("follow", sim.base_url("volcengine"), *remote_ids)
        assert code == 0, output

    def let_the_leases_run_out(self) -> None:
        """Expire the leases, as ten seconds without their holders would."""
        self.ask("UPDATE tasks_lease SET until = '2000-01-01'")

    def statuses(self) -> list[str]:
        return [status for (status,) in self.ask("SELECT status FROM tasks_task ORDER BY id")]

    def kept(self) -> list[str]:
        """The states of the videos' copies."""
        return [state for (state,) in self.ask("SELECT state FROM tasks_copy WHERE kind = 'video'")]


Furnish = Callable[[Path], Home]


@pytest.fixture
def furnish(furnished: Path) -> Iterator[Furnish]:
    """furnish(folder): a stopped installation in that folder, without its static files."""
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
    """A provider whose clock can be moved ahead, so that tests need not wait for tasks to run."""

    def __init__(self) -> None:
        self._ahead = 0.0
        super().__init__(clock=lambda: time.time() + self._ahead)

    def push(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
def sim() -> Iterator[Provider]:
    with Provider() as simulator:
        yield simulator
