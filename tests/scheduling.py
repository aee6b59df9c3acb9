"""The order of tests, and their workers: those that share a fixture stay together.

pytest-xdist 3.8 does not see its own groups with pytest 9.2, and does not say so
(pytest-dev/pytest-xdist#1386). Each worker then makes what the tests share, often several times.
"""

from __future__ import annotations

import re
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.tiers import tier

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r'pytest\.mark\.xdist_group\("(.+)"\)')
SHARED = '(scope="module")'


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the whole suite, after pytest-django, which would undo it, and after pytest itself."""
    if not config.getoption("quick"):
        items[:] = in_order_of_running(items)


def in_order_of_running(items: list[pytest.Item]) -> list[pytest.Item]:
    """Spread the tests that wait for processes among those that keep a core busy.

    What asks the database stays before what commits to it, as pytest-django has put it. The
    thousands of short tests at the end fill up whichever worker is free.
    """
    start = next((n for n, item in enumerate(items) if tier(item) == "browser"), 0)
    first, others = items[:start], items[start:]
    browsing = [item for item in others if tier(item) == "browser"]
    browsing.sort(key=lambda item: item.get_closest_marker("looks") is None)  # long ones first
    short = [item for item in others if not tier(item)]
    short.sort(key=lambda item: item.get_closest_marker("exhaustive") is None)
    return [
        *_spread([item for item in first if not tier(item)], _waiting(first)),
        *_spread(browsing, _waiting(others)),
        *short,
    ]


def _waiting(items: list[pytest.Item]) -> list[pytest.Item]:
    return [item for item in items if tier(item) == "process"]


def _spread(*kinds: list[pytest.Item]) -> list[pytest.Item]:
    """Merge lists so that each goes on at an even pace, in its own order."""
    places = [(n / len(kind), item) for kind in kinds for n, item in enumerate(kind)]
    return [item for _, item in sorted(places, key=itemgetter(0))]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups | None:
    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None


@cache
def group_of(path: str) -> str:
    """Return the group that a file names, or its path if its tests share a fixture, or nothing."""
    text = (ROOT / path).read_text()
    named = NAMED.search(text)
    return named[1] if named else path if SHARED in text else ""


class Groups(LoadScopeScheduling):
    """Give each worker one group or one test at a time, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget a group once its tests have ended: the rest is counted after each test."""
        nodeid = self.registered_collections[node][item_index]
        group, assigned = self._split_scope(nodeid), self.assigned_work[node]
        assigned[group][nodeid] = True
        if all(assigned[group].values()):
            del assigned[group]
        self._reschedule(node)
