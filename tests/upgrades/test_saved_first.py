"""Rows are saved before they are migrated, or they are not migrated."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ops.backups import manifest, refusal, restore
from tests.ops.homes import Home, Homes
from tests.upgrades.conftest import prepare
from tests.upgrades.releases import assert_kept, backup_of, contents, renames

#: One worker takes each release over, once.
pytestmark = pytest.mark.xdist_group("taken over")

ADMIN = "SELECT count(*) FROM django_migrations WHERE app = 'admin'"


def automatic(home: Home) -> list[Path]:
    return sorted(home.folder.glob("backups/before-upgrade-*.tar"))


def test_rows_are_saved_before_they_are_migrated(taken_over: Home, release: str) -> None:
    [path] = automatic(taken_over)
    found, original = manifest(path), manifest(backup_of(release, taken_over))
    assert (found["has_keys"], found["has_media"]) == (False, False)
    assert found["keys"] == original["keys"]
    assert found["media"] == original["media"]  # the list; the files stay where they are
    rows, were = found["rows"], original["rows"]
    assert isinstance(rows, dict) and isinstance(were, dict)
    # Saved under the old names: tables that today's code knows by another one are not counted.
    renamed = renames(release).tables
    counted = {t: number for t, number in rows.items() if t != "django_migrations"}
    assert {t: number for t, number in counted.items() if t not in renamed} == {
        t: number for t, number in were.items() if t not in renamed
    }
    assert taken_over.ask(ADMIN) == [(3,)]
    prepare(taken_over)
    assert automatic(taken_over) == [path], "nothing was left to migrate"


def test_what_was_saved_first_can_be_restored(
    waiting: Home, taken_over: Home, homes: Homes, release: str
) -> None:
    [path] = automatic(taken_over)
    other = homes()
    for kept in ("keys", "videos"):
        shutil.copytree(taken_over.folder / kept, other.folder / kept)
    restore(other, path)
    assert other.ask(ADMIN) == [(3,)], "a restore migrates, too"
    assert_kept(contents(waiting), contents(other), release)


def test_where_nothing_was_yet_nothing_is_saved(furnished: Path) -> None:
    assert (furnished / "db.sqlite3").exists()
    assert not (furnished / "backups").exists()


def test_the_last_three_stay_and_what_a_person_saved_stays(nearly_there: Home) -> None:
    folder = nearly_there.folder / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"before-upgrade-2020010{day}-120000.tar").touch()
    manual = {"dailies-20200101-120000.tar", "before-upgrade-of-the-server.tar"}
    for name in manual:
        (folder / name).touch()
    prepare(nearly_there)
    left = {path.name for path in folder.iterdir()}
    *older, newest = sorted(left - manual)
    assert manual < left
    assert older == ["before-upgrade-20200104-120000.tar", "before-upgrade-20200105-120000.tar"]
    assert (folder / newest).stat().st_size > 0


def test_what_cannot_be_saved_is_not_migrated_unless_asked_to(nearly_there: Home) -> None:
    (nearly_there.folder / "backups").write_text("no folder")
    output = refusal(nearly_there, "up", "--port", str(nearly_there.port)).strip()
    assert "--without-backup" in output and "\n" not in output
    assert nearly_there.ask(ADMIN) == [(2,)]
    prepare(nearly_there, without_backup=True)
    assert nearly_there.ask(ADMIN) == [(3,)]
