"""Real processes in a data folder of their own, on ports nobody else has."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.processes.forks import forks

ROOT = Path(settings.BASE_DIR)
PATIENCE = 6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every installation here is of its own folder, whatever database the suite runs on."""
    if connection.vendor == "sqlite":
        return
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.skip(reason="on SQLite in any case, whose run has it"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], Any], *, within: float) -> Any:
    """Return the check's answer as soon as it is true; fail the test if it never is.

    `within` is for a quiet machine; a busy one gets more.
    """
    deadline = time.monotonic() + within * PATIENCE
    while not (found := check()):
        assert time.monotonic() < deadline, (
            f"not within {within} s, nor {PATIENCE} times that: {check}"
        )
        time.sleep(0.1)
    return found


def _hear_ctrl_c() -> None:
    """Also where these tests run in the background, whose processes are born deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Installation:
    """A data folder, and what is run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.simulator_port = free_port(), free_port()
        self.log = folder.with_name(f"{folder.name}.log")
        self._started: list[subprocess.Popen[str]] = []

    def environment(self) -> dict[str, str]:
        ours = ("DAILIES_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        narrow = {"COLUMNS": "40"}  # ps cuts its lines there, unless told not to
        return kept | narrow | {"DAILIES_DATA": str(self.folder), "PYTHONUNBUFFERED": "1"}

    def start(self, *command: str) -> subprocess.Popen[str]:
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *command],
                env=self.environment(),
                stdout=log,
                stderr=log,
                text=True,
                preexec_fn=_hear_ctrl_c,
            )
        self._started.append(process)
        return process

    def run(self, *command: str) -> tuple[int, str]:
        """Exit code, and what was said, of something that ends by itself."""
        program = str(ROOT / "manage.py")
        return self._run(program, *command, out=self.log, errors=self.log), self.output()

    def _run(self, *command: str, out: Path, errors: Path) -> int:
        within = 30.0 * PATIENCE
        return forks().run(
            *command, environment=self.environment(), out=out, errors=errors, within=within
        )

    def up(self, *options: str) -> subprocess.Popen[str]:
        """`manage.py up` once it has said where to go."""
        ports = ["--port", str(self.port)]
        if "--demo" in options:
            ports += ["--simulator-port", str(self.simulator_port)]
        process = self.start("up", *options, *ports)
        eventually(lambda: "Stop " in self.output() or process.poll() is not None, within=30)
        assert process.poll() is None, self.output()
        return process

    def output(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def link(self) -> str:
        found = re.search(r"http://\S+/enter/\S+", self.output())
        assert found, self.output()
        return found[0]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.folder / "db.sqlite3", timeout=10)
        with closing(database), database:
            return database.execute(sql).fetchall()

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.terminate()
                process.wait(30 * PATIENCE)


Running = dict[int, tuple[int, str]]


def processes() -> Running:
    """Running processes by pid: (parent's pid, command line), without zombies."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,command="],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {int(r[0]): (int(r[1]), r[3]) for r in rows if len(r) == 4 and r[2][0] != "Z"}


def below(pid: int, running: Running | None = None) -> list[int]:
    """The ids of a process's children and theirs, each generation by age.

    `running` saves asking for the processes again, some 40 ms of a core.
    """
    running = processes() if running is None else running
    found = sorted(child for child, (parent, _) in running.items() if parent == pid)
    return found + [further for child in found for further in below(child, running)]


def still_there(pids: list[int]) -> list[str]:
    running = processes()
    return [running[pid][1] for pid in pids if pid in running]


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def stop(*pids: int) -> None:
    """Let processes hang, as Ctrl-Z would."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


@pytest.fixture
def installation(furnished: Path, tmp_path: Path) -> Iterator[Installation]:
    """One that exists, at rest."""
    home = Installation(shutil.copytree(furnished, tmp_path / "data"))
    yield home
    home.end()
    print(home.output())  # where a test fails, its report has it


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[Installation]:
    """A place where nothing has been started yet."""
    home = Installation(tmp_path / "data")
    yield home
    home.end()
