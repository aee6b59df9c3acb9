"""The demonstration's past: rows that agree with each other, and files that really play."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from tasks.archive import purge
from tasks.management import demo, demo_plan
from tasks.management.demo import SampleLife
from tasks.management.demo_clips import SampleClips
from tasks.management.demo_history import AT_ONCE
from tasks.management.doctor import cost_checks, database_checks, file_checks
from tasks.management.doctor.report import Level
from tasks.media import posters
from tasks.media.containers import read
from tasks.models import (
    Batch,
    Charge,
    Copy,
    ListOutcome,
    Outcome,
    Reconciliation,
    StorageUse,
    Submission,
    Task,
)
from tasks.models.charge import day_of
from tasks.models.trash import KEPT
from tasks.providers import provider
from tasks.providers.catalog.rules import violations
from tasks.simulator.server import Simulator
from tasks.simulator.shots import SHOTS
from tasks.tracking import refresh
from tests.archive.conftest import own_folder
from tests.tracking.comparing import LISTING, quick_lists

__all__ = ["own_folder", "quick_lists"]  # fixtures

MONDAY = date(2026, 11, 30)


@pytest.fixture
def fresh(
    transactional_db: None, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SampleLife]:
    """A demonstration that has not begun, and will have three weeks behind it."""
    monkeypatch.setitem(demo_plan.STORY, "days", 21)
    monkeypatch.setattr(demo, "LINKS_IN_DANGER", ())
    with Simulator() as simulator:
        yield SampleLife(simulator.url)


@pytest.fixture
def past(fresh: SampleLife) -> SampleLife:
    fresh.begin()
    return fresh


def test_the_past_is_the_same_whoever_asks_on_a_day() -> None:
    assert list(demo_plan.presses(MONDAY)) == list(demo_plan.presses(MONDAY))


@pytest.mark.parametrize("day", [MONDAY + timedelta(days=n) for n in range(7)])
def test_the_past_has_three_months_of_every_kind_of_end(day: date) -> None:
    found = list(demo_plan.presses(day))
    ends = {end.status for press in found for end in press.endings}
    assert ends == {"succeeded", "failed", "expired", "cancelled"}
    assert {press.provider for press in found} == {each["provider"] for each in WAYS}
    assert day - timedelta(days=90) <= found[0].at.date() < day - timedelta(days=80)
    assert all(one.at < other.at for one, other in pairwise(found))
    assert len({each for press in found for each in press.ids}) == takes(found)
    assert 500 < takes(found) < 1_200


def test_every_take_of_the_past_could_have_been_placed() -> None:
    for press in demo_plan.presses(MONDAY):
        model, service = press.request.written_for, provider(press.provider)
        assert model
        assert violations(press.request, model, service.dialect) == ()


WAYS: list[dict[str, Any]] = demo_plan.STORY["ways"]


def takes(found: list[demo_plan.Press]) -> int:
    return sum(len(press.ids) for press in found)


def test_the_past_agrees_with_itself_ends_in_the_present_and_is_written_once(
    past: SampleLife,
) -> None:
    assert_it_agrees()
    newest = Task.objects.order_by("-pk")[:30]
    assert all(not Submission.objects.filter(task=task).exists() for task in newest)
    assert not posters.can_make(), "so all previews are left to the archive"
    assert Copy.objects.without_previews().count() == Copy.objects.saved().count()
    before = Task.objects.count()
    past.begin()
    assert Task.objects.count() == before


def test_a_past_that_was_broken_off_is_finished_by_the_next_start(
    fresh: SampleLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, save = count(), SampleClips.save

    def break_off(clips: SampleClips, copy: Copy) -> None:
        if next(numbers) == 60:
            raise KeyboardInterrupt
        save(clips, copy)

    with monkeypatch.context() as patch:
        patch.setattr(SampleClips, "save", break_off)
        with pytest.raises(KeyboardInterrupt):
            fresh.begin()
    assert Batch.objects.count() == AT_ONCE
    fresh.begin()
    assert_it_agrees()
    written = list(Batch.objects.order_by("pk").values_list("created_at", flat=True))
    planned = [press.at for press in demo_plan.presses(day_of(timezone.now()))]
    assert written == planned[: len(written)]
    assert Task.objects.filter(submission=None).count() == len(SHOTS)


def test_the_daily_comparisons_miss_nothing_of_the_last_week(past: SampleLife) -> None:
    rows = Reconciliation.objects.ask_daily(timezone.now())
    assert {row.credential.provider for row in rows} == set(LISTING)
    while Reconciliation.objects.open().exists():
        refresh.sweep(0.1)
    found = Reconciliation.objects.values_list(
        "outcome", "missing_here", "missing_there", "differing"
    )
    assert set(found) == {(ListOutcome.COMPARED, 0, 0, 0)}


def assert_it_agrees() -> None:
    """Assert that its ledger, its sums, its budgets and its files say the same."""
    parts = (cost_checks.costs, database_checks.sums_of_spending, file_checks.saved_files)
    results = [result for part in parts for result in part()]
    assert [each for each in results if each.level != Level.OK] == []
    placed = Submission.objects.count()
    assert placed > 60
    assert Charge.objects.exclude(mode="").count() == placed
    outcomes = Charge.objects.exclude(mode="").values_list("outcome", flat=True)
    assert set(outcomes) >= {Outcome.SUCCEEDED, Outcome.FAILED}
    assert not Task.objects.filter(submission__isnull=False, check_after__isnull=False).exists()


@pytest.mark.exhaustive
def test_each_clip_plays_and_outlives_the_others(past: SampleLife) -> None:
    copies = list(Copy.objects.saved().order_by("pk"))
    for copy in copies:
        with storages["videos"].open(copy.name) as file:
            found = read(BytesIO(file.read()))
        assert (found.width, found.height) == (copy.width, copy.height)
    one = copies[0]
    same = next(each for each in copies[1:] if each.sha256 == one.sha256)
    gone = timezone.now() - KEPT - timedelta(days=1)
    Copy.objects.filter(pk=one.pk).update(deleted_at=gone)
    assert not purge.purge(5)
    assert not storages["videos"].exists(one.name)
    assert storages["videos"].size(same.name) == same.size
    assert sum(StorageUse.objects.values_list("files", flat=True)) == len(copies) - 1
