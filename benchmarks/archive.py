"""The archive beside curl: how fast files come onto the same disk, and what memory they take."""

from __future__ import annotations

import os
import resource
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks import accounts
from benchmarks.figures import Figure
from benchmarks.processes import cpu_seconds, free_port, members, module, running
from tasks.archive.pool import PER_HOST
from tasks.management.supervision import manage
from tasks.models import Copy, CopyKind, CopyState, Task
from tasks.providers.status import Status
from tasks.simulator.media import CLIPS

LEAST_SHARE = 0.35  # of curl's throughput; no provider sends so fast
MOST_CORE_SECONDS = 3.0  # a GB
BASELINES = ("curl", "curl, then sync")
MOST_MEMORY = 60.0  # MB over idle
MB = 1_000_000
PATIENCE = 600.0  # seconds for a batch
CLIP = CLIPS / "aurora.mp4"


@dataclass(frozen=True)
class Size:
    clip: int = 20 * MB
    clips: int = 30  # fetched together
    film: int = 1_000 * MB
    turns: int = 5


SMALL = Size(clip=2 * MB, clips=3, film=5 * MB, turns=1)


@dataclass(frozen=True)
class Turn:
    seconds: float
    processor: float  # seconds of a core

    @classmethod
    def middle(cls, turns: Iterable[Turn]) -> Turn:
        turns = list(turns)
        return cls(median(t.seconds for t in turns), median(t.processor for t in turns))

    def core_seconds(self, size: int) -> float:
        """Seconds of a core for each GB."""
        return self.processor / size * 1e9

    def in_words(self, size: int) -> str:
        return f"{size / MB / self.seconds:,.0f} MB/s, {self.core_seconds(size):.2f} core s/GB"


def measure(size: Size = Size()) -> Iterator[Figure]:
    with ExitStack() as stack:
        bench = _Bench(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_disk()))))
        host = module("benchmarks.file_host", bench.port, bench.folder)
        stack.enter_context(running("host", host, port=bench.port))
        with running("archive", module("benchmarks.archive_alone")) as archive:
            idle = bench.settled(archive.group)
            for what, bytes_each, number in (
                ("clip", size.clip, size.clips),
                ("film", size.film, 1),
            ):
                yield from bench.speed(what, bytes_each, number, size.turns)
                yield bench.memory(idle, bytes_each)
        with running("archive", manage("archive")) as archive:
            bench.settled(archive.group)
            yield from bench.speed("clip", size.clip, size.clips, size.turns, among=" with posters")


def _disk() -> Path:
    return Path(settings.DATA_DIR)


class _Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._account = accounts.credential("host", "native", f"http://127.0.0.1:{self.port}")
        self._group = 0

    def settled(self, group: int) -> float:
        """The archive's memory in MB once it has saved one small file and waits again."""
        self._group = group
        size = CLIP.stat().st_size + 8
        self._make("first", size)
        self._archived("first", size, 1)
        time.sleep(2)
        return _memory(self._archive)["VmRSS"]

    @property
    def _archive(self) -> int:
        return members(self._group)[1]

    def _make(self, name: str, size: int) -> None:
        """Make a whole video of this size: a real clip with a box of random bytes behind it."""
        clip, piece = CLIP.read_bytes(), os.urandom(MB)
        with (self.folder / name).open("wb") as file:
            file.write(clip + struct.pack(">I4s", size - len(clip), b"free"))
            while (missing := size - file.tell()) > 0:
                file.write(piece[:missing])

    # Turns

    def speed(
        self, what: str, size: int, number: int, turns: int, *, among: str = ""
    ) -> Iterator[Figure]:
        """Let the archive, curl, and curl with a sync take turns; yield a row for each baseline.

        Then yield what a GB cost the processor. With posters no goal is set: what they cost is in
        their own processes, and loading FFmpeg takes longer than fetching a clip.
        """
        self._make(what, size)
        rounds = [
            (
                self._archived(what, size, number),
                self._curled(what, size, number),
                self._curled(what, size, number, synced=True),
            )
            for _ in range(turns)
        ]
        (self.folder / what).unlink()
        name = f"archive{among}, {number} × {size / MB:,.0f} MB from a local host, checked and kept"
        ours, *others = (Turn.middle(turns) for turns in zip(*rounds, strict=True))
        load = f"(load {os.getloadavg()[0]:.1f})"
        for place, (words, other) in enumerate(zip(BASELINES, others, strict=True), 1):
            ratio = median(turns[place].seconds / turns[0].seconds for turns in rounds)
            has_goal = place == 1 and not among
            yield Figure(
                name=name,
                measured=ours.in_words(number * size),
                baseline=f"{words}: {other.in_words(number * size)} {load}",
                ratio=ratio,
                goal=f"≥ {LEAST_SHARE}" if has_goal else "",
                met=ratio >= LEAST_SHARE if has_goal else None,
            )
        if not among:
            yield _cost(ours, others[0], number, size, load)

    def _archived(self, what: str, size: int, number: int) -> Turn:
        """Measure from the first claim until the last file is saved."""
        self._warm(size * number)
        used = cpu_seconds(self._group)
        self._make_due(what, number)
        _wait(lambda: _count("state = 'waiting'") < number)
        began = time.monotonic()
        _wait(lambda: not _count("state IN ('waiting', 'saving')"))
        turn = Turn(time.monotonic() - began, cpu_seconds(self._group) - used)
        saved = Copy.objects.filter(state=CopyState.SAVED).count()
        assert saved == number, f"{saved} of {number} were saved"
        self._clear()
        return turn

    def _make_due(self, what: str, number: int) -> None:
        now = timezone.now()
        tasks = accounts.running_tasks(self._account, number)
        Task.objects.update(status=Status.SUCCEEDED, check_after=None, ended_at=now)
        Copy.objects.bulk_create(
            Copy(
                task=task,
                kind=CopyKind.VIDEO,
                url=f"http://127.0.0.1:{self.port}/{what}",
                link_ends_at=now + timedelta(hours=24),
                due_at=now,
                created_at=now,
            )
            for task in tasks
        )

    def _clear(self) -> None:
        Task.objects.all().delete()
        shutil.rmtree(_disk() / "videos")

    def _warm(self, size: int) -> None:
        """Leave so much memory free that was in use just now.

        A virtual machine gives what is free for some seconds back to its host, and writing into
        memory that has to come from there first took 2.7 s a GB instead of 0.2. And what others
        have written or removed is on the disk, or the next `fsync` would wait for that, too.
        """
        ballast, piece = self.folder / "ballast", os.urandom(MB)
        with ballast.open("wb") as file:
            for _ in range(size // MB + 1):
                file.write(piece)
        ballast.unlink()
        os.sync()

    def _curled(self, what: str, size: int, number: int, *, synced: bool = False) -> Turn:
        """Fetch as many at once as the archive does from one host, into files on the same disk."""
        self._warm(size * number)
        with tempfile.TemporaryDirectory(dir=_disk()) as folder:
            links = []
            for place in range(number):
                target = str(Path(folder, f"{place}"))
                links += ["-o", target, f"http://127.0.0.1:{self.port}/{what}"]
            many = ["--parallel", "--parallel-max", str(PER_HOST)]
            began, used = time.monotonic(), _used_by_commands()
            curl = ["curl", "--silent", "--no-progress-meter", "--fail", *many, *links]
            subprocess.run(curl, check=True)
            if synced:
                subprocess.run(["sync", *map(str, Path(folder).iterdir())], check=True)
            return Turn(time.monotonic() - began, _used_by_commands() - used)

    def memory(self, idle: float, size: int) -> Figure:
        found = _memory(self._archive)
        over = found["VmHWM"] - idle
        return Figure(
            name=f"archive, memory at its highest, files of {size / MB:,.0f} MB",
            measured=f"{over:.1f} MB over idle",
            baseline=f"idle: {idle:.1f} MB",
            ratio=found["VmHWM"] / idle,
            goal=f"< {MOST_MEMORY:.0f} MB",
            met=over < MOST_MEMORY,
        )


def _cost(ours: Turn, curl: Turn, number: int, size: int, load: str) -> Figure:
    found, other = ours.core_seconds(number * size), curl.core_seconds(number * size)
    return Figure(
        name=f"archive, processor time, {number} × {size / MB:,.0f} MB",
        measured=f"{found:.2f} core s/GB",
        baseline=f"curl: {other:.2f} core s/GB {load}",
        ratio=found / other,
        goal=f"≤ {MOST_CORE_SECONDS:.0f} core s/GB",
        met=found <= MOST_CORE_SECONDS,
    )


def _memory(pid: int) -> dict[str, float]:
    """A process's memory in MB; VmHWM is the most that VmRSS ever was, shared pages included."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(number) / 1024 for name, number, _kb in sizes}


def _count(condition: str) -> int:
    """Count copies in plain SQL, so that looking on takes no time from what is measured."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM tasks_copy WHERE {condition}")
        return int(cursor.fetchone()[0])


def _wait(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "the archive does not get on"
        time.sleep(0.005)


def _used_by_commands() -> float:
    """Seconds of a core used by all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
