"""The soak: thousands of tasks through everything that can go wrong, and what is true at the end.

A team's scripts create tasks at a provider that answers every fifth request badly; `manage.py work`
follows them and saves their videos, while one of its processes is killed every few seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from benchmarks import mischief
from benchmarks.figures import Figure
from benchmarks.mischief import Killer, Weather, Witness
from benchmarks.processes import free_port, running
from benchmarks.team import PRESETS, Team, key_at
from benchmarks.truth import Truth, last_frames, left_over, twice
from tasks.management.supervision import manage
from tasks.models import Copy, Lease
from tasks.simulator.records import Record

TURN = 0.5  # seconds
LOOK = 5.0  # seconds between two looks at how far it is
SETTLE = 60.0  # seconds of peace after the last task, for what was killed to be cleared away
LONGEST_SILENCE = 60.0  # seconds
LEAST_FAULTS = 0.2  # of all answers
RESUMED = ("sweep", "archive")


@dataclass(frozen=True)
class Size:
    tasks: int = int(os.environ.get("SOAK_TASKS", "2000"))
    speed: float = 10.0  # of the provider's tasks
    kill: tuple[float, float] = (5.0, 15.0)  # seconds between two kills
    longest: float = 1_800.0  # seconds after which it has failed


SMALL = Size(tasks=24, kill=(3.0, 6.0), longest=180.0)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port = free_port()
    state = Path(settings.DATA_DIR, "simulator.jsonl")
    options = ["--port", port, "--state", state, "--speed", size.speed, "--no-accidents"]
    with ExitStack() as stack:
        stack.enter_context(running("simulator", manage("simulator", *options), port=port))
        watch = manage("work", "--quiet", 2, "--wedged", 15, "--grace", 3)
        work = stack.enter_context(running("work", watch))
        soak = _Soak(size, port, state, Killer(work, size.kill))
        soak.run()
        yield from soak.figures()


class _Soak:
    def __init__(self, size: Size, port: int, state: Path, killer: Killer) -> None:
        self._size, self._killer = size, killer
        self._origin = f"http://127.0.0.1:{port}"
        self._team, self._truth = Team(self._origin, state, size.tasks), Truth(state)
        self._weather = Weather(self._origin, map(key_at, PRESETS))
        self._witness = Witness(port)
        self._silence = dict.fromkeys(RESUMED, 0.0)
        self._began, self._began_at = time.monotonic(), time.time()
        self._seconds = 0.0
        self._look_at = 0.0

    # The run

    def run(self) -> None:
        self._team.begin()
        while not self._is_done() and not self._is_too_late():
            self._turn()
            self._killer.go_on()
        self._seconds = time.monotonic() - self._began
        self._let_it_settle()

    def _turn(self) -> None:
        self._weather.go_on()
        self._witness.look()
        with suppress(DatabaseError):
            self._listen()
        time.sleep(TURN)

    def _is_too_late(self) -> bool:
        return time.monotonic() - self._began > self._size.longest

    def _is_done(self) -> bool:
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK
        self._team.track(self._truth.records())
        wrong, missing = len(self._truth.wrong()), len(self._truth.missing())
        said = f"{time.monotonic() - self._began:.0f} s: {len(self._team.tracked)} tasks, "
        said += (
            f"{wrong} not there yet, {missing} files to save, {self._killer.kills.total()} kills"
        )
        print(said, file=sys.stderr, flush=True)
        return self._team.is_done and not wrong and not missing

    def _let_it_settle(self) -> None:
        """Without kills: what the last one left is cleared away by who comes after it."""
        end = time.monotonic() + SETTLE
        while (left_over() or len(self._clusters()) != 1) and time.monotonic() < end:
            self._turn()

    def _clusters(self) -> set[int]:
        return mischief.groups_of(mischief.of_clusters())

    def _listen(self) -> None:
        """How long nobody was heard of, at most."""
        now = timezone.now()
        for lease in Lease.objects.filter(name__in=RESUMED):
            age = (now - (lease.beat_at or now)).total_seconds()
            self._silence[lease.name] = max(self._silence[lease.name], age)

    # The table

    def figures(self) -> Iterator[Figure]:
        counts = httpx.get(f"{self._origin}/_sim/counts", trust_env=False).json()
        records = self._truth.records()
        yield from self._ends(records)
        yield from self._once(records, counts)
        yield from self._machinery()
        yield from self._told(records, counts)

    def _ends(self, records: list[Record]) -> Iterator[Figure]:
        endings = Counter(record.story.ending for record in records)
        told = ", ".join(f"{number:,} {ending}" for ending, number in endings.most_common())
        yield _none(
            "tasks in another state than the provider's", self._truth.wrong(), told, len(records)
        )
        lost = self._truth.missing() + self._truth.different()
        films = f"{endings['succeeded']:,} videos, {last_frames():,} last frames"
        yield _none("files missing or different (SHA-256)", lost, films, endings["succeeded"])

    def _once(self, records: list[Record], counts: dict[str, Any]) -> Iterator[Figure]:
        made = sum(task["creates"] for task in counts["tasks"].values())
        yield Figure(
            name=_named("tasks made at the provider"),
            measured=f"{made:,}",
            baseline=f"asked for: {self._size.tasks:,}",
            ratio=made / self._size.tasks,
            goal="the same",
            met=made == len(records) == self._size.tasks,
        )
        yield _none("changes of status counted twice", twice(), "StatusChange rows", len(records))

    def _machinery(self) -> Iterator[Figure]:
        yield _none("unfinished files left", left_over(), "copies", Copy.objects.count())
        yield _one("clusters at the end", len(self._clusters()))
        yield _one("processes asking the provider at one moment, at most", self._witness.most)
        longest = max(self._silence.values())
        each = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self._silence.items())
        yield Figure(
            name=_named("longest silence of a heartbeat"),
            measured=each,
            baseline=f"promised: {LONGEST_SILENCE:.0f} s",
            ratio=longest / LONGEST_SILENCE,
            goal=f"< {LONGEST_SILENCE:.0f} s",
            met=longest < LONGEST_SILENCE,
        )

    def _told(self, records: list[Record], counts: dict[str, Any]) -> Iterator[Figure]:
        answers, faults = sum(counts["operations"].values()), sum(counts["faults"].values())
        yield Figure(
            name=_named("answers that were faulty: " + _listed(counts["faults"])),
            measured=f"{faults:,}",
            baseline=f"{answers:,} answers ({_listed(counts['operations'])})",
            ratio=faults / answers,
            goal=f"≥ {LEAST_FAULTS}",
            met=faults / answers >= LEAST_FAULTS,
        )
        kills = self._killer.kills
        yield Figure(
            name=_named("kill -9: " + _listed(kills)),
            measured=f"{kills.total()}",
            baseline=f"one each {self._seconds / max(1, kills.total()):.0f} s",
            ratio=kills.total() / max(1.0, self._seconds),
        )
        ideal = max(record.story.ends_at for record in records) - self._began_at
        yield Figure(
            name=_named("until all was true and saved"),
            measured=f"{self._seconds:.0f} s (load {os.getloadavg()[1]:.1f})",
            baseline=f"the provider's last task ended after {ideal:.0f} s",
            ratio=self._seconds / ideal,
            goal=f"< {self._size.longest:,.0f} s",
            met=self._seconds < self._size.longest,
        )


def _named(what: str) -> str:
    return f"soak, {what}"


def _none(what: str, found: Sequence[object], among: str, number: int) -> Figure:
    """The first of them go to the terminal, for whoever wants to know why."""
    if found:
        print(f"{what}: {found[:10]}", file=sys.stderr)
    return Figure(
        name=_named(what),
        measured=f"{len(found):,}",
        baseline=among,
        ratio=len(found) / max(1, number),
        goal="0",
        met=not found,
    )


def _one(what: str, number: int) -> Figure:
    return Figure(
        name=_named(what),
        measured=str(number),
        baseline="one",
        ratio=number,
        goal="1",
        met=number == 1,
    )


def _listed(numbers: dict[str, int]) -> str:
    ordered = sorted(numbers.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {what}" for what, number in ordered)
