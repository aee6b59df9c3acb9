"""The soak: thousands of tasks through everything that can go wrong, then a comparison of records.

A team's scripts create tasks at a provider that answers every fifth request badly; `manage.py work`
follows them and saves their videos, while one of its processes is killed every few seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import DatabaseError

from benchmarks import chaos
from benchmarks.chaos import (
    ANSWER_FAULTS,
    FILE_FAULTS,
    FaultInjector,
    Killer,
    PollerCounter,
    SilenceNotes,
)
from benchmarks.figures import Figure
from benchmarks.outcomes import (
    ProviderRecords,
    last_frames,
    repeated_changes,
    unfinished_files,
)
from benchmarks.processes import free_port, running
from benchmarks.soak_rows import Rows
from benchmarks.workload import PRESETS, Workload, key_at
from tasks.management.supervision import Child, manage
from tasks.models import Copy
from tasks.simulator.records import Record

TURN = 0.5  # seconds
CHECK = 5.0  # seconds between two checks of the progress
SETTLE = 60.0  # seconds of peace after the last task, for what was killed to be cleared away
LEAST_FAULTS = 0.2  # of all answers
RESUMED = ("sweep", "archive")
ROWS = Rows("soak")


@dataclass(frozen=True)
class Size:
    tasks: int = int(os.environ.get("SOAK_TASKS", "2000"))
    speed: float = 10.0  # of the provider's tasks
    kill: tuple[float, float] = (5.0, 15.0)  # seconds between two kills
    chaos: float = inf  # seconds after which faults and kills end
    longest: float = 1_800.0  # seconds after which it has failed


SMALL = Size(tasks=12, kill=(4.0, 5.0), chaos=10.0, longest=180.0)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port = free_port()
    state = Path(settings.DATA_DIR, "simulator.jsonl")
    options = ["--port", port, "--state", state, "--speed", size.speed, "--no-accidents"]
    with ExitStack() as stack:
        stack.enter_context(running("simulator", manage("simulator", *options), port=port))
        watch = manage("work", "--quiet", 2, "--wedged", 15, "--grace", 3)
        work = stack.enter_context(running("work", watch))
        soak = _Soak(size, port, state, work)
        soak.run()
        yield from soak.figures()


class _Soak:
    def __init__(self, size: Size, port: int, state: Path, work: Child) -> None:
        self._size, self._work = size, work
        self._origin = f"http://127.0.0.1:{port}"
        self._workload = Workload(self._origin, state, size.tasks)
        self._records = ProviderRecords(state)
        self._faults = FaultInjector(self._origin, _kinds_of_faults())
        self._killer = Killer(chaos.of_work(work), size.kill)
        self._pollers = PollerCounter(port)
        self._silence = SilenceNotes(RESUMED)
        self._began, self._began_at = time.monotonic(), time.time()
        self._seconds = 0.0
        self._check_at = 0.0

    # The run

    def run(self) -> None:
        self._workload.begin()
        while not self._is_done() and self._elapsed < self._size.longest:
            self._turn()
            if self._elapsed < self._size.chaos:
                self._faults.step()
                self._killer.step()
            else:
                self._faults.stop()
        self._seconds = self._elapsed
        self._faults.stop()
        self._let_it_settle()

    def _turn(self) -> None:
        self._work.keep_alive()
        self._pollers.sample()
        with suppress(DatabaseError):
            self._silence.sample()
        time.sleep(TURN)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _is_done(self) -> bool:
        if time.monotonic() < self._check_at:
            return False
        self._check_at = time.monotonic() + CHECK
        self._workload.track(self._records.read())
        unended, unsaved = len(self._records.in_another_state()), len(self._records.unsaved())
        progress = f"{self._elapsed:.0f} s: {len(self._workload.tracked)} tasks, "
        progress += f"{unended} not ended yet, {unsaved} files to save, "
        progress += f"{self._killer.kills.total()} kills"
        print(progress, file=sys.stderr, flush=True)
        return self._workload.is_done and not unended and not unsaved

    def _let_it_settle(self) -> None:
        """Wait until what the last kill left behind is cleared away."""
        end = time.monotonic() + SETTLE
        while (unfinished_files() or len(self._clusters()) != 1) and time.monotonic() < end:
            self._turn()

    def _clusters(self) -> set[int]:
        return chaos.groups_of(chaos.of_clusters())

    # The table

    def figures(self) -> Iterator[Figure]:
        counts = httpx.get(f"{self._origin}/_sim/counts", trust_env=False).json()
        records = self._records.read()
        yield from self._ends(records)
        yield from self._once(records, counts)
        yield from self._machinery()
        yield from self._load(records, counts)

    def _ends(self, records: list[Record]) -> Iterator[Figure]:
        statuses = Counter(record.timeline.final_status for record in records)
        yield ROWS.none(
            "tasks in another state than the provider's",
            self._records.in_another_state(),
            ", ".join(f"{number:,} {status}" for status, number in statuses.most_common()),
            len(records),
        )
        wrong = self._records.unsaved() + self._records.corrupted()
        files = f"{statuses['succeeded']:,} videos, {last_frames():,} last frames"
        yield ROWS.none("files missing or different (SHA-256)", wrong, files, statuses["succeeded"])

    def _once(self, records: list[Record], counts: dict[str, Any]) -> Iterator[Figure]:
        created = sum(task["creates"] for task in counts["tasks"].values())
        yield Figure(
            name=ROWS.named("tasks made at the provider"),
            measured=f"{created:,}",
            baseline=f"asked for: {self._size.tasks:,}",
            ratio=created / self._size.tasks,
            goal="the same",
            met=created == len(records) == self._size.tasks,
            exact=True,
        )
        yield ROWS.none(
            "changes of status counted twice", repeated_changes(), "StatusChange rows", len(records)
        )

    def _machinery(self) -> Iterator[Figure]:
        yield ROWS.none("unfinished files left", unfinished_files(), "copies", Copy.objects.count())
        yield _one("clusters at the end", len(self._clusters()))
        yield _one("processes asking the provider at one moment, at most", self._pollers.most)
        yield ROWS.silence(self._silence.longest)

    def _load(self, records: list[Record], counts: dict[str, Any]) -> Iterator[Figure]:
        yield ROWS.faulty(counts, LEAST_FAULTS)
        yield ROWS.killed(self._killer.kills, self._seconds)
        ideal = max(record.timeline.ends_at for record in records) - self._began_at
        yield Figure(
            name=ROWS.named("until all was true and saved"),
            measured=f"{self._seconds:.0f} s (load {os.getloadavg()[1]:.1f})",
            baseline=f"the provider's last task ended after {ideal:.0f} s",
            ratio=self._seconds / ideal,
            goal=f"< {self._size.longest:,.0f} s",
            met=self._seconds < self._size.longest,
        )


def _kinds_of_faults() -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(map(key_at, PRESETS), ANSWER_FAULTS) | {"media": FILE_FAULTS}


def _one(what: str, number: int) -> Figure:
    return Figure(
        name=ROWS.named(what),
        measured=str(number),
        baseline="one",
        ratio=number,
        goal="1",
        met=number == 1,
    )
