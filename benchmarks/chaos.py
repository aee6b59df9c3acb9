"""Faults of the provider and kills of our processes, both at random, for the soak."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
from django.conf import settings

from benchmarks.processes import members
from tasks.management.supervision import Child

SHARE = 25  # per cent of the requests a fault can meet; some kinds meet few operations
ANSWER_FAULTS: tuple[str, ...] = (
    "429",
    "429;retry-after=2",
    "500",
    "503",
    "html",
    "empty",
    "truncated",
    "wrong-id",
)
ANSWER_FAULTS += ("drip", "lost-create")
#: A file that drips takes 20 s, so it comes more seldom.
FILE_FAULTS = ("429", "500", "503", "html", "empty", "truncated") * 2 + ("drip",)
CHANGE = 2.0  # seconds between two kinds of fault


class FaultInjector:
    """Switches another kind of fault on for each key, and for the files, every two seconds."""

    def __init__(self, origin: str, keys: Iterable[str]) -> None:
        self._http = httpx.Client(base_url=f"{origin}/_sim/", timeout=10, trust_env=False)
        self._kinds = {**dict.fromkeys(keys, ANSWER_FAULTS), "media": FILE_FAULTS}
        self._change_at = 0.0
        self._is_on = False

    def step(self) -> None:
        if time.monotonic() < self._change_at:
            return
        self._change_at = time.monotonic() + CHANGE
        self._is_on = True
        for key, kinds in self._kinds.items():
            fault = f"{random.choice(kinds)};share={SHARE}"
            self._http.put(f"faults/{quote(key)}", content=fault).raise_for_status()

    def stop(self) -> None:
        """Switch all faults off, where they are on."""
        for key in self._kinds if self._is_on else ():
            self._http.delete(f"faults/{quote(key)}").raise_for_status()
        self._is_on = False


class Killer:
    """Sends SIGKILL to one process of `manage.py work` after the other; they are started again."""

    def __init__(self, work: Child, every: tuple[float, float]) -> None:
        """`every`: the shortest and the longest time between two kills, in seconds."""
        self.kills: Counter[str] = Counter()
        self._work = work
        self._every = every
        self._strike_at = time.monotonic() + every[1]
        self._victims: dict[str, Callable[[], list[int]]] = {
            "worker": lambda: random.sample(_group("cluster")[3:], 1),
            "sentinel": lambda: _group("cluster")[2:3],
            "parent": lambda: _group("cluster")[1:2],
            "whole cluster": lambda: _group("cluster"),
            "archive": lambda: _group("archive")[1:2],
            "watch": lambda: members(work.group)[1:2],
        }

    def step(self) -> None:
        if time.monotonic() >= self._strike_at:
            self._strike_at = time.monotonic() + random.uniform(*self._every)
            self._strike(random.choice(list(self._victims)))

    def _strike(self, name: str) -> None:
        # Nobody may be there to kill, while it is being started again.
        with suppress(ValueError, ProcessLookupError):
            victims = self._victims[name]()
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
            self.kills[name] += bool(victims)


def _group(name: str) -> list[int]:
    """Ids of parent guard, parent, sentinel and workers; of the archive: its guard and itself."""
    file = Path(settings.DATA_DIR, "run", name)
    number = file.read_text() if file.exists() else ""
    return members(int(number)) if number.isdecimal() else []


class PollerCounter:
    """Counts the processes of clusters that have connections to the provider at one moment."""

    def __init__(self, port: int) -> None:
        self._end = f":{port:04X}"
        self.most = 0

    def sample(self) -> None:
        sockets = self._connections()
        askers = [pid for pid in of_clusters() if sockets & _files_of(pid)]
        self.most = max(self.most, len(askers))

    def _connections(self) -> set[str]:
        # Read at one moment, so two processes found here had theirs at the same time.
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        made = (row[9] for row in rows if row[2].endswith(self._end) and row[3] == "01")
        return {f"socket:[{inode}]" for inode in made}


def of_clusters() -> list[int]:
    """Ids of all processes of django-q2 that work on our data folder, orphans too."""
    folder = f"DAILIES_DATA={settings.DATA_DIR}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if b"qcluster" in (path / "cmdline").read_bytes():
                found += [int(path.name)] * (folder in (path / "environ").read_bytes())
    return found


def groups_of(pids: Iterable[int]) -> set[int]:
    found = set()
    for pid in pids:
        with suppress(ProcessLookupError):
            found.add(os.getpgid(pid))
    return found


def _files_of(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(path.readlink()))
    return found
