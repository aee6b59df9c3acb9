"""Saved files are checked again: what is missing or changed is noticed, and fetched again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from tasks.archive import damage, scrub
from tasks.archive.damage import Loss
from tasks.archive.purge import purge
from tasks.archive.scrub import check, due, record, sample
from tasks.archive.stored_file import ENOUGH, Pace
from tasks.models import ChangeCounter, Copy, CopyState, Damage, StorageUse, Task
from tests.archive.conftest import CLIP, Save, Wait, content, stored
from tests.archive.host import Host
from tests.conftest import MakeTask
from tests.tracking.conftest import Clock

pytestmark = pytest.mark.django_db
FAST = 2**40  # bytes a second


def pace(rate: int = FAST) -> Pace:
    return Pace(rate, threading.Event())


@pytest.fixture
def saved(host: Host, wait: Wait, save: Save) -> Copy:
    """A video that the archive has fetched, and whose link lives."""
    return save(wait(host.put("/v.mp4", CLIP)))


@pytest.fixture
def others(make_task: MakeTask, clock: Clock) -> list[Copy]:
    """Ten more files, in the same storage."""
    return [put(make_task(status="succeeded"), clock.now) for _ in range(10)]


def put(task: Task, now: datetime, data: bytes = b"another film") -> Copy:
    copy = Copy.objects.create(task=task, kind="video", state="saved", created_at=now, saved_at=now)
    name = storages["videos"].save(f"others/{copy.pk}.mp4", ContentFile(data))
    Copy.objects.filter(pk=copy.pk).update(name=name, size=len(data), checked_at=now)
    return Copy.objects.get(pk=copy.pk)


def path(copy: Copy) -> Path:
    return Path(storages["videos"].path(copy.name))


def look_at(copies: Iterable[Copy], now: datetime) -> scrub.Report:
    """Check these files as the scrub does in one of its batches."""
    chosen = list(Copy.objects.filter(pk__in=[copy.pk for copy in copies]))
    report = check(chosen, sample(ENOUGH, without=chosen), pace())
    record(report.findings, now)
    return report


def fresh(copy: Copy) -> Copy:
    return Copy.objects.select_related("task").get(pk=copy.pk)


def flip(file: Path) -> None:
    """Change one bit in the middle, and neither size nor times."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


# What is found


def test_a_whole_file_is_only_noted_as_checked(saved: Copy, clock: Clock) -> None:
    clock.go_on(3600)
    before = ChangeCounter.objects.now()
    look_at([saved], clock.now)
    assert (fresh(saved).is_saved, fresh(saved).checked_at) == (True, clock.now)
    assert ChangeCounter.objects.now() == before, "open pages need not hear of it"


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (Path.unlink, Damage.MISSING),
        (flip, Damage.CHANGED),
        (lambda file: file.write_bytes(CLIP[:-1]), Damage.CHANGED),
        (lambda file: file.write_bytes(b""), Damage.CHANGED),
    ],
    ids=["missing", "a bit", "cut", "empty"],
)
def test_a_lost_file_is_not_called_saved_and_comes_again_while_its_link_lives(
    saved: Copy,
    others: list[Copy],
    save: Save,
    clock: Clock,
    spoil: Callable[[Path], Any],
    found: Damage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    files = StorageUse.objects.get().files
    spoil(path(saved))
    look_at([saved], clock.now)
    lost = fresh(saved)
    assert (lost.state, lost.damage, lost.damaged_at) == ("waiting", found, clock.now)
    assert lost.trouble == found and lost.due_at == clock.now and lost.is_at_risk(clock.now)
    assert StorageUse.objects.get().files == files - 1
    assert saved.name in caplog.text
    again = save(lost)
    assert again.is_saved and again.damage is None and content(again) == CLIP
    assert StorageUse.objects.get().files == files


def test_a_changed_file_stays_until_a_whole_one_has_come(
    saved: Copy, others: list[Copy], host: Host, save: Save, clock: Clock
) -> None:
    flip(path(saved))
    spoiled = path(saved).read_bytes()
    look_at([saved], clock.now)
    host.put("/v.mp4", CLIP[: len(CLIP) // 2])  # no whole film
    assert save(saved).state == CopyState.WAITING
    assert path(saved).read_bytes() == spoiled
    host.put("/v.mp4", CLIP, etag='"whole again"')
    assert save(saved, after=700).is_saved
    assert path(saved).read_bytes() == CLIP


def test_what_cannot_be_had_again_is_gone_and_stays_where_it_is(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    flip(path(saved))
    clock.go_on(8 * 86400)  # the provider forgets tasks after seven days
    look_at([saved], clock.now)
    lost = fresh(saved)
    assert (lost.state, lost.damage, lost.due_at) == ("gone", "changed", None)
    assert path(saved).exists() and lost.name == saved.name


def test_a_link_that_has_ended_is_no_end_while_the_provider_may_have_another(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    path(saved).unlink()
    clock.go_on(2 * 86400)
    look_at([saved], clock.now)
    assert fresh(saved).state == CopyState.WAITING


def test_the_first_damage_is_still_told_after_failed_tries(
    saved: Copy, others: list[Copy], host: Host, save: Save, clock: Clock
) -> None:
    path(saved).unlink()
    look_at([saved], clock.now)
    host.files.clear()
    clock.go_on(8 * 86400)
    tried = save(saved)
    assert (tried.state, tried.trouble, tried.damage) == ("gone", "link_dead", "missing")


def test_a_file_that_is_brought_back_is_called_saved_again(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    path(saved).unlink()
    clock.go_on(8 * 86400)
    look_at([saved], clock.now)
    assert due(clock.now) == [], "it was looked for just now"
    path(saved).write_bytes(CLIP)
    clock.go_on(86400)
    assert due(clock.now) == [saved]
    look_at([saved], clock.now)
    back = fresh(saved)
    assert (back.state, back.damage, back.trouble) == ("saved", None, "")


def test_save_now_looks_in_the_storage_at_once(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    path(saved).unlink()
    clock.go_on(8 * 86400)
    look_at([saved], clock.now)
    path(saved).write_bytes(CLIP)
    Copy.objects.filter(pk=saved.pk).save_now(clock.now)
    assert due(clock.now) == [saved]
    look_at([saved], clock.now)
    assert fresh(saved).is_saved and fresh(saved).due_at is None


def test_another_file_under_the_name_does_not_bring_it_back(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    path(saved).unlink()
    clock.go_on(8 * 86400)
    look_at([saved], clock.now)
    path(saved).write_bytes(b"something else")
    look_at([saved], clock.now)
    assert (fresh(saved).state, fresh(saved).damage) == ("gone", "changed")


def test_the_purge_removes_what_is_left_of_a_changed_file(
    saved: Copy, clock: Clock, own_folder: Path
) -> None:
    flip(path(saved))
    clock.go_on(8 * 86400)
    look_at([saved], clock.now)
    Task.objects.update(deleted_at=clock.now - timedelta(days=3650))
    assert purge(5) is False
    assert stored(own_folder) == []


def test_a_file_in_the_trash_is_left_alone(saved: Copy, clock: Clock) -> None:
    Copy.objects.update(deleted_at=clock.now, checked_at=clock.now - timedelta(days=365))
    assert due(clock.now) == []


def test_a_lost_file_of_the_trash_is_not_fetched_again(saved: Copy, clock: Clock) -> None:
    Copy.objects.update(deleted_at=clock.now)
    damage.record({saved.pk: Loss(Damage.MISSING)}, clock.now)
    assert fresh(saved).state == CopyState.DELETED


# The storage itself


def test_a_storage_that_is_away_loses_nothing(
    saved: Copy, others: list[Copy], clock: Clock, own_folder: Path
) -> None:
    videos = own_folder / "videos"
    videos.rename(own_folder / "elsewhere")
    videos.mkdir()  # a place to mount it, and nothing mounted
    report = look_at([saved, *others], clock.now)
    assert report.away and not report.findings
    assert Copy.objects.saved().count() == 11
    videos.rmdir()
    (own_folder / "elsewhere").rename(videos)
    assert not look_at([saved, *others], clock.now).away


def test_a_disk_that_is_away_is_not_mistaken_for_one_with_the_newest_files_only(
    saved: Copy, others: list[Copy], clock: Clock, own_folder: Path, make_task: MakeTask
) -> None:
    """Newer files lie in the folder beneath, where the disk should be."""
    (own_folder / "videos").rename(own_folder / "elsewhere")
    newer = put(make_task(status="succeeded"), clock.now)
    assert look_at([saved], clock.now).away and fresh(saved).is_saved
    assert fresh(newer).is_saved


def test_it_is_asked_again_whether_the_storage_is_there_before_a_loss_is_believed(
    saved: Copy, others: list[Copy], monkeypatch: pytest.MonkeyPatch, own_folder: Path, clock: Clock
) -> None:
    known = scrub.examine

    def unmounted(*args: Any) -> Any:
        (own_folder / "videos").rename(own_folder / "elsewhere")
        return known(*args)

    monkeypatch.setattr(scrub, "examine", unmounted)
    assert look_at([saved], clock.now).away
    assert fresh(saved).is_saved


def test_a_file_that_the_disk_cannot_read_is_lost_while_others_can_be_read(
    saved: Copy, others: list[Copy], monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    storage: Any = type(storages["videos"])
    known = storage.open

    def broken(self: Any, name: str, mode: str = "rb") -> Any:
        if name == saved.name:
            raise OSError(5, "Input/output error")
        return known(self, name, mode)

    monkeypatch.setattr(storage, "open", broken)
    look_at([saved, others[0]], clock.now)
    assert (fresh(saved).damage, fresh(others[0]).is_saved) == ("changed", True)
    assert "Input/output error" in fresh(saved).trouble_message


def test_the_only_file_there_is_can_be_missing(saved: Copy, clock: Clock) -> None:
    path(saved).unlink()
    look_at([saved], clock.now)
    assert fresh(saved).damage == Damage.MISSING


def test_of_few_files_all_at_once_are_not_lost_and_one_or_two_are(
    make_task: MakeTask, clock: Clock
) -> None:
    few = [put(make_task(status="succeeded"), clock.now) for _ in range(3)]
    for copy in few:
        path(copy).unlink()
    assert look_at(few, clock.now).away and Copy.objects.saved().count() == 3
    path(few[0]).write_bytes(b"another film")
    look_at(few, clock.now)
    assert [fresh(copy).damage for copy in few] == [None, "missing", "missing"]
    look_at(few, clock.now)
    assert fresh(few[0]).is_saved
