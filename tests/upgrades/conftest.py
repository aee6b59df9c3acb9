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


#: Forget that a migration was made: Django's own, which changes no table.
FORGET = "DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'"
BEN = """INSERT INTO auth_user (username, password, first_name, last_name, email, is_staff,
    is_superuser, is_active, date_joined)
VALUES ('ben', '', '', '', '', false, false, true, CURRENT_TIMESTAMP)"""


@pytest.fixture
def waiting(left: Home) -> Home:
    """An earlier release's installation, which has a migration before it in any case."""
    left.ask(FORGET)
    return left


@pytest.fixture
def nearly_there(homes: Homes) -> Home:
    """An installation of today with a person and one migration before it, which is soon made."""
    home = homes(is_migrated=True)
    home.ask(BEN)
    home.ask(FORGET)
    return home


@pytest.fixture(scope="session")
def taken_over(
    engine: str, release: str, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """An installation of a release, migrated by today's code; no test changes it."""
    folder = tmp_path_factory.mktemp("taken-over")
    made = Homes(folder, furnished, postgres=engine == "postgresql")
    home = move_in(release, made())
    home.ask(FORGET)
    prepare(home)
    yield home
    made.end()
