"""The API's soak: programs create with Idempotency-Keys while everything goes wrong.

Ten programs, each with a token of its own, create through Ark's, OpenAI's and new-api's addresses
and repeat each request under its key until they have an id. The provider answers creates with 429,
500, 503 and nonsense, slowly, or not at all, before or after it has made the task; all else that it
is asked fails as well. Each few seconds one of these is killed with -9, in turn: the process
that answers requests, a worker of the cluster, all of `manage.py up`, which is then started again.

A create whose answer was lost stays *unconfirmed*, and no process ever sends it again. It counts as
resolved once a complete comparison with the provider's list has looked for it: the list has the
task, which the product then offers as its candidate, or the list does not have it. A person decides
which; the soak decides as they would: by the candidate whose `safety_identifier` is that of the
create, and that it was not created where there is none. Whoever then has the provider's own record
knows whether that was right: a task that it made and that no row here names is lost.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from math import inf
from pathlib import Path

import httpx
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from benchmarks import accounts, api_outcomes, chaos
from benchmarks.api_clients import Create, Program
from benchmarks.chaos import ANSWER_FAULTS, FILE_FAULTS, FaultInjector, Killer, SilenceNotes
from benchmarks.figures import Figure
from benchmarks.outcomes import ProviderRecords
from benchmarks.processes import free_port, running
from benchmarks.soak_rows import Rows, listed
from tasks.management.supervision import Child, manage
from tasks.models import CreateLookup, Price, Project, Submission, SubmissionState
from tasks.models.charge import day_of
from tasks.providers.catalog.models import find_model
from tasks.simulator.presets import base_urls
from tasks.submission.place import confirm_created, mark_not_created

TURN = 0.5  # seconds
CHECK = 5.0  # seconds between two checks of the progress
LEAST_FAULTS = 0.1  # of all answers
ROWS = Rows("API soak")
#: Accounts by name: the provider, and its name of the model.
ACCOUNTS = {
    "ark-1": ("volcengine", "doubao-seedance-2-0-260128"),
    "ark-2": ("volcengine", "doubao-seedance-2-0-260128"),
    "byteplus-1": ("byteplus", "dreamina-seedance-2-0-260128"),
    "byteplus-2": ("byteplus", "dreamina-seedance-2-0-260128"),
}
KINDS = (*ANSWER_FAULTS, "dropped-create", "lost-create")


@dataclass(frozen=True)
class Size:
    creates: int = int(os.environ.get("API_SOAK_CREATES", "10000"))
    peaceful: int = 200  # more of them before, for the baseline
    programs: int = 10
    pause: float = 0.0  # seconds of a program after each create
    kill: float = 5.0  # seconds between two kills
    kills: float = inf  # at most
    gentle: bool = False  # whether kills wait until no create is on its way
    longer: float = 120.0  # seconds of trouble at most after all ids were given, while some wait
    kinds: tuple[str, ...] = KINDS
    speed: float = 20.0  # of the provider's tasks
    longest: float = 3_600.0  # seconds after which it has failed


#: Nothing is killed while a create is on its way, and none of the answers drips: a create whose
#: sender was killed is unconfirmed only after two minutes.
SMALL = Size(
    creates=60,
    peaceful=10,
    pause=1.2,
    kill=3.0,
    kills=2,
    gentle=True,
    kinds=tuple(kind for kind in KINDS if kind != "drip"),
    longest=240.0,
)


def measure(size: Size = Size()) -> Iterator[Figure]:
    port, simulator_port = free_port(), free_port()
    state = Path(settings.DATA_DIR, "simulator.jsonl")
    options = ["--port", simulator_port, "--state", state, "--speed", size.speed, "--no-accidents"]
    os.environ |= {
        "DAILIES_TAKES_PER_MINUTE": "0",
        "DAILIES_TAKES_PER_HOUR": "0",
        "DAILIES_PREVIEWS": "0",
    }
    with ExitStack() as stack:
        simulator = stack.enter_context(
            running("simulator", manage("simulator", *options), port=simulator_port)
        )
        origin = f"http://127.0.0.1:{simulator_port}"
        programs = _programs(size, f"http://127.0.0.1:{port}", base_urls(origin))
        command = manage("up", "--port", port, "--without-backup")
        up = stack.enter_context(running("up", command, port=port))
        soak = _Soak(size, programs, up, simulator, origin, state)
        soak.run()
        yield from soak.figures()


def _programs(size: Size, url: str, base: dict[str, str]) -> list[Program]:
    project, names = Project.objects.get(), list(ACCOUNTS)
    for name, (slug, model) in ACCOUNTS.items():
        account = accounts.credential(
            name, slug, base[slug], key=_key_at(name), check_seconds=2.0, requests_per_second=100.0
        )
        found = find_model(model)
        assert found
        today = day_of(timezone.now()) - timedelta(days=1)
        Price.objects.create(
            credential=account, model=found.name, amount=Decimal(46), valid_from=today
        )
    made = []
    for number in range(size.programs):
        name = names[number % len(names)]
        token, text = accounts.token(accounts.person(f"program {number}", [project]), project)
        made.append(Program(url, token, text, name, ACCOUNTS[name][1]))
    return made


def _key_at(name: str) -> str:
    return f"sim-soak-{name}"


class _Soak:
    def __init__(
        self,
        size: Size,
        programs: list[Program],
        up: Child,
        simulator: Child,
        origin: str,
        state: Path,
    ) -> None:
        self._size, self._programs, self._up, self._simulator = size, programs, up, simulator
        self._origin = origin
        self._records = ProviderRecords(state)
        kinds = dict.fromkeys(map(_key_at, ACCOUNTS), size.kinds) | {"media": FILE_FAULTS}
        self._faults = FaultInjector(origin, kinds)
        victims = {
            "web process": lambda: chaos.working_here("--unsupervised")[2:][-1:],
            "worker": chaos.a_worker,
            "all of up": self._all_of_up,
        }
        self._killer = Killer(victims, (size.kill, size.kill), in_turn=True)
        self._silence = SilenceNotes(["sweep"])
        self._began = time.monotonic()
        self._check_at = 0.0
        self._peaceful = self._rate = self._troubled = 0.0
        self._decided: Counter[str] = Counter()

    # The run

    def run(self) -> None:
        """Create in peace, then in trouble; then wait, in peace, until everything is known."""
        self._peaceful = self._size.peaceful / self._creating(0, self._size.peaceful, 0.0)
        self._killer.begin()
        began = time.monotonic()
        last = self._size.peaceful + self._size.creates
        self._rate = self._size.creates / self._creating(
            self._size.peaceful, last, self._size.pause, self._trouble
        )
        peace_at = time.monotonic() + self._size.longer
        self._until(lambda: time.monotonic() > peace_at or self._all_are_sent(), self._trouble)
        self._troubled = time.monotonic() - began
        self._faults.stop()
        self._until(lambda: self._all_are_sent() and not self._number("sending"))
        self._until(self._are_looked_up, self._look_again)
        self._decide()
        self._until(lambda: not self._records.in_another_state())

    def _creating(
        self, first: int, last: int, pause: float, meanwhile: Callable[[], None] = lambda: None
    ) -> float:
        """Have all programs create their shares of these; return the seconds it took."""
        began, each = time.monotonic(), len(self._programs)
        creates = [Create(number) for number in range(first, last)]
        with ThreadPoolExecutor(each) as pool:
            running = [
                pool.submit(program.create_all, creates[place::each], pause)
                for place, program in enumerate(self._programs)
            ]
            self._until(lambda: all(map(Future.done, running)), meanwhile)
            for program in running:
                program.result()
        return time.monotonic() - began

    def _until(
        self, is_done: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Keep everything running until this holds."""
        while time.monotonic() - self._began < self._size.longest:
            with suppress(DatabaseError):
                if is_done():
                    return
                self._tell()
                self._silence.sample()
            if not self._up.is_alive:
                self._up.restart()
            meanwhile()
            time.sleep(TURN)
        raise TimeoutError(f"not over after {self._size.longest:.0f} s")

    def _tell(self) -> None:
        if time.monotonic() < self._check_at:
            return
        self._check_at = time.monotonic() + CHECK
        states = Counter(Submission.objects.values_list("state", flat=True))
        answered = sum(len(program.ids) for program in self._programs)
        # Copied first, because the programs' threads go on counting.
        answers = sum((program.answers.copy() for program in self._programs), Counter[str]())
        seconds = time.monotonic() - self._began
        print(
            f"{seconds:.0f} s: {answered} answered ({listed(answers)}), {listed(states)}, "
            f"{self._killer.kills.total()} kills",
            file=sys.stderr,
            flush=True,
        )

    def _all_are_sent(self) -> bool:
        return self._number("waiting") == 0

    def _number(self, state: str) -> int:
        return Submission.objects.filter(state=state).count()

    def _trouble(self) -> None:
        self._faults.step()
        if self._killer.kills.total() >= self._size.kills:
            return
        with suppress(DatabaseError):
            if not (self._size.gentle and self._number("sending")):
                self._killer.step()

    def _all_of_up(self) -> list[int]:
        others = {os.getpid(), *chaos.members(self._simulator.group)}
        return [pid for pid in chaos.working_here() if pid not in others]

    # What a person does

    def _unlisted(self) -> list[CreateLookup]:
        """Lookups of unconfirmed creates that no complete list has answered."""
        rows = CreateLookup.objects.filter(submission__state=SubmissionState.UNCONFIRMED)
        return [row for row in rows.select_related("submission") if not row.is_complete]

    def _are_looked_up(self) -> bool:
        return not self._unlisted()

    def _look_again(self) -> None:
        """Ask for the list again where it failed: the next try by itself is in five minutes."""
        now = timezone.now()
        for lookup in self._unlisted():
            if lookup.outcome and (lookup.due_at is None or lookup.due_at > now):
                CreateLookup.objects.hasten(lookup.submission, now)

    def _decide(self) -> None:
        rows = Submission.objects.unconfirmed().select_related("task", "batch")
        for submission in list(rows):
            candidates = submission.lookup.candidates.free()
            found = [each for each in candidates if "safety_identifier" in each.agreed]
            if found:
                confirm_created(submission, found[0].remote_id, timezone.now())
                self._decided["found in the list"] += 1
            else:
                mark_not_created(submission, timezone.now())
                self._decided["not in the list"] += 1

    # The table

    @cached_property
    def _outcome(self) -> api_outcomes.Outcome:
        return api_outcomes.Outcome(self._programs, self._records.read())

    def figures(self) -> Iterator[Figure]:
        counts = httpx.get(f"{self._origin}/_sim/counts", trust_env=False).json()
        yield from self._once(counts["operations"]["create"])
        yield from self._costs()
        yield from self._load(counts)

    def _once(self, requests: int) -> Iterator[Figure]:
        found, keys = self._outcome, self._size.creates + self._size.peaceful
        among = f"{keys:,} keys"
        yield ROWS.none("keys without exactly one task", found.not_one_task(keys), among, keys)
        answered = f"{sum(found.answers[each] for each in ('200', '201')):,} answers with an id"
        yield ROWS.none("keys answered with another id", found.answered_wrongly(), answered, keys)
        refused = [*found.refusals, *["500"] * found.answers["500"]]
        yield ROWS.none("answers 500 or 4xx but 429", refused, listed(found.answers), keys)
        made = f"{len(found.records):,} made there, {requests:,} creates asked for"
        yield ROWS.none("keys made twice at the provider", found.made_twice(), made, keys)
        sent = found.sent()
        beyond = ["sent twice"] * max(0, requests - sent)
        yield ROWS.none("creates beyond one a key", beyond, f"{sent:,} takes were sent", keys)
        yield ROWS.none("the provider's tasks unknown here", found.unknown_here(), made, keys)
        wrong = found.in_another_state()
        yield ROWS.none("takes in another state than theirs", wrong, listed(found.endings()), keys)

    def _costs(self) -> Iterator[Figure]:
        found, keys = self._outcome, self._size.creates + self._size.peaceful
        charges = found.charged_wrongly()
        yield ROWS.none("takes without their own charge", charges, f"{keys:,} takes", keys)
        days = found.days_that_differ()
        yield ROWS.none("days whose sums are not the charges'", days, "sums by day", keys)
        there = found.tokens_there()
        yield ROWS.same("tokens in the charges", found.tokens_charged(), there, "the provider's")
        yield ROWS.same("tokens in the sums", found.tokens_summed(), there, "the provider's")

    def _load(self, counts: dict[str, dict[str, int]]) -> Iterator[Figure]:
        yield ROWS.faulty(counts, LEAST_FAULTS)
        yield ROWS.killed(self._killer.kills, self._troubled)
        yield ROWS.silence(self._silence.longest)
        yield Figure(
            name=ROWS.named("creates whose answer was lost: " + listed(self._decided)),
            measured=f"{self._decided.total():,}",
            baseline=f"{self._size.creates:,} creates",
            ratio=self._decided.total() / self._size.creates,
        )
        yield Figure(
            name=ROWS.named(f"ids a second for {self._size.programs} programs"),
            measured=f"{self._rate:.1f}/s (load {os.getloadavg()[1]:.1f})",
            baseline=f"without faults and kills: {self._peaceful:.1f}/s",
            ratio=self._rate / self._peaceful,
        )
        seconds = time.monotonic() - self._began
        yield Figure(
            name=ROWS.named("until all was known and charged"),
            measured=f"{seconds:.0f} s",
            baseline=f"of them in trouble: {self._troubled:.0f} s",
            ratio=seconds / max(1.0, self._troubled),
            goal=f"< {self._size.longest:,.0f} s",
            met=seconds < self._size.longest,
        )
