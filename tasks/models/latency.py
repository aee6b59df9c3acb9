"""Latencies, counted in bins. Pure.

Bins are a constant factor apart, from 10 ms to beyond any deadline: the counts of any two minutes
can be added, and a percentile is never off by more than half a bin, which is a fifth.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

STEP = 2**0.5
EDGES = tuple(0.01 * STEP**number for number in range(24))  # seconds; the last is 29 s

#: Number of answers by bin. The bin is a string, as keys are in JSON.
Latencies = Mapping[str, int]


def bin_of(seconds: float) -> str:
    """The bin n of a latency: more than EDGES[n - 1] and at most EDGES[n] seconds."""
    return str(bisect_left(EDGES, seconds))


def merge(many: Iterable[Latencies]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in many:
        total.update(each)
    return total


def percentile(latencies: Latencies, share: float) -> float | None:
    """Seconds within which this share of the answers came; None without any answer."""
    left = share * sum(latencies.values())
    for number in sorted(map(int, latencies)):
        count = latencies[str(number)]
        if count and left <= count:
            if number >= len(EDGES):
                return EDGES[-1]
            return EDGES[number] / STEP * STEP ** (left / count)  # evenly spread, in logarithms
        left -= count
    return None
