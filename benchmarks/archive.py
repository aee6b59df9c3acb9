"""The archive beside curl: how fast files come onto the same disk, and what memory they take."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from django.conf import settings
from django.utils import timezone

from benchmarks import accounts
from benchmarks.figures import Figure
from benchmarks.processes import free_port, members, module, running
from tasks.archive.claims import PER_HOST
from tasks.management.supervision import manage
from tasks.models import Copy, CopyState, Kind, Task
from tasks.models.copy import UNSAVED
from tasks.simulator.media import CLIPS
from tasks.status import Status

LEAST_SHARE = 0.7  # of curl's throughput
MOST_MEMORY = 50.0  # MB over idle
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
            yield from bench.speed("clip", size.clip, size.clips, 2, among=" with posters")


def _disk() -> Path:
    return Path(settings.DATA_DIR)


class _Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._account = accounts.credential("host", "native", f"http://127.0.0.1:{self.port}")
        self._group = 0

    def settled(self, group: int) -> float:
        """MB of the archive's memory when it has saved one small file and waits again."""
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
        """A whole video of this size: a real clip with a box of anything behind it."""
        clip, piece = CLIP.read_bytes(), os.urandom(MB)
        with (self.folder / name).open("wb") as file:
            file.write(clip + struct.pack(">I4s", size - len(clip), b"free"))
            while (missing := size - file.tell()) > 0:
                file.write(piece[:missing])

    # Turns

    def speed(
        self, what: str, size: int, number: int, turns: int, *, among: str = ""
    ) -> Iterator[Figure]:
        """In turns; the second row tells what curl takes until its files are on the disk."""
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
        ours = _per_second(number * size, median(our for our, *_ in rounds))
        for place, words in ((1, "curl"), (2, "curl, then sync")):
            others = _per_second(number * size, median(seconds[place] for seconds in rounds))
            ratio = median(seconds[place] / seconds[0] for seconds in rounds)
            has_goal = place == 1 and not among
            yield Figure(
                name=name,
                measured=ours,
                baseline=f"{words}: {others} (load {os.getloadavg()[0]:.1f})",
                ratio=ratio,
                goal=f"≥ {LEAST_SHARE}" if has_goal else "",
                met=ratio >= LEAST_SHARE if has_goal else None,
            )

    def _archived(self, what: str, size: int, number: int) -> float:
        """Seconds from the first claim until the last is saved."""
        unsaved = Copy.objects.filter(state__in=UNSAVED)
        with self._warm(size * number):
            self._wish_for(what, number)
            _wait(lambda: unsaved.filter(state=CopyState.WAITING).count() < number)
            began = time.monotonic()
        _wait(lambda: not unsaved.exists())
        seconds = time.monotonic() - began
        saved = Copy.objects.filter(state=CopyState.SAVED).count()
        assert saved == number, f"{saved} of {number} were saved"
        self._clear()
        return seconds

    def _wish_for(self, what: str, number: int) -> None:
        now = timezone.now()
        tasks = accounts.running_tasks(self._account, number)
        Task.objects.update(status=Status.SUCCEEDED, check_after=None, ended_at=now)
        Copy.objects.bulk_create(
            Copy(
                task=task,
                kind=Kind.VIDEO,
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

    @contextmanager
    def _warm(self, size: int) -> Iterator[None]:
        """So much memory is free again when the block ends that was in use just now.

        A virtual machine gives what is free for some seconds back to its host, and writing into
        memory that has to come from there first took 2.7 s a GB instead of 0.2.
        """
        ballast, piece = self.folder / "ballast", os.urandom(MB)
        with ballast.open("wb") as file:
            for _ in range(size // MB + 1):
                file.write(piece)
        yield
        ballast.unlink()

    def _curled(self, what: str, size: int, number: int, *, synced: bool = False) -> float:
        """As many at once as the archive takes from one host."""
        with self._warm(size * number):
            pass
        with tempfile.TemporaryDirectory(dir=_disk()) as folder:
            links = []
            for place in range(number):
                target = str(Path(folder, f"{place}"))
                links += ["-o", target, f"http://127.0.0.1:{self.port}/{what}"]
            many = ["--parallel", "--parallel-max", str(PER_HOST)]
            began = time.monotonic()
            curl = ["curl", "--silent", "--no-progress-meter", "--fail", *many, *links]
            subprocess.run(curl, check=True)
            if synced:
                subprocess.run(["sync", *map(str, Path(folder).iterdir())], check=True)
            return time.monotonic() - began

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


def _memory(pid: int) -> dict[str, float]:
    """MB; VmHWM is the most that VmRSS ever was, shared pages of libraries included."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(number) / 1024 for name, number, _kb in sizes}


def _wait(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "the archive does not get on"
        time.sleep(0.02)


def _per_second(size: int, seconds: float) -> str:
    return f"{size / MB / seconds:,.0f} MB/s"
