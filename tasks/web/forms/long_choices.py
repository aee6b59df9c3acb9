"""Long drop-downs: those of their choices that were used last; the rest is one click away."""

from __future__ import annotations

from collections.abc import Mapping

MORE = "…"  # the option that asks for the rest
MOST_OFFERED = 8


def used_last(latest_tasks: Mapping[int, int | None]) -> set[int]:
    """Keys of the credentials with the newest tasks, MOST_OFFERED at most.

    `latest_tasks` has the id of the newest task of each, None for one without any.
    """
    by_use = sorted(latest_tasks, key=lambda key: -(latest_tasks[key] or 0))
    return set(by_use[:MOST_OFFERED])
