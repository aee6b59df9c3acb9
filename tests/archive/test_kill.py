"""kill -9 at every step of the way: started again, there is exactly one whole, saved file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tasks.archive.job import incoming
from tasks.models import Copy, CopyState, Lease
from tests.archive.conftest import CLIP, Wait, content, sha256, stored, unfinished
from tests.archive.host import Host
from tests.processes.conftest import eventually, kill
from tests.tracking.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)

#: In the order they happen, with how often the host is asked in all.
STEPS = {
    "tasks.archive.claims.claim:after": 1,
    "tasks.archive.pipeline.fetch:before": 1,
    "tasks.archive.partial_file.PartialFile.begin:after": 2,
    "tasks.archive.partial_file.PartialFile.write:after": 2,
    "tasks.archive.partial_file.PartialFile.finish:before": 2,
    "tasks.archive.partial_file.sync_folder:before": 1,
    "tasks.archive.pipeline.fetch:after": 1,
    "tasks.archive.pipeline.check:after": 1,
    "tasks.archive.store._link_or_copy:after": 1,
    "tasks.archive.pipeline.store_files:after": 1,
    "tasks.archive.claims.record_saved:before": 1,
    "tasks.archive.claims.record_saved:after": 1,
    "tasks.archive.pipeline.remove_unfinished:before": 1,
}


class Launcher:
    """Archives on this test's own database and folder, one after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.archive.launcher"]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
        self._process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, step: str, folder: Path) -> int:
        """The process's number."""
        assert self._process.stdin
        database = str(connection.settings_dict["NAME"])
        self._process.stdin.write(f"{step}\t{database}\t{folder}\n")
        self._process.stdin.flush()
        return self._answer()

    def wait(self) -> int:
        """Wait for the process; return its exit code, below zero where a signal ended it."""
        return self._answer()

    def launch(self, step: str, folder: Path) -> int:
        self.start(step, folder)
        return self.wait()

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.end()


@pytest.fixture
def clock() -> Clock:
    """The launched process has the real one."""
    clock = Clock()
    clock.now = datetime.now(UTC)
    return clock


@pytest.mark.parametrize("step", STEPS)
def test_killed_at(step: str, host: Host, wait: Wait, own_folder: Path, launcher: Launcher) -> None:
    copy = wait(host.put("/v.mp4", CLIP))
    assert launcher.launch(step, own_folder) == -signal.SIGKILL
    copy.refresh_from_db()
    was_saved = copy.state == CopyState.SAVED
    assert was_saved == step.endswith(("record_saved:after", "remove_unfinished:before"))
    for path in (own_folder / "videos").rglob("*.mp4"):  # whatever has its last name is whole
        assert path.read_bytes() == CLIP
    let_the_lease_run_out()
    assert launcher.launch("none", own_folder) == 0
    copy.refresh_from_db()
    assert copy.is_saved and content(copy) == CLIP
    assert (copy.size, copy.sha256) == (len(CLIP), sha256(CLIP))
    assert len(stored(own_folder)) == 1 and unfinished() == []
    assert len(host.asked) == STEPS[step]


def test_killed_while_a_file_comes_it_goes_on_behind_what_it_had(
    host: Host, wait: Wait, own_folder: Path, launcher: Launcher
) -> None:
    copy = wait(host.put("/v.mp4", CLIP, gate=threading.Event()))
    archive = launcher.start("none", own_folder)
    eventually(lambda: Copy.objects.get().bytes_done > 0, within=10)
    kill(archive)
    assert launcher.wait() == -signal.SIGKILL
    had = Copy.objects.get().bytes_done
    host.put("/v.mp4", CLIP)
    let_the_lease_run_out()
    assert launcher.launch("none", own_folder) == 0
    copy.refresh_from_db()
    assert copy.is_saved and content(copy) == CLIP
    assert host.asked[-1].headers["range"] == f"bytes={had}-"


def let_the_lease_run_out() -> None:
    """Set the lease's end to the past, as ten seconds without its holder do."""
    Lease.objects.update(until=datetime(2000, 1, 1, tzinfo=UTC))


def test_the_unfinished_files_of_copies_that_need_none_are_removed(
    host: Host, wait: Wait, own_folder: Path, clock: Clock, launcher: Launcher
) -> None:
    saved = wait("https://a.example/v.mp4", state=CopyState.SAVED, due_at=None)
    waiting = wait("https://b.example/v.mp4", due_at=None)
    incoming().mkdir()
    for pk in (saved.pk, waiting.pk, 123456):
        (incoming() / f"{pk}.part").write_bytes(b"some")
    assert launcher.launch("none", own_folder) == 0
    assert unfinished() == [f"{waiting.pk}.part"]
