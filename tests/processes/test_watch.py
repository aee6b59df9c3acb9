"""Killing any process of the cluster loses nothing: the sweep beats again, from one cluster."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.conftest import Installation, below, eventually, kill, processes

Pick = Callable[[list[int]], list[int]]
WHOLE = 7  # leash, parent, sentinel, two workers, the monitor and the pusher, in this order


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
        assert self.process is not None
        return below(self.process.pid)


@pytest.fixture(scope="module")
def home(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    watched = Watched(shutil.copytree(furnished, tmp_path_factory.mktemp("watched") / "data"))
    yield watched
    watched.end()


def beat(home: Installation) -> object:
    return home.ask("SELECT beat_at FROM tasks_lease WHERE name = 'sweep'")


def let_the_lease_run_out(home: Installation) -> object:
    """As ten seconds without its holder would do; the beat that is there then."""
    home.ask("UPDATE tasks_lease SET until = '2000-01-01'")
    return beat(home)


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


def test_a_killed_watch_takes_its_cluster_with_it(home: Watched) -> None:
    process, cluster = home.run_on()
    kill(process.pid)
    process.wait()
    eventually(lambda: not still_running(cluster), within=10)


def test_orphans_of_a_killed_watch_are_ended_by_the_next(home: Watched) -> None:
    process, cluster = home.run_on()
    kill(process.pid, cluster[0])
    process.wait()
    time.sleep(0.5)
    assert still_running(cluster)
    home.run_on()
    assert not still_running(cluster)


def test_when_asked_to_end_it_does_so_in_time_and_leaves_nothing(home: Watched) -> None:
    process, cluster = home.run_on()
    process.terminate()
    assert process.wait(8) == 0
    assert not still_running(cluster)


def still_running(pids: list[int]) -> list[int]:
    running = processes()
    return [pid for pid in pids if pid in running]
