"""Installations of each test, and a filled one with a backup of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.once import once
from tests.ops.backups import FILL, save
from tests.ops.homes import ON_POSTGRES, Home, Homes
from tests.processes.conftest import installation, nothing
from tests.web.conftest import client_of

__all__ = ["client_of", "installation", "nothing"]


@pytest.fixture(scope="session", params=["postgresql" if ON_POSTGRES else "sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine the suite runs on; CI runs it on both."""
    return str(request.param)


@pytest.fixture
def homes(engine: str, furnished: Path, tmp_path: Path) -> Iterator[Homes]:
    made = Homes(tmp_path, furnished, postgres=engine == "postgresql")
    yield made
    made.end()


@pytest.fixture(scope="session")
def original(
    engine: str, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """A filled one, to be copied and never to be changed, with a backup of it beside it.

    On SQLite all workers share it.
    """
    if engine == "sqlite":
        folder = once(tmp_path_factory, "original", lambda place: _fill(place, furnished))
        yield Home(folder / "home0")
    else:
        made = Homes(tmp_path_factory.mktemp("original"), furnished, postgres=True)
        yield _filled(made)
        made.end()


def _fill(folder: Path, furnished: Path) -> None:
    folder.mkdir()
    _filled(Homes(folder, furnished, postgres=False))


def _filled(homes: Homes) -> Home:
    found = homes(is_migrated=True)
    found.shell(FILL)
    save(found, found.folder.with_name("saved.tar"))
    return found


@pytest.fixture
def home(homes: Homes, original: Home) -> Home:
    return homes.copy_of(original)


@pytest.fixture
def saved(original: Home, tmp_path: Path) -> Path:
    """A backup of `home` as it comes, with the permissions it was made with."""
    return Path(shutil.copy2(original.folder.with_name("saved.tar"), tmp_path / "saved.tar"))
