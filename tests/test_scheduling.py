"""Tests that share a fixture run in one worker."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.scheduling import group_of

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
    """Nor does a conftest.py, whose fixtures would be made in each worker."""
    sharing = [path for path in ROOT.glob("tests/**/*.py") if SHARED.search(path.read_text())]
    unseen = [path for path in sharing if not group_of(str(path.relative_to(ROOT)))]
    assert sharing and unseen == []
    assert not [path for path in sharing if not path.name.startswith("test_")]
