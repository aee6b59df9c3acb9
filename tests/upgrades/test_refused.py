"""Databases that this release cannot take over are refused in one line, and nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.management.upgrade import PASS_THROUGH, reason_against
from tests.ops.backups import manifest, refusal, save
from tests.ops.homes import Home, Homes
from tests.upgrades.releases import HERE, RELEASES, contents

OLDER = "DELETE FROM django_migrations WHERE app = 'tasks' AND name > '0014'"
NEWER = (
    "INSERT INTO django_migrations (app, name, applied)"
    " VALUES ('tasks', '9999_of_tomorrow', CURRENT_TIMESTAMP)"
)


@pytest.fixture
def release() -> str:
    """The last one: of a database that is refused, only the names of its migrations are read."""
    return RELEASES[-1]


def test_an_older_database_is_told_which_commit_to_pass_through(left: Home) -> None:
    left.ask(OLDER)
    before, port = contents(left), ["--port", str(left.port)]
    for command in (["up", *port], ["web", *port], ["work"], ["migrate"]):
        output = refusal(left, *command).strip()
        assert PASS_THROUGH in output and "\n" not in output
    assert contents(left) == before
    assert not (left.folder / "backups").exists()
    assert PASS_THROUGH in left.run("doctor")[1]


def test_a_newer_database_is_refused(left: Home) -> None:
    left.ask(NEWER)
    before = contents(left)
    output = refusal(left, "up", "--port", str(left.port)).strip()
    assert "9999_of_tomorrow" in output and "\n" not in output
    assert contents(left) == before


def test_an_older_backup_is_refused(left: Home, homes: Homes, tmp_path: Path) -> None:
    left.ask(OLDER)
    path, other = save(left, tmp_path / "older.tar", "--with-keys"), homes()
    assert PASS_THROUGH in refusal(other, "restore", str(path))
    assert "django_migrations" not in other.tables()


def test_which_migrations_speak_against_a_database() -> None:
    found = manifest(HERE / "0.1.0" / "sqlite.tar.gz")["migrations"]
    assert isinstance(found, list)
    whole = {(app, name) for app, name in found}
    others = {each for each in whole if each[0] != "tasks"}
    renumbered = whole - {("tasks", "0018_uploads")} | {("tasks", "0019_uploads")}
    newer = whole | {("tasks", "9999_of_tomorrow")}
    for fine in (whole, others, set(), whole | {("account", "9999_of_tomorrow")}):
        assert reason_against(fine, "This database") == ""
    assert PASS_THROUGH in reason_against(renumbered, "This database")
    assert "9999_of_tomorrow" in reason_against(newer, "This database")
