"""Tests that share a fixture run in one worker; those that wait run among those that work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.scheduling import group_of, in_order_of_running

ROOT = Path(settings.BASE_DIR)
SHARED = re.compile(r"""fixture\([^)]*scope\s*=\s*["'](module|class|package)["']""")


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("tests/processes/test_up.py", "tests/processes/test_up.py"),
        ("tests/judges/test_clients.py", "judges from PyPI"),
        ("tests/judges/test_official_requests.py", "judges from PyPI"),
        ("tests/models/test_pace.py", ""),
    ],
)
def test_a_file_names_its_group_or_is_one(path: str, group: str) -> None:
    assert group_of(path) == group


def test_no_file_shares_a_fixture_unseen() -> None:
    """A conftest.py shares none either: each worker would make them."""
    sharing = [path for path in ROOT.glob("tests/**/*.py") if SHARED.search(path.read_text())]
    unseen = [path for path in sharing if not group_of(str(path.relative_to(ROOT)))]
    assert sharing and unseen == []
    assert not [path for path in sharing if not path.name.startswith("test_")]


class Item:
    """A test, as far as its order asks."""

    def __init__(self, name: str, *marks: str) -> None:
        self.name, self.marks = name, marks

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def test_waiting_tests_run_among_those_that_keep_a_core_busy() -> None:
    items: list[Any] = [
        *(Item("database") for _ in range(3)),
        Item("database, waits", "process"),
        *(Item("browser", "browser") for _ in range(2)),
        Item("look", "browser", "looks"),
        Item("commits"),
        *(Item(f"waits {n}", "process") for n in range(3)),
        Item("short"),
        Item("all of it", "exhaustive"),
    ]
    found = [item.name for item in in_order_of_running(items)]
    assert sorted(found[:4]) == [*["database"] * 3, "database, waits"]
    assert found[4:10] == ["look", "waits 0", "browser", "waits 1", "browser", "waits 2"]
    assert found[10:] == ["all of it", "commits", "short"]
