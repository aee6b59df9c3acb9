"""`manage.py work` writes an Excel file once somebody asks for one, by a process that ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.conftest import Installation, below, eventually, processes

ASKED = """
from django.contrib.auth.models import User
from django.utils import timezone
from tasks.models import Export
person = User.objects.create_user("asker")
Export.objects.ask(person, "sums", query="", columns=[], projects=None, now=timezone.now())
"""


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Iterator[Installation]:
    home = Installation(shutil.copytree(furnished, tmp_path / "data"))
    yield home
    home.end()
    print(home.output())


def test_an_export_is_written_by_a_process_that_ends(home: Installation) -> None:
    code, output = home.run("shell", "--no-imports", "-v0", "-c", ASKED)
    assert code == 0, output
    work = home.start("work")
    eventually(lambda: home.ask("SELECT 1 FROM tasks_export WHERE state = 'ready'"), within=20)
    [(name,)] = home.ask("SELECT name FROM tasks_export")
    assert (home.folder / "videos" / name).stat().st_size > 1_000

    def has_ended() -> bool:
        running = processes()
        return not any("manage.py export" in running[pid][1] for pid in below(work.pid, running))

    eventually(has_ended, within=10)
