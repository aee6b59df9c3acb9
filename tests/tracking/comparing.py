"""Helpers of the tests that run comparisons to their end, with small pages."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tasks.models import Credential, Project, Reconciliation, Task
from tasks.providers import provider
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.tracking.reconcile import comparison, comparisons
from tests.tracking.conftest import Clock, track

Compare = Callable[..., Reconciliation]
LISTING = ("volcengine", "byteplus", "wavespeed")


@pytest.fixture(autouse=True)
def quick_lists() -> Iterator[None]:
    """A list a millisecond; the real pace has a test of its own."""
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1000)
    yield
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PAGE", 3)
    monkeypatch.setattr(comparisons, "CHECK_SECONDS", 0.0)


@pytest.fixture
def compare(clock: Clock) -> Compare:
    """compare(credential): ask for a comparison and sweep until it has ended."""

    def compare(credential: Credential) -> Reconciliation:
        row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
        return swept(row, clock)

    return compare


def swept(row: Reconciliation, clock: Clock) -> Reconciliation:
    for _ in range(100):
        row.refresh_from_db()
        if not row.is_open:
            return row
        refresh.sweep(0.1, clock=clock)
    raise AssertionError(f"still {row.outcome} at {row.stage} {row.place}")


def lists(sim: Simulator) -> list[str]:
    """The lists that were asked for by page, in order."""
    seen = [each.path for each in sim.requests_seen if "page_num" in each.path]
    return [path.partition("?")[2] for path in seen if "task_ids" not in path]


def gone_there(credential: Credential, clock: Clock, **fields: object) -> Task:
    """A task of ours that the provider knows nothing of."""
    project = Project.objects.get_or_create(name="Dailies")[0]
    task = track(
        "cgt-20261120000000-gone1",
        credential=credential,
        project=project,
        now=clock.now - timedelta(hours=2),
    )
    usual = {"status": "succeeded", "check_after": None}
    Task.objects.filter(pk=task.pk).update(**usual | fields)
    return task
