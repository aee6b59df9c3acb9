"""The benchmarks of our own process can run. What they measure no test could promise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import list_page, refresh, smallest
from benchmarks.figures import Figure, table
from benchmarks.list_page import Library
from benchmarks.visits import Statements, Visits
from tasks.models import Project


def figure(**more: Any) -> Figure:
    usual: dict[str, Any] = {"name": "polls a second", "measured": "90/s", "baseline": "100/s"}
    return Figure(**usual | {"ratio": 0.9, "goal": "≥ 1", "met": False} | more)


@pytest.mark.exhaustive
def test_polls_are_measured(project: Project) -> None:
    found = list(refresh.measure(refresh.SMALL))
    assert len(found) == 4 and all(figure.ratio for figure in found)


def test_the_table_tells_what_was_missed() -> None:
    last = table([figure()]).splitlines()[-1]
    assert last == "| polls a second |  | 90/s | 100/s | 0.90 | ≥ 1 | **no** |"


def test_a_figure_without_a_baseline_has_no_ratio() -> None:
    assert table([figure(ratio=None, goal="", met=None)]).endswith("| 100/s |  |  |  |")


@pytest.mark.parametrize(
    ("few", "many", "met"),
    [
        ({50: 19}, {50: 19}, True),
        ({0: 9}, {50: 19}, True),  # a page with other rows, since days are counted from today
        ({16: 18}, {16: 17}, False),
    ],
)
def test_statements_of_pages_are_compared_where_they_show_as_many_rows(
    few: dict[int, int], many: dict[int, int], met: bool
) -> None:
    case = ("staff", "a day")
    before, now = (
        cast("Library", SimpleNamespace(found={case: Visits(statements={50: 19} | each)}))
        for each in (few, many)
    )
    assert list_page._statements(before, now, Statements()).met is met


@pytest.mark.parametrize(
    ("code", "found", "is_fine"),
    [
        (0, [figure()], True),  # slow, as CI machines may be
        (0, [figure(exact=True)], False),
        (0, [], False),
        (1, [figure()], False),
    ],
)
def test_the_smallest_run_fails_where_one_crashes_or_misses_an_exact_goal(
    code: int, found: list[Figure], is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = SimpleNamespace(returncode=code, stdout="")
    monkeypatch.setattr(smallest, "run", lambda *args, **more: (ended, found))
    assert (smallest._fault("refresh", None) == "") is is_fine  # type: ignore[arg-type]
