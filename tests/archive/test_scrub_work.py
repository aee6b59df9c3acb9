"""The scrub's hours and pace, its posters, its thread within the archive, and its command."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from tasks.archive import Archive, scrub
from tasks.archive.scrub import Scrub, check, due
from tasks.archive.stored_file import Pace, ScrubStoppedError, StoredFile, examine
from tasks.models import Copy, Damage, Lease
from tests.archive.conftest import CLIP, content
from tests.archive.test_scrub import fresh, look_at, others, pace, path, saved
from tests.tracking.conftest import Clock

__all__ = ["others", "saved"]  # fixtures
pytestmark = pytest.mark.django_db


# When, and how much


def at(hour: int) -> datetime:
    return datetime(2026, 11, 30, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "hour", "expected"),
    [
        ((1, 6), "UTC", 1, True),
        ((1, 6), "UTC", 6, False),
        ((22, 5), "UTC", 23, True),
        ((22, 5), "UTC", 4, True),
        ((22, 5), "UTC", 12, False),
        ((1, 6), "Asia/Shanghai", 19, True),  # half past three there
        ((1, 6), "Asia/Shanghai", 3, False),
    ],
)
def test_night_is_what_the_settings_say_in_the_sites_time_zone(
    settings: Any, hours: tuple[int, int], zone: str, hour: int, expected: bool
) -> None:
    settings.SCRUB_HOURS, settings.TIME_ZONE = hours, zone
    assert scrub.is_night(at(hour)) is expected


def test_at_night_the_oldest_checked_come_first_and_by_day_only_what_is_very_late(
    others: list[Copy],
) -> None:
    days = {3: 70, 5: 45, 7: 31, 9: 29}
    Copy.objects.update(checked_at=at(3))
    for number, age in days.items():
        Copy.objects.filter(pk=others[number].pk).update(checked_at=at(3) - timedelta(days=age))
    assert due(at(3)) == [others[3], others[5], others[7]]
    assert due(at(12)) == [others[3]]


def test_files_of_earlier_releases_that_nobody_checked_come_before_all(others: list[Copy]) -> None:
    Copy.objects.update(checked_at=at(3) - timedelta(days=99))
    Copy.objects.filter(pk=others[6].pk).update(checked_at=None)
    assert due(at(3))[0] == others[6]


def test_it_can_be_switched_off_and_still_looks_at_what_is_suspected(
    others: list[Copy], settings: Any
) -> None:
    settings.SCRUB_DAYS = 0
    Copy.objects.update(checked_at=at(3) - timedelta(days=99))
    assert due(at(3)) == []
    Copy.objects.filter(pk=others[2].pk).suspect()
    assert due(at(12)) == [others[2]]


def test_a_batch_is_what_can_be_read_in_some_seconds(others: list[Copy], settings: Any) -> None:
    settings.SCRUB_RATE = 1000
    Copy.objects.update(checked_at=at(3) - timedelta(days=99), size=9000)
    assert len(due(at(3))) == 3


def test_it_reads_no_faster_than_it_may(saved: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits are counted instead of waited for."""
    waited: list[float] = []
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "wait", lambda seconds: waited.append(seconds))
    loss, _ = examine(StoredFile(saved.name, saved.size, saved.sha256), Pace(1000, stopping))
    assert loss is None
    assert sum(waited) == pytest.approx(len(CLIP) / 1000, rel=0.01)


def test_it_stops_in_the_middle_of_a_file(saved: Copy) -> None:
    stopped = pace()
    stopped.stopping.set()
    with pytest.raises(ScrubStoppedError):
        examine(StoredFile(saved.name, saved.size, saved.sha256), stopped)
    assert check([saved], [], stopped).findings == []


# Previews


@pytest.mark.parametrize("missing", ["poster", "sprite"])
def test_where_a_preview_is_missing_all_are_made_again(
    saved: Copy, clock: Clock, missing: str
) -> None:
    there = storages["videos"].save("there.webp", ContentFile(b"RIFF"))
    names = {"poster": there, "sprite": there} | {missing: "gone.webp"}
    sizes = {"poster_size": 4, "sprite_size": 4}
    Copy.objects.update(**names, **sizes, sprite_hash="5" * 16, previewed_at=clock.now)
    before = fresh(saved).task.change
    look_at([saved], clock.now)
    copy = fresh(saved)
    assert (copy.is_saved, copy.names, copy.sprite_hash) == (True, (copy.name,), None)
    assert list(Copy.objects.without_previews()) == [saved] and copy.task.change > before


def test_whole_previews_are_left_alone(saved: Copy, clock: Clock) -> None:
    there = storages["videos"].save("there.webp", ContentFile(b"RIFF"))
    Copy.objects.update(poster=there, poster_size=4, previewed_at=clock.now)
    look_at([saved], clock.now)
    assert (fresh(saved).poster, fresh(saved).previewed_at) == (there, clock.now)


# Within the archive


def finish(one: Scrub) -> None:
    """Take turns until what was begun is recorded."""
    one.turn()
    while one._report is not None:
        one._report.result(10)
        one.turn()


def test_the_archive_sees_the_storage_and_says_so(others: list[Copy], clock: Clock) -> None:
    one = Scrub(clock=clock)
    one._next_at = 0
    finish(one)
    assert Lease.objects.get(name="storage").beat_at == clock.now


def test_a_storage_that_was_never_seen_is_told_too(
    others: list[Copy], clock: Clock, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own_folder / "videos").rename(own_folder / "elsewhere")
    one = Scrub(clock=clock)
    one._next_at = 0
    finish(one)
    assert Lease.objects.get(name="storage").beat_at is None
    assert "The storage of the videos is away" in caplog.text


def test_a_large_file_is_no_silence_while_the_storage_gives_it_out(
    others: list[Copy], clock: Clock
) -> None:
    one = Scrub(clock=clock)
    one._next_at = 0
    finish(one)
    one._report = Future()  # a file that takes long
    clock.go_on(120)
    one.turn()
    assert Lease.objects.get(name="storage").beat_at != clock.now, "nothing has come since"
    one._pace.read_at = one._seen_at + 61
    one.turn()
    assert Lease.objects.get(name="storage").beat_at == clock.now


def test_what_a_page_suspects_is_checked_at_any_hour(
    saved: Copy, others: list[Copy], clock: Clock
) -> None:
    path(saved).unlink()
    Copy.objects.filter(pk=saved.pk).suspect()
    one = Scrub(clock=clock)
    one._next_at = 0
    finish(one)
    assert fresh(saved).damage == Damage.MISSING


@pytest.mark.django_db(transaction=True)
def test_the_archive_itself_fetches_a_lost_file_again(
    saved: Copy, others: list[Copy], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path(saved).unlink()
    Copy.objects.filter(pk=saved.pk).suspect()
    monkeypatch.setattr(scrub, "FIRST_AFTER", 0)
    archive = Archive(clock=clock)
    known = archive._turn

    def turn() -> None:
        known()
        if fresh(saved).is_saved and fresh(saved).damage is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(archive, "_turn", turn)
    with pytest.raises(KeyboardInterrupt):
        archive.run(30)
    assert content(fresh(saved)) == CLIP


def test_the_settings_have_defaults() -> None:
    assert (site.SCRUB_DAYS, site.SCRUB_HOURS, site.SCRUB_RATE) == (30, (1, 6), 10 * 2**20)


def test_the_command_checks_everything_at_once(saved: Copy, others: list[Copy]) -> None:
    path(saved).unlink()
    out = StringIO()
    call_command("scrub", stdout=out)
    assert out.getvalue() == "Of 11 saved files: 1 missing, 10 well.\n"
    assert fresh(saved).damage == Damage.MISSING


def test_the_command_believes_that_all_is_lost_only_who_says_so(
    saved: Copy, others: list[Copy], own_folder: Path
) -> None:
    shutil.rmtree(own_folder / "videos")
    with pytest.raises(CommandError, match="seems to be away"):
        call_command("scrub")
    assert Copy.objects.saved().count() == 11
    call_command("scrub", "--storage-is-here", stdout=StringIO())
    assert not Copy.objects.saved().exists()
    assert Copy.objects.damaged().count() == 11
