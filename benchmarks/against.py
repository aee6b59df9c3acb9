"""Speed beside the code of another checkout: python -m benchmarks against CHECKOUT refresh feed

Both checkouts take turns, each with its own product and its own benchmarks in an installation of
its own, on SQLite. The ratio is the median of the paired ratios; more than 1 means faster than
there. git worktree add /tmp/before COMMIT is a way to get the other checkout.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.browsers import browse, live_address
from benchmarks.installations import ROOT, Template, copy_of, template
from benchmarks.processes import cpu_seconds, free_port, wait_for_port

LEAST_RATIO = 0.95
#: Runs one short turn. All it uses of a checkout: `Size` and `measure` of a benchmark's module,
#: and what a figure says it measured. Arguments: module, size, number of figures (0: all), file,
#: and whether the benchmark's clock is the process's own processor time.
TURN = """
import importlib, itertools, json, sys, time
name, size, number, file, core_seconds = sys.argv[1:]
if core_seconds == "True":
    time.perf_counter = time.process_time
import django
django.setup()
benchmark = importlib.import_module(f"benchmarks.{name}")
if hasattr(benchmark, "CORE"):
    importlib.import_module("benchmarks.cores").own_core(benchmark.CORE)
figures = benchmark.measure(benchmark.Size(**json.loads(size)))
found = [figure.measured for figure in itertools.islice(figures, int(number) or None)]
figures.close()
with open(file, "w") as target:
    json.dump(found, target)
"""
#: Creates tasks and a signed-in person; prints the person's cookie.
FURNISH = """
import django
django.setup()
from django.contrib.auth.models import User
from benchmarks import accounts
accounts.running_tasks(accounts.credential("gateway", "native", "http://127.0.0.1:9"), 200)
print(accounts.session_cookie(User.objects.create_superuser("somebody")))
"""

Measure = Callable[[], float]


@dataclass(frozen=True)
class Side:
    """One of the two checkouts, with a prepared installation of its code."""

    checkout: Path
    original: Template

    def python(self, code: str, *words: object, environment: dict[str, str], **options: Any) -> Any:
        command = [sys.executable, "-c", code, *map(str, words)]
        options |= {"cwd": self.checkout, "env": environment, "check": True, "text": True}
        return subprocess.run(command, **options)


@dataclass(frozen=True)
class Benchmark:
    unit: str
    #: Gives the function that measures one turn of a side; more is better.
    prepared: Callable[[Side, bool], AbstractContextManager[Measure]]
    rounds: int


def main(words: Sequence[str]) -> int:
    """Print a line for each benchmark; the number of those below the goal."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks against",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="|".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="pairs of turns of each benchmark")
    parser.add_argument(
        "--core-seconds",
        action="store_true",
        help="count processor time of our process instead of time, on a busy machine",
    )
    chosen = parser.parse_args(words)
    with ExitStack() as stack:
        ours, theirs = (
            Side(checkout, stack.enter_context(template("sqlite", checkout)))
            for checkout in (ROOT, chosen.checkout.resolve())
        )
        missed = 0
        for name in chosen.names or BENCHMARKS:
            ratio = _compare(name, ours, theirs, chosen.rounds, chosen.core_seconds)
            missed += ratio < LEAST_RATIO
    return missed


def _compare(name: str, ours: Side, theirs: Side, rounds: int | None, core_seconds: bool) -> float:
    benchmark = BENCHMARKS[name]
    pairs: list[tuple[float, float]] = []
    with (
        benchmark.prepared(ours, core_seconds) as measure_ours,
        benchmark.prepared(theirs, core_seconds) as measure_theirs,
    ):
        for turn in range(rounds or benchmark.rounds):
            if turn % 2:  # neither of them is always the one that comes second
                here, there = measure_ours(), measure_theirs()
            else:
                there, here = measure_theirs(), measure_ours()
            pairs.append((here, there))
    here, there = (median(side) for side in zip(*pairs, strict=True))
    ratios = [here / there for here, there in pairs]
    ratio = median(ratios)
    print(
        f"{name}: {here:,.4g} {benchmark.unit}{' of a core' * core_seconds}, there {there:,.4g}; "
        f"median of {len(pairs)} paired ratios {ratio:.3f}, "
        f"{min(ratios):.2f} to {max(ratios):.2f}, "
        f"goal ≥ {LEAST_RATIO}: {'met' if ratio >= LEAST_RATIO else 'MISSED'}",
        flush=True,
    )
    return ratio


# Benchmarks whose turns are processes of their own


@contextmanager
def _refresh(side: Side, core_seconds: bool) -> Iterator[Measure]:
    def polls_a_second() -> float:
        [told] = _turn(side, "refresh", {"rounds": 1, "seconds": 2.0}, 1, core_seconds)
        return _number(r"^([\d,]+)/s", told)

    yield polls_a_second


@contextmanager
def _list(side: Side, core_seconds: bool) -> Iterator[Measure]:
    def pages_a_second() -> float:
        """Pages of each kind, with few tasks and with many."""
        size = {"few": 1_000, "many": 10_000, "looks": 2}
        told = _turn(side, "list_page", size, 0, core_seconds)
        each = [_number(r"\(median ([\d,]+)\)", words) for words in told if "median" in words]
        return 1000 * len(each) / sum(each)

    yield pages_a_second


def _turn(
    side: Side, module: str, size: dict[str, Any], figures: int, core_seconds: bool
) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, copy_of(side.original) as environment:
        file = Path(folder, "figures.json")
        words = (module, json.dumps(size), figures, file, core_seconds)
        side.python(TURN, *words, environment=environment, stdout=sys.stderr)
        told: list[str] = json.loads(file.read_text())
        return told


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, f"{text!r} is not like {pattern}"
    return float(found[1].replace(",", ""))


# The feed: both web servers run, so that a turn is short


@contextmanager
def _feed(side: Side, core_seconds: bool) -> Iterator[Measure]:
    port = free_port()
    web = [sys.executable, str(side.checkout / "manage.py"), "web", "--port", str(port)]
    with copy_of(side.original) as environment, ExitStack() as stack:
        furnished = side.python(FURNISH, environment=environment, stdout=subprocess.PIPE)
        cookie = furnished.stdout.splitlines()[-1]
        server = subprocess.Popen(web, env=environment, start_new_session=True)
        stack.callback(server.wait)
        stack.callback(os.killpg, server.pid, signal.SIGTERM)
        wait_for_port(port, f"the web server of {side.checkout}")
        url = f"http://127.0.0.1:{port}"
        address = url + live_address(url, cookie)

        def quiet_requests_a_second() -> float:
            began, used = time.perf_counter(), cpu_seconds(server.pid)
            load = asyncio.run(browse(address, cookie, [0.0] * 4, every=0.0, seconds=1.0))
            assert load.unchanged == 1, "the feed is not quiet"
            took = time.perf_counter() - began
            return len(load.statuses) / (cpu_seconds(server.pid) - used if core_seconds else took)

        quiet_requests_a_second()  # the first answers take longer
        yield quiet_requests_a_second


BENCHMARKS = {
    "refresh": Benchmark("polls a second", _refresh, rounds=7),
    "list": Benchmark("pages a second", _list, rounds=5),
    "feed": Benchmark("quiet requests a second", _feed, rounds=25),
}
