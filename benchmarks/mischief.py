"""What the soak does to the product: faults that change like weather, and kills at random."""

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
#: Each holds its place for 20 s where it is met, so among files it comes more seldom.
OF_ANSWERS: tuple[str, ...] = (
    "429",
    "429;retry-after=2",
    "500",
    "503",
    "html",
    "empty",
    "truncated",
    "wrong-id",
)
OF_ANSWERS += ("drip", "lost-create")
OF_FILES = ("429", "500", "503", "html", "empty", "truncated") * 2 + ("drip",)
CHANGE = 2.0  # seconds between two kinds of fault


class Weather:
    """Another kind of fault for each key, and for the files, every two seconds."""

    def __init__(self, origin: str, keys: Iterable[str]) -> None:
        self._http = httpx.Client(base_url=f"{origin}/_sim/", timeout=10, trust_env=False)
        self._kinds = {**dict.fromkeys(keys, OF_ANSWERS), "media": OF_FILES}
        self._change_at = 0.0

    def go_on(self) -> None:
        if time.monotonic() < self._change_at:
            return
        self._change_at = time.monotonic() + CHANGE
        for key, kinds in self._kinds.items():
            fault = f"{random.choice(kinds)};share={SHARE}"
            self._http.put(f"faults/{quote(key)}", content=fault).raise_for_status()


class Killer:
    """kill -9 for one process after the other of `manage.py work`, which is started again."""

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

    def go_on(self) -> None:
        self._work.keep_alive()
        if time.monotonic() >= self._strike_at:
            self._strike_at = time.monotonic() + random.uniform(*self._every)
            self._strike(random.choice(list(self._victims)))

    def _strike(self, name: str) -> None:
        """Nobody may be there to kill: it is just being started again."""
        with suppress(ValueError, ProcessLookupError):
            victims = self._victims[name]()
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
            self.kills[name] += bool(victims)


def _group(name: str) -> list[int]:
    """Leash, parent, sentinel, workers and helpers of the cluster; leash and archive."""
    file = Path(settings.DATA_DIR, "run", name)
    number = file.read_text() if file.exists() else ""
    return members(int(number)) if number.isdecimal() else []


class Witness:
    """Counts who asks the provider at one moment: processes of clusters with connections to it."""

    def __init__(self, port: int) -> None:
        self._end = f":{port:04X}"
        self.most = 0

    def look(self) -> None:
        sockets = self._connections()
        askers = [pid for pid in of_clusters() if sockets & _files_of(pid)]
        self.most = max(self.most, len(askers))

    def _connections(self) -> set[str]:
        """Of one moment, so whoever holds two of them held them at once."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        made = (row[9] for row in rows if row[2].endswith(self._end) and row[3] == "01")
        return {f"socket:[{inode}]" for inode in made}


def of_clusters() -> list[int]:
    """All processes of django-q2 that work on our data folder, orphans too."""
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
