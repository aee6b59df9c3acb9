"""Data folder and database are for their account only, also where somebody made them otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.management import installation as ours
from tests.ops.homes import Home

PREPARE = "from tasks.management import installation; installation.prepare_folder()"


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Iterator[Home]:
    home = Home(shutil.copytree(furnished, tmp_path / "data"))
    yield home
    home.end()


def modes(home: Home) -> list[str]:
    files = sorted(home.folder.glob("db.sqlite3")) + sorted(home.folder.glob("db.sqlite3-*"))
    return [f"{path.stat().st_mode & 0o777:o}" for path in (home.folder, *files)]


def test_an_open_folder_and_its_database_are_closed(home: Home) -> None:
    home.folder.chmod(0o755)
    for file in home.folder.glob("db.sqlite3*"):
        file.chmod(0o644)
    code, output = home.run("shell", "--no-imports", "-c", PREPARE)
    assert code == 0, output
    folder, *files = modes(home)
    assert folder == "700" and files and set(files) == {"600"}


def test_a_new_database_is_closed_too(home: Home) -> None:
    for file in home.folder.glob("db.sqlite3*"):
        file.unlink()
    home.folder.chmod(0o755)
    code, output = home.run("migrate", "-v0")
    assert code == 0, output
    folder, *files = modes(home)
    assert folder == "700" and files and set(files) == {"600"}


@pytest.mark.parametrize(
    ("location", "before", "after"),
    [("", 0o755, 0o700), ("/protected/", 0o755, 0o710), ("/protected/", 0o700, 0o700)],
)
def test_only_where_nginx_sends_videos_may_the_group_pass_through(
    settings: Settings, tmp_path: Path, location: str, before: int, after: int
) -> None:
    settings.DATA_DIR, settings.ACCEL_REDIRECT = tmp_path, location
    tmp_path.chmod(before)
    ours.keep_private()
    assert tmp_path.stat().st_mode & 0o777 == after
