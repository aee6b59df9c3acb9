"""A machine's clock that jumps and is set right, seen by real processes; see clock.c.

The clocks of the provider and of the test are right throughout.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tasks.simulator.server import Simulator
from tests.drills.conftest import Home
from tests.processes.conftest import ROOT, eventually

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="clock.c asks the Linux kernel"),
    pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on SQLite, in any case"),
]
HOUR = 3600


class ClockInstallation(Home):
    """An installation whose processes read their clock from a file, at every moment."""

    def prepare(self) -> None:
        source, self.library = Path(__file__).with_name("clock.c"), self._beside("clock.so")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", self.library, str(source)], check=True
        )
        self._beside("clock").write_bytes(struct.pack("i", 0))

    def environment(self) -> dict[str, str]:
        ours = {"LD_PRELOAD": str(self.library), "CLOCK_SHIFT": str(self._beside("clock"))}
        return super().environment() | ours

    def _run(self, *command: str, out: Path, errors: Path) -> int:
        """Start a Python each time: it is the loader that gives it the clock."""
        with out.open("w") as output, errors.open("w") as complained:
            return subprocess.run(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment(),
                stdout=output,
                stderr=complained,
                check=False,
            ).returncode

    def shift(self, seconds: int) -> None:
        with self._beside("clock").open("r+b", buffering=0) as clock:
            clock.write(struct.pack("i", seconds))

    def _beside(self, name: str) -> Path:
        return self.folder.with_name(name)

    def tried(self, times: int) -> int:
        """The number of videos with so many failed downloads."""
        asked = f"SELECT count(*) FROM tasks_copy WHERE tries >= {times} AND kind = 'video'"
        return int(self.ask(asked)[0][0])


@pytest.fixture
def misled(furnished: Path, tmp_path: Path) -> Iterator[ClockInstallation]:
    without = shutil.ignore_patterns("static", "run")
    home = ClockInstallation(shutil.copytree(furnished, tmp_path / "data", ignore=without))
    (home.folder / "static").mkdir()
    home.prepare()
    yield home
    home.end()


#: Failed downloads, half a minute, after which the provider was asked and had no other link.
ANSWERED = 4


@pytest.mark.parametrize(
    ("jump", "tries"),
    [(HOUR, ANSWERED), (-HOUR, 2), (40 * 24 * HOUR, ANSWERED)],
    ids=["an hour ahead", "an hour back", "forty days ahead"],
)
def test_a_clock_that_jumps_and_is_set_right_loses_nothing(
    misled: ClockInstallation, sim: Simulator, jump: int, tries: int
) -> None:
    """Let a link expire within the hour while its host fails; tasks run, and more are added."""
    short = sim.create(f"sim:ok sim:queue=0 sim:run=1 sim:link={50 * 60}", ago=2)
    sim.fault("media", "503")
    misled.follow(sim, short, sim.create("sim:ok sim:queue=0 sim:run=20"))
    misled.start("work", "--quiet", "1", "--wedged", "10", "--grace", "3")
    eventually(lambda: misled.tried(1) >= 1, within=30)

    misled.shift(jump)
    misled.follow(sim, sim.create("sim:ok sim:queue=0 sim:run=2"))
    eventually(lambda: misled.statuses() == ["succeeded"] * 3, within=60)
    eventually(lambda: misled.tried(1) == 3 and misled.tried(tries) >= 1, within=60)
    assert set(misled.kept()) <= {"waiting", "saving"}, misled.output()

    misled.shift(0)
    sim.fault("media", "")
    misled.follow(sim, sim.create("sim:ok sim:queue=0 sim:run=2"))
    eventually(lambda: misled.kept() == ["saved"] * 4, within=90)
    became = misled.ask("SELECT task_id FROM tasks_statuschange WHERE became = 'succeeded'")
    assert len(became) == len(set(became)) == 4 == sum(sim.counts.creates.values())
