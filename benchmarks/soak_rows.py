"""Rows of the table that both soaks have."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Figure

LONGEST_SILENCE = 60.0  # seconds


@dataclass(frozen=True)
class Rows:
    """The rows of one soak, whose name all of them begin with."""

    soak: str

    def named(self, what: str) -> str:
        """The name of a row."""
        return f"{self.soak}, {what}"

    def none(self, what: str, found: Sequence[object], among: str, number: int) -> Figure:
        """A row whose goal is zero; the first of those found go to the terminal."""
        if found:
            print(f"{what}: {found[:10]}", file=sys.stderr)
        return Figure(
            name=self.named(what),
            measured=f"{len(found):,}",
            baseline=among,
            ratio=len(found) / max(1, number),
            goal="0",
            met=not found,
            exact=True,
        )

    def same(self, what: str, measured: int, wanted: int, source: str) -> Figure:
        """A row with a number that must be the one of its source."""
        return Figure(
            name=self.named(what),
            measured=f"{measured:,}",
            baseline=f"{source}: {wanted:,}",
            ratio=measured / wanted if wanted else None,
            goal="the same",
            met=measured == wanted,
            exact=True,
        )

    def silence(self, longest: Mapping[str, float]) -> Figure:
        """The longest silence of heartbeats, in seconds by their names."""
        most = max(longest.values())
        return Figure(
            name=self.named("longest silence of a heartbeat"),
            measured=", ".join(f"{name} {seconds:.0f} s" for name, seconds in longest.items()),
            baseline=f"promised: {LONGEST_SILENCE:.0f} s",
            ratio=most / LONGEST_SILENCE,
            goal=f"< {LONGEST_SILENCE:.0f} s",
            met=most < LONGEST_SILENCE,
        )

    def faulty(self, counts: Mapping[str, Any], least: float) -> Figure:
        """The share of the provider's answers that were faulty, by its own counts."""
        answers, faults = sum(counts["operations"].values()), sum(counts["faults"].values())
        return Figure(
            name=self.named("answers that were faulty: " + listed(counts["faults"])),
            measured=f"{faults:,}",
            baseline=f"{answers:,} answers ({listed(counts['operations'])})",
            ratio=faults / answers,
            goal=f"≥ {least}",
            met=faults / answers >= least,
        )

    def killed(self, kills: Counter[str], seconds: float) -> Figure:
        """The number of kills within so many seconds."""
        return Figure(
            name=self.named("kill -9: " + listed(kills)),
            measured=f"{kills.total()}",
            baseline=f"one each {seconds / max(1, kills.total()):.0f} s",
            ratio=kills.total() / max(1.0, seconds),
        )


def listed(numbers: Mapping[str, int]) -> str:
    """Write numbers by what they count, the largest first: `7 create, 2 get`."""
    ordered = sorted(numbers.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {what}" for what, number in ordered)
