"""Every fault of a provider for minutes: no task is given up, and each reaches its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks import archive
from tasks.archive import Archive
from tasks.models import Copy, CopyState, Credential, StatusChange, Task
from tasks.providers.status import LIVE
from tasks.simulator import faults
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.archive.conftest import (
    account,
    clock,
    follow,
    own_folder,
    short_waits,
    sim,
)
from tests.tracking.conftest import Account, Clock, Follow

__all__ = ["account", "clock", "follow", "own_folder", "short_waits", "sim"]
pytestmark = pytest.mark.django_db

MINUTES = 5
STEP = 20.0  # seconds of the clock between two turns
PATIENCE = 20  # minutes without faults in which all recovers
AFTERWARDS = 3  # turns in which nothing more happens
PRESETS = ("volcengine", "dataeyes", "yescale")
ENDS = {"sim:ok": "succeeded", "sim:fail=InternalServiceError": "failed", "sim:expire": "expired"}
OF_ANSWERS = [kind for kind in faults.KINDS if kind not in ("drip", "lost-create")]
OF_FILES = {"429", "500", "503", "html", "empty", "truncated"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "DRAIN_SECONDS", 0.1)
    monkeypatch.setattr(refresh, "IDLE_SLICE", 0.02)  # 0.5 s in each of some forty turns
    monkeypatch.setattr(archive, "RENEW_SECONDS", 0.1)


@pytest.mark.parametrize("fault", [*OF_ANSWERS, "drip"])
def test_after_minutes_of(
    fault: str, sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    wanted = {}
    for preset in PRESETS:
        credential = account(preset)
        for words, status in ENDS.items():
            task = follow(credential, f"{words} sim:queue=30 sim:run=60")
            wanted[task.pk] = status
    sim.fault("sim-test", fault)
    sim.fault("media", fault if fault in OF_FILES else "")
    go_on(clock, MINUTES)
    for pk, status in Task.objects.values_list("pk", "status"):
        assert status in (*LIVE, wanted[pk])
    sim.fault("sim-test", "")
    go_on(clock, PATIENCE, until=lambda: not Task.objects.filter(status__in=LIVE).exists())
    assert wanted == dict(Task.objects.values_list("pk", "status"))
    assert set(Copy.objects.values_list("state", flat=True)) == {CopyState.WAITING}
    go_on(clock, MINUTES, saving=True)
    sim.fault("media", "")
    go_on(clock, PATIENCE, saving=True, until=lambda: not Copy.objects.unsaved().exists())
    assert set(Copy.objects.values_list("state", flat=True)) == {CopyState.SAVED}
    assert not troubled() and not Credential.objects.exclude(trouble="").exists()
    ends = StatusChange.objects.filter(became__in=ENDS.values())
    assert ends.count() == len(wanted)


def troubled() -> int:
    return Task.objects.exclude(trouble="").count()


def never() -> bool:
    return False


def go_on(
    clock: Clock, minutes: float, *, saving: bool = False, until: Callable[[], bool] = never
) -> None:
    """Sweep for so many minutes, or until the condition holds, and some turns more."""
    turns = int(minutes * 60 / STEP)
    while turns > 0:
        turns = min(turns, AFTERWARDS) if until() else turns
        turns -= 1
        clock.go_on(STEP)
        refresh.sweep(0, clock=clock)
        if saving:
            Archive(clock=clock).run(0)
