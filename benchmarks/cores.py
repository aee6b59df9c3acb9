"""Pinning to a core, for two processes that measure each other should not share one."""

import os


def own_core(number: int) -> None:
    """Keep this process, and what it starts, on one core, where the system lets us."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {number % (os.cpu_count() or 1)})
