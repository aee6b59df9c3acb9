"""Files beside a restored backup: which are here, which are another, which are missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.ops.backups import bring_keys, refusal, restore, save
from tests.ops.homes import Home, Homes

UPLOAD = """
import hashlib
from io import BytesIO
from django.utils import timezone
from tasks.models import Project, Upload
content = b"a still" * 1000
facts = {"size": len(content), "width": 640, "height": 360, "kind": "png", "created_by": None}
digest = hashlib.sha256(content).hexdigest()
project = Project.objects.get()
row = Upload.objects.keep(BytesIO(content), timezone.now(), project=project, sha256=digest, **facts)
row.keep_picture(b"small", "png")
"""


def test_uploaded_pictures_are_restored(home: Home, homes: Homes, tmp_path: Path) -> None:
    home.shell(UPLOAD)
    path = save(home, tmp_path / "all.tar.gz", "--with-keys", "--with-media")
    other = homes()
    assert "Put 14 files" in restore(other, path)
    assert (other.folder / "videos/uploads/1.png").read_bytes() == b"a still" * 1000
    (other.folder / "videos/uploads/1.png").unlink()
    output = refusal(other, "restore", "--check", str(path))
    assert "uploads/1.png: missing" in output and "Of 4 saved files, 3 are here" in output


def test_a_missing_file_is_named_and_a_damaged_one_too(home: Home, saved: Path) -> None:
    assert home.run("restore", "--check", str(saved))[0] == 0
    one, two, _ = sorted((home.folder / "videos").rglob("video.mp4"))
    one.unlink()
    two.write_bytes(b"something else")
    output = refusal(home, "restore", "--check", str(saved))
    assert f"{one.relative_to(home.folder / 'videos')}: missing" in output
    assert f"{two.relative_to(home.folder / 'videos')}: not what was saved" in output
    assert "Of 3 saved files, 1 are here" in output


STATES = """
    SELECT state, trouble, due_at IS NOT NULL, saved_at IS NOT NULL
    FROM tasks_copy WHERE sha256 != '' ORDER BY id
"""
SAVED, AGAIN = ("saved", "", False, True), ("waiting", "changed", True, False)
GONE = ("gone", "missing", False, False)


def states(home: Home) -> list[tuple[Any, ...]]:
    return home.ask(STATES)


@pytest.fixture(scope="module")
def ending(
    engine: str, furnished: Path, original: Home, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup in which the link of the third file has ended, and its provider has no other."""
    folder = tmp_path_factory.mktemp("ending")
    places = Homes(folder, furnished, postgres=engine == "postgresql")
    home = places.copy_of(original)
    home.shell(
        "from datetime import timedelta; from django.utils import timezone\n"
        "from tasks.models import Copy\n"
        "for copy, hours in zip(Copy.objects.exclude(sha256='').order_by('id'), (1, 2, -2)):\n"
        "    copy.link_ends_at = timezone.now() + timedelta(hours=hours)\n"
        "    copy.links = None\n"
        "    copy.save()\n"
        "copy.task.remote_created_at = timezone.now() - timedelta(days=8)\n"
        "copy.task.save()\n"
    )
    path = save(home, folder / "saved.tar")
    places.end()
    return path


@pytest.fixture
def bereft(home: Home, homes: Homes, ending: Path) -> tuple[Home, Path]:
    """Another machine, to restore on: the first file has come along, the second is another, the
    third is missing; of the last two the link of one has ended.
    """
    other = homes()
    bring_keys(home, other)
    shutil.copytree(home.folder / "videos", other.folder / "videos")
    _, two, three = sorted((other.folder / "videos").rglob("video.mp4"))
    two.write_bytes(b"something else")
    three.unlink()
    return other, ending


def test_a_file_that_is_missing_after_a_restore_is_not_called_saved(
    bereft: tuple[Home, Path],
) -> None:
    other, path = bereft
    output = restore(other, path)
    assert "1 will be fetched again" in output and "1 are called gone" in output
    assert states(other) == [SAVED, AGAIN, GONE]
    assert other.ask("SELECT files FROM tasks_storageuse") == [(1,)]


def test_a_file_that_is_brought_later_is_called_saved_again(
    home: Home, bereft: tuple[Home, Path]
) -> None:
    other, path = bereft
    restore(other, path)
    shutil.copytree(home.folder / "videos", other.folder / "videos", dirs_exist_ok=True)
    assert "3 are here" in other.run("restore", "--check", str(path))[1]
    assert states(other) == [SAVED, AGAIN, GONE], "looking changes nothing"
    assert "2 of them were not, and are called saved again" in restore(other, path, "--media-only")
    assert states(other) == [SAVED] * 3


def test_a_file_that_cannot_be_read_is_still_called_saved(bereft: tuple[Home, Path]) -> None:
    other, path = bereft
    one, _two = sorted((other.folder / "videos").rglob("video.mp4"))
    one.unlink()
    one.mkdir()
    output = restore(other, path)
    assert "cannot be read (IsADirectoryError)" in output
    assert "What cannot be read is still called saved." in output
    assert states(other) == [SAVED, AGAIN, GONE]
