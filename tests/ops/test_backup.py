"""A backup is whole, of one moment, holds no key unless asked, and stops nobody."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.ops.backups import SECRET, bring_keys, manifest, refusal, restore, save
from tests.ops.homes import ON_POSTGRES, Home, Homes
from tests.processes.conftest import eventually


def test_a_backup_holds_no_key_unless_asked(home: Home, saved: Path) -> None:
    content = saved.read_bytes()
    key_lines = [p.read_text().strip() for p in (home.folder / "keys").iterdir()]
    for secret in (SECRET, *key_lines):
        assert secret.encode() not in content
    with tarfile.open(saved) as archive:
        assert not [name for name in archive.getnames() if name.startswith(("keys/", "media/"))]
        for member in archive:
            source = archive.extractfile(member)
            assert source and SECRET.encode() not in source.read()
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_read_is_named_by_the_backup(home: Home, tmp_path: Path) -> None:
    one, two, _ = sorted((home.folder / "videos").rglob("video.mp4"))
    one.unlink()
    two.write_bytes(b"something else")
    output = refusal(home, "backup", str(tmp_path / "some.tar"), "--with-media")
    assert "video.mp4: missing" in output and "video.mp4: not what was saved" in output
    assert "The backup was made without these" in output
    with tarfile.open(tmp_path / "some.tar") as archive:
        assert len([n for n in archive.getnames() if n.endswith("video.mp4")]) == 1


WRITER = """
import pathlib, sys
from django.conf import settings
from django.db import transaction
from tasks.models import Project
for number in range(100_000):
    with transaction.atomic():
        Project.objects.create(name=f"left {number}")
        Project.objects.create(name=f"right {number}")
    (settings.DATA_DIR / "turns").write_text(str(number))
"""


def test_a_backup_beside_a_writer_is_of_one_moment_and_stops_nobody(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    beside = Home(home.folder, home.database_url)
    beside.log = tmp_path / "writer.log"
    writer = beside.start("shell", "-v0", "-c", WRITER)
    turns = home.folder / "turns"
    try:
        eventually(lambda: turns.exists() and int(turns.read_text() or 0) > 20, within=15)
        path = save(home, tmp_path / "busy.tar")
        done = int(turns.read_text() or 0)
        eventually(lambda: int(turns.read_text() or 0) > done, within=5)
        assert writer.poll() is None, beside.output()
    finally:
        writer.kill()
        writer.wait()
    other = homes()
    bring_keys(home, other)
    restore(other, path)
    rows = manifest(path)["rows"]
    assert isinstance(rows, dict)
    assert other.ask("SELECT count(*) FROM tasks_project") == [(rows["tasks_project"],)]
    assert rows["tasks_project"] > 40 and rows["tasks_project"] % 2 == 1  # pairs, and the first


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert "Cannot write" in refusal(home, "backup", str(tmp_path / "file" / "saved.tar"))
    usual = home.folder / "backups"
    assert home.run("backup")[0] == 0
    assert len(list(usual.iterdir())) == 1


@pytest.mark.skipif(not ON_POSTGRES, reason="the suite runs on SQLite")
def test_without_its_tools_a_backup_of_postgresql_says_what_to_install(
    homes: Homes, tmp_path: Path
) -> None:
    home = homes(postgres=True, PATH=str(tmp_path))
    output = refusal(home, "backup", str(tmp_path / "saved.tar"))
    assert "pg_dump is not on this machine" in output
    assert not list(tmp_path.glob("*saved.tar*"))
