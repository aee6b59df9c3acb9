"""A broken page of a SQLite database is found by `manage.py work`, though nobody reads it."""

from __future__ import annotations

from tests.drills.test_database_away import overwrite
from tests.processes.conftest import Installation, eventually


def test_a_broken_page_is_noted_for_everybody(installation: Installation) -> None:
    overwrite(installation.folder / "db.sqlite3", "tasks_savedprompt")
    installation.start("work")
    note = installation.folder / "run" / "damaged"
    eventually(lambda: note.exists() and note.read_text(), within=10)
    _, text = installation.run("doctor")
    assert "broken  Database: damaged" in text
