"""Proxies: small versions of saved videos that browsers cannot play."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from tasks.archive.previews import PreviewMaker
from tasks.archive.purge import purge
from tasks.media import posters
from tasks.media.containers import read
from tasks.models import ChangeCounter, Copy, StorageUse
from tests.archive.test_previews import maker, work
from tests.archive.test_scrub import fresh, look_at, others, path, saved
from tests.media.test_posters import SAMPLES
from tests.models.test_trash import LONG_AGO

__all__ = ["maker", "others", "saved"]  # fixtures
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, saved: Copy, others: list[Copy]) -> list[Path]:
    """The videos of which proxies were made, by a quick pretender; one of eleven is HEVC."""
    videos: list[Path] = []

    def proxy(video: Path) -> bytes:
        videos.append(video)
        return b"a proxy"

    Copy.objects.update(previewed_at=timezone.now(), video_codec="h264")
    Copy.objects.filter(pk=others[3].pk).update(video_codec="hevc")
    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "proxy", proxy)
    return videos


def test_only_what_browsers_cannot_play_gets_one_once(
    made: list[Path], others: list[Copy], maker: PreviewMaker
) -> None:
    before, used = ChangeCounter.objects.now(), StorageUse.objects.get().bytes
    for _ in range(3):
        work(maker)
    assert made == [path(others[3])]
    copy = fresh(others[3])
    assert (copy.proxy_size, copy.proxied_at is not None) == (7, True)
    with storages["videos"].open(copy.proxy or "") as file:
        assert file.read() == b"a proxy"
    assert StorageUse.objects.get().bytes == used + 7
    assert copy.task.change == ChangeCounter.objects.now() > before, "open pages are told"


def test_one_that_cannot_be_made_is_tried_once(
    made: list[Path], others: list[Copy], maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "proxy", lambda video: made.append(video))
    for _ in range(3):
        work(maker)
    copy = fresh(others[3])
    assert (len(made), copy.proxy, copy.proxied_at is not None) == (1, None, True)


def test_pictures_come_first(
    made: list[Path], others: list[Copy], maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    Copy.objects.filter(pk=others[5].pk).update(previewed_at=None)
    monkeypatch.setattr(posters, "make", lambda path: None)
    work(maker)
    assert (made, fresh(others[5]).previewed_at is not None) == ([], True)
    work(maker)
    assert len(made) == 1


def test_switched_off_there_is_none(made: list[Path], maker: PreviewMaker, settings: Any) -> None:
    settings.PREVIEWS = False
    work(maker)
    assert made == []


def test_a_missing_one_is_made_again(
    made: list[Path], others: list[Copy], maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "make", lambda path: None)
    work(maker)
    copy = fresh(others[3])
    storages["videos"].delete(copy.proxy or "")
    look_at([copy], timezone.now())
    assert fresh(copy).proxy is None
    for _ in range(2):
        work(maker)
    assert fresh(copy).proxy and len(made) == 2


def test_it_goes_with_its_video(made: list[Path], others: list[Copy], maker: PreviewMaker) -> None:
    work(maker)
    copy = fresh(others[3])
    Copy.objects.filter(pk=copy.pk).update(deleted_at=LONG_AGO)
    purge(10)
    assert not storages["videos"].exists(copy.proxy or "")
    assert (fresh(copy).proxy, fresh(copy).proxied_at) == (None, None)


def test_a_real_one_is_h264(
    saved: Copy, maker: PreviewMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    monkeypatch.setattr(posters, "can_make", lambda: True)
    path(saved).write_bytes((SAMPLES / "hevc.mp4").read_bytes())
    Copy.objects.filter(pk=saved.pk).update(previewed_at=timezone.now(), video_codec="hevc")
    work(maker)
    with storages["videos"].open(fresh(saved).proxy or "") as file:
        assert read(BytesIO(file.read())).video_codec == "h264"
