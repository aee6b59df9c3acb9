"""The demonstration's past: rows that agree with each other, and files that really play."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from tasks.archive import purge
from tasks.management import demo, demo_plan
from tasks.management.demo import SampleLife
from tasks.management.doctor import cost_checks, database_checks, file_checks
from tasks.management.doctor.report import Level
from tasks.media import posters
from tasks.media.containers import read
from tasks.models import Charge, Copy, Outcome, StorageUse, Submission, Task
from tasks.models.trash import KEPT
from tasks.simulator.server import Simulator
from tests.archive.conftest import own_folder

__all__ = ["own_folder"]  # a fixture

MONDAY = date(2026, 11, 30)


@pytest.fixture
def past(
    transactional_db: None, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SampleLife]:
    """A demonstration with three weeks behind it and one present task."""
    monkeypatch.setitem(demo_plan.STORY, "days", 21)
    monkeypatch.setattr(demo, "LINKS_IN_DANGER", ())
    with Simulator() as simulator:
        life = SampleLife(simulator.url)
        life.begin()
        yield life


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


def assert_it_agrees() -> None:
    """Its ledger, its sums, its budgets and its files say the same."""
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
