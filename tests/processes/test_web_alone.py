"""`manage.py web` alone: a process that hangs is replaced, and `/readyz` knows what works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.management import supervision
from tasks.management.supervision import Child, stopped_processes
from tests.processes.conftest import Installation, below, eventually, still_there, stop
from tests.processes.test_supervision import SLEEP
from tests.tracking.in_process import VirtualTime

WORKERS = 3


class Site(Installation):
    """`manage.py web` alone, with several processes that answer."""

    process: subprocess.Popen[str] | None = None

    def run_on(self) -> subprocess.Popen[str]:
        if self.process is None:
            several = ("--web-workers", str(WORKERS), "--wedged", "3")
            self.process = self.start("web", "--port", str(self.port), *several)
        eventually(lambda: len(self.workers()) == WORKERS and self.answers(), within=15)
        return self.process

    def family(self) -> list[int]:
        """The guard, the server, and the processes that answer, in this order."""
        assert self.process is not None
        return below(self.process.pid)

    def workers(self) -> list[int]:
        return self.family()[2:]

    def answers(self) -> bool:
        return self._ask("/healthz") == "ok"

    def ready(self) -> str:
        return self._ask("/readyz")

    def _ask(self, path: str) -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=2).text
        except httpx.TransportError:
            return ""


@pytest.fixture(scope="module")
def one_site(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(shutil.copytree(furnished, tmp_path_factory.mktemp("site") / "data"))
    site.folder.chmod(0o755)
    yield site
    site.end()


@pytest.fixture
def site(one_site: Site) -> Iterator[Site]:
    one_site.run_on()
    yield one_site
    print(one_site.output())  # where a test fails, its report has it


def test_two_of_three_that_hang_are_replaced_and_the_third_goes_on(site: Site) -> None:
    guard, server, *workers = site.family()
    stop(*workers[:2])
    eventually(lambda: not still_there(workers[:2]), within=10)
    eventually(lambda: len(site.workers()) == WORKERS, within=10)
    assert site.family()[:2] == [guard, server]
    assert workers[2] in site.workers()
    eventually(site.answers, within=5)


def test_a_server_that_hangs_is_replaced_with_all_its_processes(site: Site) -> None:
    before = site.family()
    stop(before[1])
    eventually(lambda: not still_there(before), within=10)
    eventually(lambda: len(site.workers()) == WORKERS and site.answers(), within=15)


def test_a_folder_that_others_could_read_is_closed(site: Site) -> None:
    assert site.folder.stat().st_mode & 0o777 == 0o700


def test_it_is_ready_while_its_pages_work(site: Site) -> None:
    videos = site.folder / "videos"
    eventually(lambda: site.ready() == "ok", within=10)
    videos.rmdir()
    videos.write_text("not a folder")
    eventually(lambda: site.ready() == "The storage cannot be written.", within=10)
    videos.unlink()
    eventually(lambda: site.ready() == "ok", within=10)


# A child and its guard, whatever runs behind it


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """A sleeping child, in a time that passes by sleeping only: a busy machine delays nobody."""
    child = Child("sleeper", SLEEP)
    child.start()
    eventually(lambda: below(child.group), within=5)
    passing = VirtualTime()
    monkeypatch.setattr(supervision, "time", passing)
    child.keep_alive()
    yield child
    child.kill()


def pass_time(child: Child, seconds: int) -> None:
    for _ in range(seconds):
        supervision.time.sleep(1)
        child.keep_alive()


def stop_and_see(child: Child, *pids: int) -> None:
    stop(*pids)
    eventually(lambda: set(stopped_processes(child.group)) == set(pids), within=5)


@pytest.mark.parametrize("place", [0, 1, slice(None)], ids=["guard", "program", "the whole group"])
def test_one_that_is_stopped_is_replaced_within_a_minute(
    sleeper: Child, place: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [sleeper.group, *below(sleeper.group)]
    stop_and_see(sleeper, *(before[place] if isinstance(place, slice) else [before[place]]))
    pass_time(sleeper, 50)
    assert sleeper.group != before[0]
    eventually(lambda: not still_there(before), within=5)
    assert "sleeper was stopped for 40 s" in capsys.readouterr().out


def test_one_that_goes_on_in_time_is_left_alone(sleeper: Child) -> None:
    before = sleeper.group
    for _ in range(3):
        stop_and_see(sleeper, before)
        pass_time(sleeper, 30)
        os.kill(before, signal.SIGCONT)
        eventually(lambda: not stopped_processes(before), within=5)
        pass_time(sleeper, 6)
    assert sleeper.group == before


def test_a_supervisor_that_was_stopped_itself_replaces_nobody(sleeper: Child) -> None:
    """All go on at about the same moment, as after a night in which the machine was suspended."""
    before = sleeper.group
    stop_and_see(sleeper, before)
    pass_time(sleeper, 5)
    supervision.time.sleep(36_000)
    pass_time(sleeper, 30)
    assert sleeper.group == before
    pass_time(sleeper, 20)
    assert sleeper.group != before
