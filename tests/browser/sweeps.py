"""Sweeps with shorter pauses, for tests of their results and not of their timing."""

from __future__ import annotations

import pytest

from tasks.tracking import refresh
from tasks.tracking.reconcile import comparisons

OFTEN = 0.05  # seconds; each turn of a sweep costs some 3 ms


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the sweep's pause, for which pages waiting for a status, and the test's end, wait."""
    waits = ((refresh, "IDLE_SLICE"), (refresh, "SLICE"), (comparisons, "CHECK_SECONDS"))
    for module, name in waits:
        monkeypatch.setattr(module, name, OFTEN)
