"""A backup restored on an empty machine shows the same rows, files and readable credentials."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.conftest import ON_POSTGRES, Home, Homes
from tests.processes.conftest import eventually

SECRET = "sk-canary-of-the-backup"
FILL = f"""
import hashlib
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from tasks import search
from tasks.models import *
from tasks.status import Status
now = timezone.now()
User.objects.create_superuser("ann")
project = Project.objects.get()
credential = Credential(name="Ark", provider="volcengine", base_url="https://ark.example")
credential.replace_key("{SECRET}")
credential.save()
for number in range(30):
    [task] = Task.objects.track([f"cgt-{{number}}"], credential=credential, project=project,
                                created_by=None, now=now)
    task.prompt, task.raw = "纸船 a paper boat", "{{}}"
    task.status, task.video_url = Status.SUCCEEDED, "https://v.example/1.mp4"
    task.search_text = search.searchable(task.prompt)
    task.total_tokens = 1000 + number
    task.save()
    Copy.objects.follow([task], now)
for copy in Copy.objects.all()[:3]:
    content = f"video {{copy.pk}}".encode() * 1000
    copy.name = storages["videos"].save(f"{{copy.pk}}/video.mp4", ContentFile(content))
    copy.poster = storages["videos"].save(f"{{copy.pk}}/poster.webp", ContentFile(b"a poster"))
    copy.size, copy.sha256 = len(content), hashlib.sha256(content).hexdigest()
    copy.state, copy.saved_at, copy.due_at = CopyState.SAVED, now, None
    copy.save()
AuditEntry.objects.create(verb=Verb.TRACKED, actor="ann", label="cgt-0", changes={{"number": 30}})
"""
REVEAL = "from tasks.models import Credential; print(Credential.objects.get().reveal_key())"
FOUND = "from tasks.models import Task; print(Task.objects.matching('boat').count())"


@pytest.fixture(scope="module")
def original(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Homes(tmp_path_factory.mktemp("original"), postgres=engine == "postgresql")
    found = made(is_migrated=True)
    found.shell(FILL)
    yield found
    made.end()


@pytest.fixture
def home(homes: Homes, original: Home) -> Home:
    return homes.copy_of(original)


@pytest.fixture
def saved(home: Home, tmp_path: Path) -> Path:
    return save(home, tmp_path / "saved.tar")


def save(home: Home, path: Path, *options: str) -> Path:
    status, said = home.run("backup", str(path), *options)
    assert status == 0, said
    assert SECRET not in said
    return path


def restore(home: Home, path: Path, *options: str) -> str:
    status, said = home.run("restore", str(path), *options)
    assert status == 0, said
    return said


def refusal(home: Home, *command: str) -> str:
    status, said = home.run(*command)
    assert status == 1, said
    assert "Traceback" not in said
    return said


def bring_keys(source: Home, target: Home) -> None:
    shutil.copytree(source.folder / "keys", target.folder / "keys")


def manifest(path: Path) -> dict[str, object]:
    with tarfile.open(path) as archive:
        member = archive.extractfile("manifest.json")
        assert member
        found: dict[str, object] = json.load(member)
        return found


def test_an_empty_machine_gets_the_same_rows_and_credentials(
    home: Home, saved: Path, homes: Homes
) -> None:
    other = homes()
    bring_keys(home, other)
    shutil.copytree(home.folder / "videos", other.folder / "videos")
    said = restore(other, saved)
    assert "Of 3 saved files, 3 are here" in said
    assert other.rows() == home.rows()
    assert other.shell(REVEAL) == f"{SECRET}\n"
    assert other.shell(FOUND) == "30\n"  # the index of words came along
    new = "from tasks.models import Project; print(Project.objects.create(name='new').pk)"
    assert int(other.shell(new)) > 1  # and the numbers go on


UPLOAD = """
import hashlib
from io import BytesIO
from django.utils import timezone
from tasks.models import Project, Upload
content = b"a still" * 1000
facts = {"size": len(content), "width": 640, "height": 360, "kind": "png", "created_by": None}
digest = hashlib.sha256(content).hexdigest()
project = Project.objects.get()
Upload.objects.keep(BytesIO(content), timezone.now(), project=project, sha256=digest, **facts)
"""


def test_pictures_that_people_gave_come_along(home: Home, homes: Homes, tmp_path: Path) -> None:
    home.shell(UPLOAD)
    path = save(home, tmp_path / "all.tar.gz", "--with-keys", "--with-media")
    other = homes()
    assert "Put 7 files" in restore(other, path)
    assert (other.folder / "videos/uploads/1.png").read_bytes() == b"a still" * 1000
    (other.folder / "videos/uploads/1.png").unlink()
    said = refusal(other, "restore", "--check", str(path))
    assert "uploads/1.png: missing" in said and "Of 4 saved files, 3 are here" in said


def test_with_keys_and_media_one_file_is_all_it_takes(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    path = save(home, tmp_path / "all.tar.gz", "--with-keys", "--with-media")
    assert path.stat().st_mode & 0o777 == 0o600
    other = homes()
    said = restore(other, path)
    assert "Put 6 files" in said and "3 are here" in said
    assert other.rows() == home.rows()
    assert other.shell(REVEAL) == f"{SECRET}\n"
    assert files(other.folder / "videos") == files(home.folder / "videos")
    assert files(other.folder / "keys") == files(home.folder / "keys")
    assert {p.stat().st_mode & 0o777 for p in (other.folder / "keys").iterdir()} == {0o600}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


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


def test_without_its_keys_a_backup_is_refused_with_the_way_out(saved: Path, homes: Homes) -> None:
    other = homes()
    said = refusal(other, "restore", str(saved))
    needed = manifest(saved)["keys"]
    assert isinstance(needed, list) and len(needed) == 1
    assert needed[0] in said and "credentials.keys" in said and "--retype-keys" in said
    assert not (other.folder / "keys").exists()
    assert "Type the keys of these credentials again: Ark" in restore(other, saved, "--retype-keys")


def test_keys_of_the_archive_join_those_that_are_there(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    path = save(home, tmp_path / "keys.tar", "--with-keys")
    other = homes(is_migrated=True)
    theirs = (other.folder / "keys" / "credentials.keys").read_text()
    restore(other, path)
    ours = (home.folder / "keys" / "credentials.keys").read_text()
    assert (other.folder / "keys" / "credentials.keys").read_text() == theirs + ours
    assert other.shell(REVEAL) == f"{SECRET}\n"


def test_what_holds_rows_is_not_replaced_unless_forced_and_is_kept_aside(
    home: Home, saved: Path
) -> None:
    before = home.rows()
    home.shell("from tasks.models import Task; Task.objects.all().delete()")
    changed = home.rows()
    assert "--force" in refusal(home, "restore", str(saved))
    assert home.rows() == changed
    said = restore(home, saved, "--force")
    assert "What was here is now" in said and "before_restore_" in said
    assert home.rows() == before
    restore(home, saved, "--force")  # and once more, with the old one beside it


def test_a_missing_file_is_named_and_a_damaged_one_too(home: Home, saved: Path) -> None:
    assert home.run("restore", "--check", str(saved))[0] == 0
    one, two, _ = sorted((home.folder / "videos").rglob("video.mp4"))
    one.unlink()
    two.write_bytes(b"something else")
    said = refusal(home, "restore", "--check", str(saved))
    assert f"{one.relative_to(home.folder / 'videos')}: missing" in said
    assert f"{two.relative_to(home.folder / 'videos')}: not what was saved" in said
    assert "Of 3 saved files, 1 are here" in said


STATES = """
from tasks.models import Copy, CopyState
for copy in Copy.objects.exclude(sha256="").order_by("id"):
    print(copy.state, copy.trouble or "-", copy.due_at is not None, copy.saved_at is not None)
"""
SAVED, AGAIN, GONE = "saved - False True", "waiting missing True False", "gone missing False False"


def states(home: Home) -> list[str]:
    return home.shell(STATES).splitlines()


@pytest.fixture
def bereft(home: Home, homes: Homes, tmp_path: Path) -> tuple[Home, Path]:
    """Another machine, restored there: the first file has come along, the second is another, the
    third is missing; the links of the last two have and have not ended.
    """
    home.shell(
        "from datetime import timedelta; from django.utils import timezone\n"
        "from tasks.models import Copy\n"
        "for copy, hours in zip(Copy.objects.exclude(sha256='').order_by('id'), (1, 2, -2)):\n"
        "    copy.link_ends_at = timezone.now() + timedelta(hours=hours)\n"
        "    copy.save()\n"
    )
    path = save(home, tmp_path / "saved.tar")
    other = homes()
    bring_keys(home, other)
    shutil.copytree(home.folder / "videos", other.folder / "videos")
    _, two, three = sorted((other.folder / "videos").rglob("video.mp4"))
    two.write_bytes(b"something else")
    three.unlink()
    return other, path


def test_what_is_not_here_after_a_restore_is_not_called_saved(bereft: tuple[Home, Path]) -> None:
    other, path = bereft
    said = restore(other, path)
    assert "1 will be fetched again" in said and "1 are called gone" in said
    assert states(other) == [SAVED, AGAIN, GONE]
    use = "from tasks.models import StorageUse; print(StorageUse.objects.get().files)"
    assert other.shell(use) == "1\n"


def test_what_somebody_brings_later_is_called_saved_again(
    home: Home, bereft: tuple[Home, Path]
) -> None:
    other, path = bereft
    restore(other, path)
    shutil.copytree(home.folder / "videos", other.folder / "videos", dirs_exist_ok=True)
    assert "3 are here" in other.run("restore", "--check", str(path))[1]
    assert states(other) == [SAVED, AGAIN, GONE], "looking changes nothing"
    assert "2 of them were not, and are called saved again" in restore(other, path, "--media-only")
    assert states(other) == [SAVED] * 3


def test_what_cannot_be_read_may_be_there_all_the_same(bereft: tuple[Home, Path]) -> None:
    other, path = bereft
    one, _two = sorted((other.folder / "videos").rglob("video.mp4"))
    one.unlink()
    one.mkdir()
    said = restore(other, path)
    assert "cannot be read (IsADirectoryError)" in said
    assert "What cannot be read is still called saved." in said
    assert states(other) == [SAVED, AGAIN, GONE]


def test_a_file_that_cannot_be_read_is_named_by_the_backup(home: Home, tmp_path: Path) -> None:
    one, two, _ = sorted((home.folder / "videos").rglob("video.mp4"))
    one.unlink()
    two.write_bytes(b"something else")
    said = refusal(home, "backup", str(tmp_path / "some.tar"), "--with-media")
    assert "could not be read" in said and "not what was saved" in said
    assert "The backup was made without these" in said
    with tarfile.open(tmp_path / "some.tar") as archive:
        assert len([n for n in archive.getnames() if n.endswith("video.mp4")]) == 1


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
    assert "django_migrations" not in other.shell(
        "from django.db import connection; print(connection.introspection.table_names())"
    )


def test_a_backup_of_a_newer_release_is_refused(home: Home, homes: Homes, tmp_path: Path) -> None:
    home.shell(
        "from django.db import connection\n"
        "from django.db.migrations.recorder import MigrationRecorder\n"
        "MigrationRecorder(connection).record_applied('tasks', '9999_of_tomorrow')"
    )
    path = save(home, tmp_path / "newer.tar")
    other = homes()
    bring_keys(home, other)
    assert "newer release" in refusal(other, "restore", str(path))


def test_a_backup_of_an_older_release_is_migrated(home: Home, homes: Homes, tmp_path: Path) -> None:
    # No further: SQLite makes tables anew to take columns away, beneath triggers that read them.
    assert home.run("migrate", "tasks", "0013", "-v0")[0] == 0, home.said()
    path = save(home, tmp_path / "older.tar")
    other = homes()
    bring_keys(home, other)
    restore(other, path)
    assert other.run("migrate", "--check")[0] == 0
    assert other.shell("from tasks.models import Task; print(Task.objects.count())") == "30\n"


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
        assert writer.poll() is None, beside.said()
    finally:
        writer.kill()
        writer.wait()
    other = homes()
    bring_keys(home, other)
    restore(other, path)
    rows = manifest(path)["rows"]
    assert isinstance(rows, dict)
    count = "from tasks.models import Project; print(Project.objects.count())"
    assert other.shell(count) == f"{rows['tasks_project']}\n"
    assert rows["tasks_project"] > 40 and rows["tasks_project"] % 2 == 1  # pairs, and the first


def test_what_is_at_work_is_not_replaced(home: Home, saved: Path) -> None:
    home.shell(
        "from django.utils import timezone; from tasks.models import Lease\n"
        "Lease.objects.take('sweep', 'somebody', now=timezone.now(), seconds=60)"
    )
    assert "Stop it" in refusal(home, "restore", str(saved), "--force")


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
    said = refusal(home, "backup", str(tmp_path / "saved.tar"))
    assert "pg_dump is not on this machine" in said
    assert not list(tmp_path.glob("*saved.tar*"))


@pytest.mark.skipif(not ON_POSTGRES, reason="the suite runs on SQLite")
def test_a_backup_of_one_database_is_refused_by_the_other(homes: Homes, tmp_path: Path) -> None:
    lite, postgres = homes(is_migrated=True, postgres=False), homes(postgres=True)
    path = save(lite, tmp_path / "lite.tar")
    assert "how to move" in refusal(postgres, "restore", str(path))
