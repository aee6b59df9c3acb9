"""Processes that a benchmark starts, and the processor time they use."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.management.supervision import Child

PATIENCE = 30.0  # seconds for a server to listen
TICKS = os.sysconf("SC_CLK_TCK")


def module(name: str, *arguments: object) -> list[str]:
    """The command line of one of our own modules, with this same Python."""
    return [sys.executable, "-m", name, *map(str, arguments)]


@contextmanager
def running(name: str, command: Sequence[str], *, port: int = 0) -> Iterator[Child]:
    """Run it until the block or this process ends; waits for the port, where one is given."""
    from tasks.management.supervision import Child  # it needs settings, which not all have here

    child = Child(name, command, grace=5, piped=False)
    child.start()
    try:
        if port:
            wait_for_port(port, name)
        yield child
    finally:
        child.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not listen on port {port} after {PATIENCE:.0f} s")


def cpu_seconds(group: int) -> float:
    """Processor time of a group's processes so far, without those that have ended."""
    return sum(_cpu_of(path) for path in Path("/proc").glob("[0-9]*/stat") if _is_of(path, group))


def members(group: int) -> list[int]:
    """The ids of a group's processes that run, the oldest first."""
    paths = (path for path in Path("/proc").glob("[0-9]*/stat") if _is_of(path, group))
    return in_order_of_age(int(path.parent.name) for path in paths)


def in_order_of_age(pids: Iterable[int]) -> list[int]:
    """Return those of these processes that run, the oldest first."""
    found = [(fields, pid) for pid in pids if (fields := _fields(Path(f"/proc/{pid}/stat")))]
    ages = sorted((int(fields[19]), pid) for fields, pid in found if fields[0] != "Z")
    return [pid for _started, pid in ages]


def _is_of(path: Path, group: int) -> bool:
    return _fields(path)[2:3] == [str(group)]


def _cpu_of(path: Path) -> float:
    fields = _fields(path)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def _fields(path: Path) -> list[str]:
    """Fields behind the command's name, which may hold spaces: state, parent, group, …"""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return []
