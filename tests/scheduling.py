"""Which worker runs which tests: those of a file that share a fixture stay with one worker.

pytest-xdist 3.8 does not see its own groups with pytest 9.2, and does not say so
(pytest-dev/pytest-xdist#1386). Each worker then makes what the tests share, often several times.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r'pytest\.mark\.xdist_group\("(.+)"\)')
SHARED = '(scope="module")'


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
