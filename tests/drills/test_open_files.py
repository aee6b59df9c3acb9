"""A limit on open files: what needs one more waits, says so, and nothing is lost."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path

from tests.drills.conftest import Home, Provider
from tests.processes.conftest import eventually, processes

TASKS = 20
FEW = 64
WORK = ("work", "--quiet", "1", "--wedged", "5", "--grace", "3")


def limit(pid: int, number: int) -> None:
    """Limit a process, and those that it starts from now on."""
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, FEW))


def open_files(pid: int) -> int:
    """The number of files that it has open; 0 once it has ended."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def descendants(pid: int) -> set[int]:
    """The process and all that were started beneath it."""
    found, running = {pid}, processes()
    while more := {pid for pid, (parent, _) in running.items() if parent in found} - found:
        found |= more
    return found


def archive_of(pid: int) -> int | None:
    commands = {each: processes()[each][1] for each in descendants(pid) & processes().keys()}
    return next(
        (
            each
            for each, command in commands.items()
            if "manage.py archive" in command and "parent_guard" not in command
        ),
        None,
    )


def test_64_open_files_are_enough_for_worker_and_archive(home: Home, sim: Provider) -> None:
    home.follow(sim, *(sim.create("sim:ok sim:queue=0 sim:run=1") for _ in range(TASKS)))
    sim.push(10)
    process = home.start(*WORK)
    limit(process.pid, FEW)
    most = 0

    def all_are_saved() -> bool:
        nonlocal most
        most = max(most, *map(open_files, descendants(process.pid)))
        return home.kept() == ["saved"] * TASKS

    eventually(all_are_saved, within=60)
    assert 0 < most < FEW


def test_an_archive_that_may_open_no_more_files_says_so_and_saves_all_of_them_later(
    home: Home, sim: Provider
) -> None:
    home.follow(sim, *(sim.create("sim:ok sim:queue=0 sim:run=1") for _ in range(TASKS)))
    process = home.start(*WORK)
    limit(process.pid, FEW)
    archive = eventually(lambda: archive_of(process.pid), within=30)
    eventually(lambda: home.ask("SELECT 1 FROM tasks_lease WHERE name = 'archive'"), within=30)
    sim.push(10)

    def may_open_no_more() -> bool:
        """Leave it no file beside those that it has open now; some may have been closed since."""
        limit(archive, open_files(archive))
        return "Too many open files" in home.output()

    eventually(may_open_no_more, within=60)
    assert archive_of(process.pid) == archive, "it goes on"
    assert set(home.kept()) <= {"waiting", "saving", "saved"}, "nothing is given up"
    limit(archive, FEW)
    eventually(lambda: home.kept() == ["saved"] * TASKS, within=60)
