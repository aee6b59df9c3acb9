"""Parts of a backup by themselves: a dump is counted, and a file that is right is read once."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

from tasks.management.backup import media
from tasks.management.backup.archive import BackupError, FileRecord
from tasks.management.backup.databases import Sqlite
from tasks.management.backup.restore import check_media


@pytest.mark.parametrize("rows", [{"tasks_task": 2}, {"tasks_gone": 1}])
def test_a_dump_without_all_its_rows_is_refused(tmp_path: Path, rows: dict[str, int]) -> None:
    path = tmp_path / "database.sqlite3"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE tasks_task (id)")
    database.execute("INSERT INTO tasks_task VALUES (1)")
    database.commit()
    database.close()
    Sqlite().check_dump(path, {"tasks_task": 1})
    with pytest.raises(BackupError, match=next(iter(rows))):
        Sqlite().check_dump(path, rows)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are opened in a storage of this test's own."""
    names: list[str] = []

    class Counting(InMemoryStorage):
        def open(self, name: str, mode: str = "rb") -> Any:
            names.append(name)
            return super().open(name, mode)

    monkeypatch.setattr(media, "storages", {"videos": Counting()})
    return names


def test_each_right_file_is_read_once_by_a_restore(opened: list[str], tmp_path: Path) -> None:
    content = b"a video"
    record = FileRecord(name="1/video.mp4", size=7, sha256=sha256(content).hexdigest())
    media.storages["videos"].save(record.name, ContentFile(content))
    listed = tmp_path / "media.jsonl"
    listed.write_text(json.dumps({"name": record.name, "size": 7, "sha256": record.sha256}))
    with tarfile.open(tmp_path / "empty.tar", "w") as archive:
        backup: Any = SimpleNamespace(
            manifest=SimpleNamespace(has_media=True), archive=archive, media_list=listed
        )
        opened.clear()
        assert check_media(backup, put=True) == (0, {record: ""})
    assert opened == [record.name]
