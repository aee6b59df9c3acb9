"""Killing any process below the watch loses nothing: its heart beats again, and once."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.management.supervision import CHECKED
from tests.processes.conftest import (
    PATIENCE,
    Installation,
    below,
    eventually,
    kill,
    processes,
    stop,
)

Pick = Callable[[list[int]], list[int]]
WHOLE = 7  # guard, parent, sentinel, two workers, the monitor and the pusher, in this order


class Watched(Installation):
    """`manage.py work`, for all tests of this file; started again when one has ended it."""

    process: subprocess.Popen[str] | None = None

    def run_on(self) -> tuple[subprocess.Popen[str], list[int]]:
        """The watch, once the sweep beats and the cluster is whole, and the cluster."""
        if self.process is None or self.process.poll() is not None:
            last = let_the_lease_run_out(self)
            self.process = self.start("work", "--quiet", "1", "--wedged", "4", "--grace", "3")
            eventually(lambda: beat(self) != last, within=15)
        eventually(lambda: len(self.cluster()) == WHOLE, within=10)
        return self.process, self.cluster()

    def cluster(self) -> list[int]:
        return self._family("qcluster")

    def archive(self) -> list[int]:
        return self._family("archive")

    def _family(self, command: str) -> list[int]:
        """The guard of one of our commands, and everything below it."""
        assert self.process is not None
        running = processes()
        everything = below(self.process.pid, running)
        guards = [pid for pid in everything if running.get(pid, (0, ""))[0] == self.process.pid]
        found = [
            pid for pid in guards if running[pid][1].endswith(f"manage.py {command} {CHECKED}")
        ]
        return [one for pid in found for one in (pid, *below(pid, running))]


@pytest.fixture(scope="module")
def home(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    watched = Watched(shutil.copytree(furnished, tmp_path_factory.mktemp("watched") / "data"))
    yield watched
    watched.end()


def beat(home: Installation, lease: str = "sweep") -> object:
    return home.ask(f"SELECT beat_at FROM tasks_lease WHERE name = '{lease}'")


def let_the_lease_run_out(home: Installation, lease: str = "sweep") -> object:
    """End the lease as ten seconds without its holder would, and return its last heartbeat."""
    home.ask(f"UPDATE tasks_lease SET until = '2000-01-01' WHERE name = '{lease}'")
    return beat(home, lease)


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(lambda cluster: cluster[3:5], id="the workers, which wedges the rest"),
        pytest.param(lambda cluster: cluster[2:3], id="the sentinel"),
        pytest.param(lambda cluster: cluster[1:2], id="the parent, which leaves orphans"),
        pytest.param(lambda cluster: cluster, id="the whole group"),
    ],
)
def test_work_resumes_with_one_cluster_after_the_death_of(home: Watched, victims: Pick) -> None:
    _, cluster = home.run_on()
    kill(*victims(cluster))
    last = let_the_lease_run_out(home)
    eventually(lambda: beat(home) != last, within=20)
    eventually(lambda: len(home.cluster()) == WHOLE, within=5)
    assert set(still_running(cluster)) <= set(home.cluster())


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(lambda cluster: cluster[1:2], id="the parent, without which all goes on"),
        pytest.param(lambda cluster: cluster[3:4], id="one of two workers"),
        pytest.param(lambda cluster: cluster, id="the whole group"),
    ],
)
def test_a_cluster_is_replaced_when_a_signal_stops(home: Watched, victims: Pick) -> None:
    _, cluster = home.run_on()
    stop(*victims(cluster))
    eventually(lambda: not still_running(cluster), within=15)
    last = let_the_lease_run_out(home)
    eventually(lambda: beat(home) != last, within=20)
    eventually(lambda: len(home.cluster()) == WHOLE, within=10)


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(lambda archive: archive[1:], id="the archive itself"),
        pytest.param(lambda archive: archive[:1], id="its guard, which leaves an orphan"),
    ],
)
def test_one_archive_works_on_after_the_death_of(home: Watched, victims: Pick) -> None:
    home.run_on()
    archive = eventually(lambda: whole_archive(home), within=10)
    eventually(lambda: beat(home, "archive"), within=10)
    kill(*victims(archive))
    eventually(lambda: not still_running(archive), within=10)  # an orphan's heart beats on
    last = let_the_lease_run_out(home, "archive")
    eventually(lambda: beat(home, "archive") != last, within=20)
    assert eventually(lambda: whole_archive(home), within=10)


def test_an_archive_is_replaced_when_a_signal_stops_it(home: Watched) -> None:
    home.run_on()
    archive = eventually(lambda: whole_archive(home), within=10)
    stop(archive[1])
    eventually(lambda: not still_running(archive), within=15)
    assert eventually(lambda: whole_archive(home), within=10)


def whole_archive(home: Watched) -> list[int]:
    """Guard and process, when both are there."""
    found = home.archive()
    return found if len(found) == 2 else []


def test_a_second_archive_in_the_same_folder_is_refused(home: Watched) -> None:
    home.run_on()
    last = let_the_lease_run_out(home, "archive")
    eventually(lambda: beat(home, "archive") != last, within=20)  # it has the lock
    second = Installation(home.folder)
    second.log = home.folder.with_name("second.log")
    code, output = second.run("archive")
    assert (code, output) == (1, f"An archive already runs for {home.folder}.\n")


def test_a_killed_watch_takes_everything_with_it(home: Watched) -> None:
    process, cluster = home.run_on()
    family = [*cluster, *eventually(lambda: whole_archive(home), within=10)]
    kill(process.pid)
    process.wait()
    eventually(lambda: not still_running(family), within=10)


def test_orphans_of_a_killed_watch_are_ended_by_the_next(home: Watched) -> None:
    process, cluster = home.run_on()
    archive = eventually(lambda: whole_archive(home), within=10)
    kill(process.pid, cluster[0], archive[0])
    process.wait()
    time.sleep(0.5)
    assert still_running(cluster) and still_running(archive)
    home.run_on()
    assert not still_running([*cluster, *archive])


def test_when_asked_to_end_it_does_so_in_time_and_leaves_nothing(home: Watched) -> None:
    process, cluster = home.run_on()
    archive = eventually(lambda: whole_archive(home), within=10)
    process.terminate()
    assert process.wait(8 * PATIENCE) == 0
    assert not still_running([*cluster, *archive])


def still_running(pids: list[int]) -> list[int]:
    running = processes()
    return [pid for pid in pids if pid in running]
