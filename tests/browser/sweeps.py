"""Sweeps that rest less than in life, for tests that prove what comes of them and not when."""

from __future__ import annotations

import pytest

from tasks import refresh
from tasks.reconcile import walks

OFTEN = 0.05  # seconds; each turn of a sweep costs some 3 ms


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that waits for a status waits for a turn of the sweep, and so does the test's end."""
    for module, name in ((refresh, "IDLE_SLICE"), (refresh, "SLICE"), (walks, "LOOK_SECONDS")):
        monkeypatch.setattr(module, name, OFTEN)
