"""A full disk and a locked database: everything waits, nothing is lost, it recovers by itself."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, transaction

from tasks.archive import Archive, disk, partial_file
from tasks.archive import store as store_module
from tasks.archive.job import DownloadError
from tasks.archive.partial_file import PartialFile
from tasks.models import Copy, CopyState, Task
from tests.archive.conftest import CLIP, Save, Wait, content, stored, unfinished
from tests.archive.host import Host
from tests.archive.test_queue import working
from tests.processes.conftest import eventually
from tests.tracking.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_disk(own_folder: Path, settings: Any) -> Iterator[Path]:
    """4 MB, of which a half are the reserve."""
    place = own_folder / "small"
    place.mkdir()
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("mounting a small file system takes root on Linux")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount anything")
    settings.DATA_DIR, settings.DISK_RESERVE = place, 2 * 2**20
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    filler = place / "filler"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    filler.write_bytes(bytes(free - leave))
    return filler


@pytest.mark.exhaustive
def test_nothing_is_begun_on_a_full_disk(
    small_disk: Path, host: Host, wait: Wait, save: Save, clock: Clock
) -> None:
    filler = fill(small_disk, leave=2**20)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.state, copy.trouble, copy.tries) == (CopyState.WAITING, "disk_full", 0)
    assert copy.is_at_risk(clock.now) and host.asked == []
    change = copy.task.change
    assert save(copy).task.change == change  # said once
    filler.unlink()
    assert save(copy).is_saved


def test_a_file_that_would_not_fit_is_not_begun(
    small_disk: Path, host: Host, wait: Wait, save: Save
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP + bytes(3 * 2**20))))
    assert (copy.state, copy.trouble, unfinished()) == (CopyState.WAITING, "disk_full", [])


def test_a_disk_that_fills_up_meanwhile_stops_the_download(
    small_disk: Path, host: Host, wait: Wait, save: Save
) -> None:
    """A host that does not say how much comes."""
    copy = save(wait(host.put("/v.mp4", CLIP + bytes(3 * 2**20), length=-1)))
    assert (copy.trouble, unfinished()) == ("disk_full", [])
    assert disk.room(small_disk) > 0


def test_a_disk_without_a_single_byte_left_is_survived(
    small_disk: Path, host: Host, wait: Wait, save: Save, settings: Any
) -> None:
    settings.DISK_RESERVE = -(2**30)  # as if somebody else had been quicker than our look at it
    filler = fill(small_disk, leave=64 * 1024)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.state, copy.trouble) == (CopyState.WAITING, "disk_full")
    filler.unlink()
    assert save(copy, after=30).is_saved


def test_files_together_do_not_reserve_more_room_than_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "room", lambda place: 100)
    reservations = disk.SpaceReservations()
    reservations.reserve(1, 70)
    with pytest.raises(DownloadError):
        reservations.reserve(2, 40)
    reservations.update(1, 50)
    reservations.reserve(2, 40)
    reservations.release(1)
    reservations.reserve(3, 60)


def test_a_storage_on_another_file_system_gets_a_copy(
    small_disk: Path, host: Host, wait: Wait, save: Save, settings: Any, own_folder: Path
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert str(storages["videos"].path(copy.name)).startswith(str(own_folder / "videos"))
    assert content(copy) == CLIP and len(stored(own_folder)) == 1


def test_the_folders_of_a_day_are_on_the_disk_before_its_files_are_called_saved(
    host: Host, wait: Wait, save: Save, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    known = os.fsync

    def fsync(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        known(number)

    monkeypatch.setattr(os, "fsync", fsync)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    file = own_folder / "videos" / copy.name
    *folders, _root = file.relative_to(own_folder).parents
    assert len(folders) == 4 and copy.is_saved
    assert {(own_folder / folder).stat().st_ino for folder in folders} <= synced
    assert file.stat().st_ino in synced


class Moody(FileSystemStorage):
    """A storage that is treated as a remote one, and may refuse."""

    refuses = True

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        if self.refuses:
            raise ConnectionError("the bucket is away, key=c0ffee")
        return super().save(name, content, max_length)


@pytest.fixture
def moody(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Moody]:
    videos = {**settings.STORAGES["videos"], "BACKEND": f"{__name__}.Moody"}
    settings.STORAGES = {**settings.STORAGES, "videos": videos}
    remote = store_module._into_storage
    monkeypatch.setattr(
        store_module, "_into_folder", lambda s, source, path: remote(s, source, name(path))
    )
    return Moody


def name(path: Path) -> str:
    return str(path.relative_to(storages["videos"].location))  # type: ignore[attr-defined]


def test_a_storage_that_refuses_is_asked_again_and_the_host_is_not(
    moody: type[Moody],
    host: Host,
    wait: Wait,
    save: Save,
    own_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.trouble, copy.state, copy.tries) == ("storage", CopyState.WAITING, 0)
    assert "c0ffee" not in copy.trouble_message
    assert unfinished() == [f"{copy.pk}.whole"]
    monkeypatch.setattr(moody, "refuses", False)
    copy = save(copy, after=30)
    assert copy.is_saved and content(copy) == CLIP
    assert len(host.asked) == 1 and unfinished() == []


def test_a_file_left_in_a_remote_storage_is_replaced_not_doubled(
    moody: type[Moody],
    host: Host,
    wait: Wait,
    save: Save,
    own_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moody, "refuses", False)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    Copy.objects.update(state=CopyState.WAITING, due_at=copy.created_at, name="")
    assert save(copy).name == copy.name
    assert len(stored(own_folder)) == 1


def test_a_broken_disk_is_called_our_own_trouble(
    host: Host, wait: Wait, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: PartialFile, piece: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(PartialFile, "write", broken)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.trouble, copy.trouble_message) == ("storage", "The disk: Input/output error.")


def test_a_disk_error_that_is_reported_only_once_is_not_forgotten(
    host: Host, wait: Wait, save: Save, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fsync says so to one caller, and to the next that all is well."""
    told: list[int] = []
    known = os.fsync

    def fsync(number: int) -> None:
        if not told:
            told.append(number)
            raise OSError(errno.EIO, "Input/output error")
        known(number)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(partial_file, "SYNC_SECONDS", 0.0)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert (copy.trouble, copy.bytes_done) == ("storage", 0)
    assert save(copy, after=30).is_saved


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite locks all of itself")
def test_a_locked_database_delays_the_record_and_loses_nothing(
    host: Host, wait: Wait, clock: Clock
) -> None:
    for number in range(3):
        wait(host.put(f"/{number}.mp4", CLIP))
    gate = threading.Event()
    slow = wait(host.put("/slow.mp4", CLIP, gate=gate))
    with working(clock):
        eventually(lambda: Copy.objects.filter(state=CopyState.SAVED).count() >= 2, within=5)
        with transaction.atomic():  # IMMEDIATE: nobody else writes
            Task.objects.update(progress=1)
            gate.set()
            eventually(lambda: f"{slow.pk}.whole" in unfinished(), within=10)
        eventually(lambda: not Copy.objects.unsaved().exists(), within=10)
    assert len(host.asked) == 4
    assert {content(copy) for copy in Copy.objects.all()} == {CLIP}


@pytest.mark.django_db(transaction=True)
def test_a_failed_record_is_tried_again(
    host: Host, wait: Wait, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from tasks.archive import claims

    record, fails = claims.record_saved, [2]

    def locked(brought: list[Any], now: Any) -> set[int]:
        if fails[0]:
            fails[0] -= 1
            raise OperationalError("database is locked")
        return record(brought, now)

    monkeypatch.setattr(claims, "record_saved", locked)
    copy = wait(host.put("/v.mp4", CLIP))
    Archive(clock=clock).run(0)
    copy.refresh_from_db()
    assert copy.is_saved and len(host.asked) == 1
