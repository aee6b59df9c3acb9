"""An installation that an earlier release left, and the same one taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.conftest import engine, homes
from tests.ops.homes import Home, Homes
from tests.upgrades.releases import RELEASES, move_in

__all__ = ["engine", "homes"]

#: What `manage.py up` does before it starts anything.
PREPARE = """
from tasks.management import installation
from tasks.management.commands import up
installation.prepare_folder()
up._prepare({{"demo": False, "without_backup": {without_backup}}})
"""


def prepare(home: Home, *, without_backup: bool = False) -> None:
    code = PREPARE.format(without_backup=without_backup)
    status, output = home.run("shell", "--no-imports", "-v0", "-c", code)
    assert status == 0, output


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def left(homes: Homes, release: str) -> Home:
    """An installation as the release's code left it."""
    return move_in(release, homes())


@pytest.fixture
def waiting(left: Home) -> Home:
    """One that has a migration before it, in any case: Django's own, which changes no table."""
    left.ask("DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'")
    return left


@pytest.fixture(scope="session")
def taken_over(
    engine: str, release: str, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """Migrated by today's code, and never changed by a test."""
    folder = tmp_path_factory.mktemp("taken-over")
    made = Homes(folder, furnished, postgres=engine == "postgresql")
    home = move_in(release, made())
    prepare(home)
    yield home
    made.end()
