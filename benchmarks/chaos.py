"""Faults of the provider and kills of our processes, both at random, for the soak."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
from django.conf import settings
from django.utils import timezone

from benchmarks.processes import in_order_of_age, members
from tasks.management.supervision import Child
from tasks.models import Lease

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

    def __init__(self, origin: str, kinds: Mapping[str, Sequence[str]]) -> None:
        """`kinds` are those of each key at the provider; of its files' under "media"."""
        self._http = httpx.Client(base_url=f"{origin}/_sim/", timeout=10, trust_env=False)
        self._kinds = kinds
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


Victims = dict[str, Callable[[], list[int]]]  # ids of processes, by what they are


class Killer:
    """Sends SIGKILL to some of our processes, one kind after the other."""

    def __init__(
        self, victims: Victims, every: tuple[float, float], *, in_turn: bool = False
    ) -> None:
        """`every`: the shortest and the longest time between two kills, in seconds.

        The kinds are chosen at random, or else in turn.
        """
        self.kills: Counter[str] = Counter()
        self._victims = victims
        self._every = every
        self._in_turn = in_turn
        self.begin()

    def begin(self) -> None:
        """Count the time until the first kill from now on."""
        self._strike_at = time.monotonic() + self._every[1]

    def step(self) -> None:
        """Kill if it is time to; where nobody is there to be killed, try again at the next step."""
        if time.monotonic() < self._strike_at:
            return
        names = list(self._victims)
        name = names[self.kills.total() % len(names)] if self._in_turn else random.choice(names)
        if self._strike(name):
            self._strike_at = time.monotonic() + random.uniform(*self._every)

    def _strike(self, name: str) -> bool:
        """Whether somebody was there: they may be being started again."""
        try:
            victims = self._victims[name]()
        except ValueError:
            return False
        for pid in victims:
            with suppress(ProcessLookupError):  # the end of another one has ended it
                os.kill(pid, signal.SIGKILL)
        self.kills[name] += bool(victims)
        return bool(victims)


def of_work(work: Child) -> Victims:
    """The processes of `manage.py work`, which are started again; `work` itself not by anybody."""
    return {
        "worker": a_worker,
        "sentinel": lambda: _group("cluster")[2:3],
        "parent": lambda: _group("cluster")[1:2],
        "whole cluster": lambda: _group("cluster"),
        "archive": lambda: _group("archive")[1:2],
        "watch": lambda: members(work.group)[1:2],
    }


def a_worker() -> list[int]:
    """The id of a worker of the cluster. Raises ValueError where none is there."""
    return random.sample(_group("cluster")[3:], 1)


def _group(name: str) -> list[int]:
    """Ids of parent guard, parent, sentinel and workers; of the archive: its guard and itself."""
    file = Path(settings.DATA_DIR, "run", name)
    number = file.read_text() if file.exists() else ""
    return members(int(number)) if number.isdecimal() else []


class SilenceNotes:
    """Keeps the longest time for which each of these heartbeats was silent."""

    def __init__(self, names: Iterable[str]) -> None:
        self.longest = dict.fromkeys(names, 0.0)  # seconds

    def sample(self) -> None:
        now = timezone.now()
        for lease in Lease.objects.filter(name__in=self.longest):
            age = (now - (lease.beat_at or now)).total_seconds()
            self.longest[lease.name] = max(self.longest[lease.name], age)


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
    return working_here("qcluster")


def working_here(word: str = "") -> list[int]:
    """Ids of all processes on our data folder with this word in their command, the oldest first."""
    folder = f"DAILIES_DATA={settings.DATA_DIR}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if word.encode() in (path / "cmdline").read_bytes():
                found += [int(path.name)] * (folder in (path / "environ").read_bytes())
    return in_order_of_age(found)


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
