"""A backup restored on an empty machine shows the same rows, files and readable credentials."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ops.backups import FOUND, REVEAL, SECRET, bring_keys, manifest, refusal, restore, save
from tests.ops.homes import ON_POSTGRES, Home, Homes


def test_an_empty_machine_gets_the_same_rows_and_credentials(
    home: Home, saved: Path, homes: Homes
) -> None:
    other = homes()
    bring_keys(home, other)
    shutil.copytree(home.folder / "videos", other.folder / "videos")
    output = restore(other, saved)
    assert "Of 3 saved files, 3 are here" in output
    assert other.rows() == home.rows()
    new = "from tasks.models import Project; print(Project.objects.create(name='new').pk)"
    key, found, number = other.shell("\n".join((REVEAL, FOUND, new))).splitlines()
    assert key == SECRET
    assert found == "30"  # the index of words came along
    assert int(number) > 1  # and the numbers go on


def test_a_backup_with_keys_and_media_needs_no_other_file(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    path = save(home, tmp_path / "all.tar.gz", "--with-keys", "--with-media")
    assert path.stat().st_mode & 0o777 == 0o600
    other = homes()
    output = restore(other, path)
    assert "Put 12 files" in output and "3 are here" in output
    assert other.rows() == home.rows()
    assert other.shell(REVEAL) == f"{SECRET}\n"
    assert files(other.folder / "videos") == files(home.folder / "videos")
    assert files(other.folder / "keys") == files(home.folder / "keys")
    assert {p.stat().st_mode & 0o777 for p in (other.folder / "keys").iterdir()} == {0o600}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_without_its_keys_a_backup_is_refused_with_the_way_out(saved: Path, homes: Homes) -> None:
    other = homes()
    output = refusal(other, "restore", str(saved))
    needed = manifest(saved)["keys"]
    assert isinstance(needed, list) and len(needed) == 1
    assert needed[0] in output and "credentials.keys" in output and "--retype-keys" in output
    assert not (other.folder / "keys").exists()
    assert "Type the keys of these credentials again: Ark" in restore(other, saved, "--retype-keys")


def test_keys_of_the_archive_are_added_to_those_at_hand(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    path = save(home, tmp_path / "keys.tar", "--with-keys")
    other = homes(is_migrated=True)
    theirs = (other.folder / "keys" / "credentials.keys").read_text()
    restore(other, path)
    ours = (home.folder / "keys" / "credentials.keys").read_text()
    assert (other.folder / "keys" / "credentials.keys").read_text() == theirs + ours
    assert other.shell(REVEAL) == f"{SECRET}\n"


def test_an_installation_with_rows_is_only_replaced_by_force_and_is_kept_aside(
    home: Home, saved: Path
) -> None:
    before = home.rows()
    home.shell("from tasks.models import Task; Task.objects.all().delete()")
    changed = home.rows()
    assert "--force" in refusal(home, "restore", str(saved))
    assert home.rows() == changed
    output = restore(home, saved, "--force")
    assert "What was here is now" in output and "before_restore_" in output
    assert home.rows() == before
    restore(home, saved, "--force")  # and once more, with the old one beside it


@pytest.mark.parametrize("damage", ["no archive", "cut short", "changed"])
def test_a_damaged_archive_changes_nothing(
    home: Home, saved: Path, homes: Homes, damage: str
) -> None:
    content = saved.read_bytes()
    middle = len(content) * 2 // 3
    damaged = {
        "no archive": b"a letter to the editor\n" * 1000,
        "cut short": content[:middle],
        "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
    }
    saved.write_bytes(damaged[damage])
    other = homes()
    bring_keys(home, other)
    assert "CommandError" in refusal(other, "restore", str(saved))
    assert "django_migrations" not in other.tables()


def test_a_backup_of_a_newer_release_is_refused(home: Home, homes: Homes, tmp_path: Path) -> None:
    home.ask(
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('tasks', '9999_of_tomorrow', CURRENT_TIMESTAMP)"
    )
    path = save(home, tmp_path / "newer.tar")
    other = homes()
    bring_keys(home, other)
    assert "newer release" in refusal(other, "restore", str(path))


def test_an_installation_at_work_is_not_replaced(home: Home, saved: Path) -> None:
    home.shell(
        "from django.utils import timezone; from tasks.models import Lease\n"
        "Lease.objects.take('sweep', 'somebody', now=timezone.now(), seconds=60)"
    )
    assert "Stop it" in refusal(home, "restore", str(saved), "--force")


@pytest.mark.skipif(not ON_POSTGRES, reason="the suite runs on SQLite")
def test_a_backup_of_one_database_is_refused_by_the_other(homes: Homes, tmp_path: Path) -> None:
    lite, postgres = homes(is_migrated=True, postgres=False), homes(postgres=True)
    path = save(lite, tmp_path / "lite.tar")
    assert "how to move" in refusal(postgres, "restore", str(path))
