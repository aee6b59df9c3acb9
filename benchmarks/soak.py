"""The soak: thousands of tasks through everything that can go wrong, and what is true at the end.

A team's scripts create tasks at a provider that answers every fifth request badly; `manage.py work`
follows them and saves their videos, while one of its processes is killed every few seconds.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.files.storage import storages
from django.db import DatabaseError
from django.utils import timezone

from benchmarks import mischief
from benchmarks.figures import Figure
from benchmarks.mischief import Killer, Weather, Witness
from benchmarks.processes import free_port, running
from tasks.management.supervision import manage
from tasks.models import Copy, Credential, Lease, Project, StatusChange, Task
from tasks.models.copy import CopyState, Kind
from tasks.simulator import media
from tasks.simulator.demo import SHOTS, Shot
from tasks.simulator.presets import base_urls
from tasks.simulator.records import Ledger, Record

PRESETS = ("volcengine", "byteplus", "powertokens", "dataeyes", "tokenhot", "yescale")
TURN = 0.5  # seconds
LOOK = 5.0  # seconds between two looks at how far it is
SETTLE = 60.0  # seconds of peace after the last task, for what was killed to be cleared away
LONGEST_SILENCE = 60.0  # seconds
LEAST_FAULTS = 0.2  # of all answers
#: How tasks end; the others as the provider's own rules have it.
WISHES = ("",) * 16 + ("fail", "fail", "expire", "cancel")
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
        self._size, self._state, self._killer = size, state, killer
        self._origin = f"http://127.0.0.1:{port}"
        self._accounts = {slug: self._account(slug) for slug in PRESETS}
        self._weather = Weather(self._origin, [_key(slug) for slug in PRESETS])
        self._witness = Witness(port)
        self._silence = dict.fromkeys(RESUMED, 0.0)
        self._began, self._began_at = time.monotonic(), time.time()
        self._seconds = 0.0
        self._look_at = 0.0
        self._tracked: set[str] = set()

    def _account(self, slug: str) -> Credential:
        """Its tasks are looked at each 2 s, so that killing hits a sweep at work."""
        account = Credential(
            name=slug,
            provider=slug,
            base_url=base_urls(self._origin)[slug],
            check_seconds=2.0,
            requests_per_second=100.0,
        )
        account.replace_key(_key(slug))
        account.save()
        return account

    # The run

    def run(self) -> None:
        script = threading.Thread(target=self._create_all, daemon=True)
        script.start()
        while not (self._is_done() and not script.is_alive()) and not self._is_too_late():
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
        self._track()
        wrong, missing = len(self._wrong), len(self._missing)
        said = f"{time.monotonic() - self._began:.0f} s: {len(self._tracked)} tasks, "
        said += (
            f"{wrong} not there yet, {missing} files to save, {self._killer.kills.total()} kills"
        )
        print(said, file=sys.stderr, flush=True)
        return len(self._tracked) == self._size.tasks and not wrong and not missing

    def _let_it_settle(self) -> None:
        """Without kills: what the last one left is cleared away by who comes after it."""
        end = time.monotonic() + SETTLE
        while (_left_over() or len(self._clusters()) != 1) and time.monotonic() < end:
            self._turn()

    def _clusters(self) -> set[int]:
        return mischief.groups_of(mischief.of_clusters())

    def _listen(self) -> None:
        """How long nobody was heard of, at most."""
        now = timezone.now()
        for lease in Lease.objects.filter(name__in=RESUMED):
            age = (now - (lease.beat_at or now)).total_seconds()
            self._silence[lease.name] = max(self._silence[lease.name], age)

    # What the team does

    def _create_all(self) -> None:
        scripts = [
            threading.Thread(target=self._create_some, args=[slug, number], daemon=True)
            for slug, number in zip(PRESETS, _shares(self._size.tasks), strict=True)
        ]
        for script in scripts:
            script.start()
        for script in scripts:
            script.join()

    def _create_some(self, slug: str, wanted: int) -> None:
        """Exactly so many: after a bad answer the provider's record tells whether it was made."""
        shots = [shot for shot in SHOTS if shot.preset == slug and _is_quick(shot)]
        made = 0
        with httpx.Client(timeout=1, trust_env=False) as http:
            while made < wanted:
                is_sure = self._create(http, self._accounts[slug], random.choice(shots))
                made = made + 1 if is_sure else self._made_at(slug)

    def _create(self, http: httpx.Client, account: Credential, shot: Shot) -> bool:
        try:
            answer = http.post(
                account.base_url + shot.path(),
                json=shot.body(),
                headers={
                    "Authorization": f"Bearer {_key(account.provider)}",
                    "X-Sim-Steer": random.choice(WISHES),
                },
            )
            return bool(answer.is_success and answer.json()["id"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return False

    def _made_at(self, slug: str) -> int:
        """From the file itself: the threads of the scripts share this process with the rest."""
        return self._state.read_text().count(f'"preset": "{slug}"') if self._state.exists() else 0

    def _track(self) -> None:
        """What the provider's own list shows and nobody follows yet."""
        fresh: dict[str, list[str]] = {}
        for record in self._records():
            if record.public_id not in self._tracked:
                fresh.setdefault(record.preset, []).append(record.public_id)
        for slug, ids in fresh.items():
            Task.objects.track(
                ids,
                credential=self._accounts[slug],
                project=Project.objects.get(),
                created_by=None,
                now=timezone.now(),
            )
            self._tracked.update(ids)

    def _records(self) -> list[Record]:
        if not self._state.exists():
            return []
        copy = self._state.with_suffix(".read")  # a Ledger mends the file it reads
        copy.write_bytes(self._state.read_bytes())
        return list(Ledger(copy))

    # What is true

    @property
    def _wrong(self) -> list[str]:
        """Tasks in another state than the provider's own record has them end in."""
        found = dict(Task.objects.values_list("remote_id", "status"))
        true = {record.public_id: record.story.ending for record in self._records()}
        return [name for name, ending in true.items() if found.get(name) != ending]

    @property
    def _missing(self) -> list[str]:
        """Videos that are not saved as the provider has them, as far as the rows say."""
        kept = Copy.objects.filter(state=CopyState.SAVED)
        saved = dict(kept.filter(kind=Kind.VIDEO).values_list("task__remote_id", "sha256"))
        clips = {record.public_id: _hash_of(record, "mp4") for record in self._films()}
        others = Copy.objects.exclude(kind=Kind.VIDEO).exclude(state=CopyState.SAVED)
        unsaved = list(others.values_list("task__remote_id", flat=True))
        return [name for name, digest in clips.items() if saved.get(name) != digest] + unsaved

    def _films(self) -> list[Record]:
        return [record for record in self._records() if record.story.ending == "succeeded"]

    def _different(self) -> list[str]:
        """Files in the storage that are not, byte for byte, the provider's."""
        records = {record.public_id: record for record in self._records()}
        found = []
        for copy in Copy.objects.filter(state=CopyState.SAVED).select_related("task"):
            suffix = "mp4" if copy.kind == Kind.VIDEO else "jpg"
            if _stored(copy.name) != _hash_of(records[copy.task.remote_id], suffix):
                found.append(copy.name)
        return found

    # The table

    def figures(self) -> Iterator[Figure]:
        counts = httpx.get(f"{self._origin}/_sim/counts", trust_env=False).json()
        records = self._records()
        yield from self._truth(records)
        yield from self._once(records, counts)
        yield from self._machinery()
        yield from self._told(records, counts)

    def _truth(self, records: list[Record]) -> Iterator[Figure]:
        endings = Counter(record.story.ending for record in records)
        told = ", ".join(f"{number:,} {ending}" for ending, number in endings.most_common())
        yield _none("tasks in another state than the provider's", self._wrong, told, len(records))
        lost = self._missing + self._different()
        films = f"{endings['succeeded']:,} videos, {_last_frames():,} last frames"
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
        yield _none("changes of status counted twice", _twice(), "StatusChange rows", len(records))

    def _machinery(self) -> Iterator[Figure]:
        yield _none("unfinished files left", _left_over(), "copies", Copy.objects.count())
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


def _twice() -> list[str]:
    """Changes of a task that do not begin where the one before ended."""
    stands: dict[int, str] = {}
    found = []
    for change in StatusChange.objects.order_by("id"):
        if change.was != stands.get(change.task_id, change.was) or change.was == change.became:
            found.append(str(change))
        stands[change.task_id] = change.became
    return found


def _left_over() -> list[str]:
    """In the folder of unfinished files, and hidden ones in the storage's own folder."""
    unfinished = Path(settings.DATA_DIR, "incoming").glob("*")
    hidden = Path(settings.DATA_DIR, "videos").rglob(".*")
    return [str(path) for path in (*unfinished, *hidden)]


def _last_frames() -> int:
    return Copy.objects.exclude(kind=Kind.VIDEO).count()


def _hash_of(record: Record, suffix: str) -> str:
    whole = media.video(record) if suffix == "mp4" else media.clip(media.clip_name(record), suffix)
    return hashlib.sha256(whole).hexdigest()


def _stored(name: str) -> str:
    try:
        with storages["videos"].open(name) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def _key(slug: str) -> str:
    return f"sim-soak-{slug}"


def _is_quick(shot: Shot) -> bool:
    return shot.options.get("service_tier") != "flex"


def _shares(number: int) -> list[int]:
    each, more = divmod(number, len(PRESETS))
    return [each + (place < more) for place in range(len(PRESETS))]
