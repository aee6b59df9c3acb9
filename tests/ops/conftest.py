"""A place for each test, and one that is filled, with a backup of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.backups import FILL, save
from tests.ops.homes import ON_POSTGRES, Home, Homes
from tests.processes.conftest import installation, nothing
from tests.web.conftest import client_of

__all__ = ["client_of", "installation", "nothing"]


@pytest.fixture(scope="session", params=["postgresql" if ON_POSTGRES else "sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    """The one the suite runs on; CI runs it on both."""
    return str(request.param)


@pytest.fixture
def homes(engine: str, tmp_path: Path) -> Iterator[Homes]:
    made = Homes(tmp_path, postgres=engine == "postgresql")
    yield made
    made.end()


@pytest.fixture(scope="session")
def original(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A filled one, to be copied and never to be changed."""
    made = Homes(tmp_path_factory.mktemp("original"), postgres=engine == "postgresql")
    found = made(is_migrated=True)
    found.shell(FILL)
    yield found
    made.end()


@pytest.fixture
def home(homes: Homes, original: Home) -> Home:
    return homes.copy_of(original)


@pytest.fixture(scope="session")
def backup_of_original(original: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(original, tmp_path_factory.mktemp("backup") / "saved.tar")


@pytest.fixture
def saved(backup_of_original: Path, tmp_path: Path) -> Path:
    """A backup of `home` as it comes, with the permissions it was made with."""
    return Path(shutil.copy2(backup_of_original, tmp_path / "saved.tar"))
