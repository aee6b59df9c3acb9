"""Posters and sprites: beside every saved video, and later for those that have none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from tasks.archive import Archive, last_frame, previews
from tasks.archive.previews import PreviewMaker
from tasks.media import posters
from tasks.media.containers import read_image
from tasks.media.posters import Previews, Sprite
from tasks.models import ChangeCounter, Copy, Damage, StorageUse
from tests.archive.conftest import CLIP, Save, Wait, stored, unfinished
from tests.archive.host import Host
from tests.archive.test_scrub import fresh, others, path, saved
from tests.tracking.conftest import Clock

__all__ = ["others", "saved"]  # fixtures
pytestmark = pytest.mark.django_db
SPRITE = Sprite(data=b"a sprite", frames=20, columns=5, width=200, height=112)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, saved: Copy, others: list[Copy]) -> list[Path]:
    """The videos of which previews were made, in their order, by a quick pretender."""
    videos: list[Path] = []

    def make(video: Path) -> Previews:
        videos.append(video)
        return Previews(b"a poster", SPRITE)

    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "make", make)
    return videos


@pytest.fixture
def maker() -> Iterator[PreviewMaker]:
    maker = PreviewMaker()
    yield maker
    maker.stop()


def work(maker: PreviewMaker, *, is_busy: bool = False) -> None:
    """Let it make one batch, as the archive does in its turns."""
    maker._next_at = 0
    maker.turn(is_busy=is_busy)
    if maker._report:
        maker._report.result(30)
        maker.turn(is_busy=is_busy)


# When a video is saved


def test_a_video_is_saved_with_a_poster_and_a_sprite(
    host: Host, wait: Wait, save: Save, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    monkeypatch.setattr(posters, "can_make", lambda: True)
    copy = save(wait(host.put("/v.mp4", CLIP)))
    assert copy.is_saved and copy.previewed_at
    assert (copy.poster, copy.sprite) == tuple(
        copy.name.replace(".mp4", end) for end in (".webp", ".sprite.webp")
    )
    [video, poster, sprite] = [(own_folder / "videos" / name).read_bytes() for name in copy.names]
    assert video == CLIP
    assert (copy.poster_size, copy.sprite_size) == (len(poster), len(sprite))
    assert read_image(BytesIO(poster)).width == 640
    sheet = read_image(BytesIO(sprite))
    assert (copy.sprite_frames, copy.sprite_columns) == (20, 5)
    assert copy.sprite_width and copy.sprite_height
    assert (sheet.width, sheet.height) == (5 * copy.sprite_width, 4 * copy.sprite_height)
    assert len({copy.poster_hash, copy.sprite_hash, None}) == 3
    assert StorageUse.objects.get().bytes == len(video) + len(poster) + len(sprite)
    assert unfinished() == [] and len(stored(own_folder)) == 3


def test_another_picture_has_another_hash(own_folder: Path) -> None:
    beside = own_folder / "beside"
    hashes = [previews._store("poster", each, "a.webp", beside) for each in (b"one", b"other")]
    assert hashes[0]["poster_hash"] != hashes[1]["poster_hash"]
    with storages["videos"].open("a.webp") as file:
        assert file.read() == b"other"


def test_switched_off_a_video_is_saved_alone(
    host: Host, wait: Wait, save: Save, settings: Any, made: list[Path], maker: PreviewMaker
) -> None:
    settings.PREVIEWS = False
    copy = save(wait(host.put("/w.mp4", CLIP)))
    work(maker)
    assert copy.is_saved and copy.names == (copy.name,) and copy.previewed_at is None
    assert made == []


# Later


def test_saved_videos_without_previews_get_them_the_newest_first(
    saved: Copy, others: list[Copy], made: list[Path], maker: PreviewMaker
) -> None:
    before, used = ChangeCounter.objects.now(), StorageUse.objects.get().bytes
    work(maker)
    assert made == [path(copy) for copy in reversed(others)], "ten at once"
    copy = fresh(others[3])
    assert copy.previewed_at and (copy.poster_size, copy.sprite_size) == (8, 8)
    assert (copy.sprite_frames, copy.sprite_columns) == (20, 5)
    with storages["videos"].open(copy.sprite or "") as file:
        assert file.read() == b"a sprite"
    assert StorageUse.objects.get().bytes == used + 10 * 16
    assert copy.task.change == ChangeCounter.objects.now() > before, "open pages are told"
    work(maker)
    assert made[-1] == path(saved)
    work(maker)
    assert len(made) == 11 and not Copy.objects.without_previews().exists()
    assert unfinished() == []


def test_another_archive_goes_on_where_one_ended(
    others: list[Copy], made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "BATCH", 4)
    for _ in range(3):
        work(PreviewMaker())
    assert len(made) == len(set(made)) == 11


def test_while_files_come_one_is_made_at_a_time_and_then_it_waits(
    made: list[Path], maker: PreviewMaker
) -> None:
    work(maker, is_busy=True)
    assert len(made) == 1
    maker.turn(is_busy=True)
    assert maker._report is None, "it pauses"
    work(maker)
    assert len(made) == 11


def test_a_batch_is_what_is_made_in_some_seconds(
    made: list[Path], maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "BATCH_SECONDS", -1)
    work(maker)
    assert len(made) == 1


def test_it_stops_before_the_next_video(made: list[Path], maker: PreviewMaker) -> None:
    maker.stop()
    work(maker)
    assert made == []


def test_a_video_that_cannot_be_read_is_tried_once(
    saved: Copy, maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []
    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "make", tried.append)
    Copy.objects.update(poster="earlier.webp", poster_size=7)
    for _ in range(2):
        work(maker)
    assert tried == [path(saved)]
    copy = fresh(saved)
    assert copy.previewed_at and copy.poster == "earlier.webp" and copy.sprite is None


def test_a_real_clip_that_is_none_harms_nothing(
    others: list[Copy], maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of `others` are no videos."""
    pytest.importorskip("av")
    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(previews, "BATCH", 1)
    work(maker)
    copy = fresh(others[-1])
    assert copy.previewed_at and copy.is_saved and copy.names == (copy.name,)


def test_deleted_and_lost_videos_get_none(
    saved: Copy, others: list[Copy], made: list[Path], maker: PreviewMaker
) -> None:
    unfit: tuple[dict[str, Any], ...]
    unfit = ({"deleted_at": timezone.now()}, {"state": "gone"}, {"damage": "suspected"})
    for copy, fields in zip(others[:3], unfit, strict=True):
        Copy.objects.filter(pk=copy.pk).update(**fields)
    work(maker)
    assert len(made) == 11 - 3


def test_a_missing_video_is_left_to_the_scrub_and_the_others_wait(
    saved: Copy, others: list[Copy], made: list[Path], maker: PreviewMaker
) -> None:
    """The storage may be away, and all the others with it."""
    path(others[-1]).unlink()
    work(maker)
    assert made == []
    lost = fresh(others[-1])
    assert (lost.damage, lost.previewed_at) == (Damage.SUSPECTED, None)
    maker.turn(is_busy=False)
    assert maker._report is None, "it pauses"
    work(maker)
    assert len(made) == 10 and path(others[-1]) not in made


def test_a_storage_that_takes_nothing_is_tried_again_later(
    saved: Copy,
    others: list[Copy],
    made: list[Path],
    maker: PreviewMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(previews, "store", full)
        work(maker)
        maker.turn(is_busy=False)
    assert len(made) == 1 and fresh(others[-1]).previewed_at is None
    work(maker)
    assert fresh(others[-1]).sprite


def test_with_a_full_disk_none_are_made(
    made: list[Path], maker: PreviewMaker, settings: Any
) -> None:
    settings.DISK_RESERVE = 2**60
    work(maker)
    assert made == []


def test_pictures_of_a_video_that_was_purged_meanwhile_are_removed(
    saved: Copy, made: list[Path], own_folder: Path
) -> None:
    report = previews.make([saved])
    assert len(stored(own_folder)) == 11 + 2
    Copy.objects.filter(pk=saved.pk).delete()
    previews.record(report)
    assert len(stored(own_folder)) == 11


@pytest.mark.django_db(transaction=True)
def test_the_archive_makes_them_by_itself(
    saved: Copy, made: list[Path], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "FIRST_AFTER", 0)
    archive = Archive(clock=clock)
    known = archive._turn

    def turn() -> None:
        known()
        if fresh(saved).sprite:
            raise KeyboardInterrupt

    monkeypatch.setattr(archive, "_turn", turn)
    with pytest.raises(KeyboardInterrupt):
        archive.run(30)
    assert threading.active_count() < 10


# The last frame


def test_the_last_frame_is_read_out_of_a_saved_video(
    saved: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    assert not last_frame.can_read(saved)
    monkeypatch.setattr(posters, "can_make", lambda: True)
    assert last_frame.can_read(saved)
    picture = last_frame.read(saved)
    assert picture and read_image(BytesIO(picture)).width == saved.width


def test_of_a_video_that_is_not_there_no_last_frame_is_read(
    saved: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "can_make", lambda: True)
    path(saved).unlink()
    assert last_frame.read(saved) is None
    saved.state = "gone"
    assert not last_frame.can_read(saved)
