"""Whether every benchmark runs, each in its smallest size on SQLite: python -m benchmarks smallest

Goals in seconds are not looked at: what runs in CI is too small, on too busy a machine. Exact
goals (counts, hashes) hold on any machine.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.installations import Template, template
from benchmarks.runner import NAMES, run

AT_ONCE = 3  # they wait for most of their time
LONGEST = 300.0  # seconds, after which one counts as hung
#: The longest ones first, so that none of them is left alone at the end.
ORDER = (
    "api_soak", "soak", "badge", "pages", "archive", "list", "feed", "team", "senders", "lateness",
    "serving", "way_in", "admin", "costs", "refresh", "exports",
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    name: str
    seconds: float
    fault: str  # what is wrong; "" where nothing is

    def __str__(self) -> str:
        return f"{self.name:9} {self.seconds:4.0f} s  {self.fault or 'ok'}"


def main(words: Sequence[str]) -> int:
    """Print a line for each benchmark; the number of those that failed."""
    parser = argparse.ArgumentParser("python -m benchmarks smallest", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="|".join(NAMES))
    names = parser.parse_args(words).names or ORDER
    began = time.monotonic()
    with template("sqlite") as original, ThreadPoolExecutor(AT_ONCE) as pool:
        trials = []
        for trial in pool.map(lambda name: _try(name, original), names):
            print(trial, flush=True)
            trials.append(trial)
    failed = sum(bool(trial.fault) for trial in trials)
    took = time.monotonic() - began
    print(f"{len(trials) - failed} of {len(trials)} benchmarks run ({took:.0f} s)")
    return failed


def _try(name: str, original: Template) -> Trial:
    began = time.monotonic()
    fault = _fault(name, original)
    return Trial(name, time.monotonic() - began, fault)


def _fault(name: str, original: Template) -> str:
    captured = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "timeout": LONGEST}
    try:
        ended, figures = run(name, original, small=True, **captured)
    except subprocess.TimeoutExpired:
        return f"still runs after {LONGEST:.0f} s"
    if ended.returncode or not figures:
        return f"ended with {ended.returncode}, {len(figures)} figures\n{ended.stdout}"
    missed = [figure for figure in figures if figure.exact and not figure.met]
    return "\n".join(f"{each.name}: {each.measured}, not {each.goal}" for each in missed)
