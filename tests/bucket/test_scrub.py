"""The scrub in a bucket: sizes and checksums are compared, and nothing is downloaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.utils import timezone

from tasks.archive import previews, scrub
from tasks.archive.scrub import check, record, sample
from tasks.archive.store import store
from tasks.archive.stored_file import ENOUGH, Pace
from tasks.media import posters
from tasks.media.posters import Previews
from tasks.models import Copy, Damage
from tests.conftest import MakeTask

pytestmark = pytest.mark.django_db
MOVIE = bytes(range(256)) * 64


@pytest.fixture
def saved(videos: Storage, make_task: MakeTask, tmp_path: Path) -> list[Copy]:
    """Three videos, stored as the archive does."""
    now, source = timezone.now(), tmp_path / "a.whole"
    source.write_bytes(MOVIE)
    digest = hashlib.sha256(MOVIE).hexdigest()
    found = []
    for number in range(3):
        name = f"scrub/{number}.mp4"
        etag = store(source, name, sha256=digest)
        known = {"name": name, "size": len(MOVIE), "sha256": digest, "storage_etag": etag}
        task = make_task(status="succeeded")
        copy = Copy(task=task, kind="video", state="saved", created_at=now, **known)
        copy.save()
        found.append(copy)
    return found


@pytest.fixture
def asked(videos: Any) -> Iterator[list[str]]:
    """The methods by which the store is asked from here on: HEAD, GET, …"""
    methods: list[str] = []

    def note(request: Any, **_: Any) -> None:
        methods.append(request.method)

    events = videos.connection.meta.client.meta.events
    events.register("before-send.s3", note)
    yield methods
    events.unregister("before-send.s3", note)


def look_at(copies: list[Copy]) -> scrub.Report:
    chosen = list(Copy.objects.filter(pk__in=[copy.pk for copy in copies]))
    others = sample(ENOUGH, without=chosen)
    report = check(chosen, others, Pace(2**40, threading.Event()))
    record(report.findings, timezone.now())
    return report


def damage_of(copy: Copy) -> str | None:
    return Copy.objects.get(pk=copy.pk).damage


def put(videos: Any, copy: Copy, body: bytes, **more: Any) -> None:
    """Replace the object as any other program would."""
    videos.bucket.Object(copy.name).put(Body=body, **more)


def test_whole_files_are_asked_about_and_never_downloaded(
    saved: list[Copy], asked: list[str]
) -> None:
    look_at(saved)
    assert [damage_of(copy) for copy in saved] == [None] * 3
    assert all(Copy.objects.values_list("checked_at", flat=True))
    assert asked and set(asked) == {"HEAD"}


def test_what_is_missing_cut_or_replaced_is_noticed(
    saved: list[Copy], videos: Any, asked: list[str]
) -> None:
    one, two, three = saved
    videos.delete(one.name)
    put(videos, two, MOVIE[:-1])
    look_at([one, two, three])
    assert [damage_of(copy) for copy in saved] == ["missing", "changed", None]
    assert "GET" not in asked


def test_another_object_of_the_same_size_is_noticed_by_its_checksum(
    saved: list[Copy], videos: Any
) -> None:
    put(videos, saved[0], b"\1" + MOVIE[1:])
    look_at(saved)
    assert damage_of(saved[0]) == Damage.CHANGED


def test_the_same_bytes_copied_with_their_metadata_are_the_same_file(
    saved: list[Copy], videos: Any
) -> None:
    """The ETag is another in another bucket, or in parts of another size."""
    put(videos, saved[0], MOVIE, Metadata={"sha256": saved[0].sha256})
    Copy.objects.filter(pk=saved[0].pk).update(storage_etag="another-2")
    look_at(saved)
    assert damage_of(saved[0]) is None


def test_of_objects_from_before_the_etag_is_noted_and_then_compared(
    saved: list[Copy], videos: Any
) -> None:
    copy = saved[0]
    put(videos, copy, MOVIE)  # as an earlier release stored it: without its SHA-256
    Copy.objects.update(storage_etag=None)
    look_at(saved)
    assert Copy.objects.get(pk=copy.pk).storage_etag == hashlib.md5(MOVIE).hexdigest()
    put(videos, copy, b"\1" + MOVIE[1:])
    look_at(saved)
    assert damage_of(copy) == Damage.CHANGED


def test_a_bucket_that_does_not_answer_loses_nothing(
    saved: list[Copy], settings: Any, in_the_bucket: dict[str, Any]
) -> None:
    options = in_the_bucket["OPTIONS"] | {"bucket_name": "somebody-elses"}
    settings.STORAGES = settings.STORAGES | {"videos": in_the_bucket | {"OPTIONS": options}}
    assert look_at(saved).away
    assert [damage_of(copy) for copy in saved] == [None] * 3


def test_an_error_of_the_store_about_one_object_loses_nothing(
    saved: list[Copy], videos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, name: str) -> Any:
        raise ConnectionError("503 Slow Down")

    monkeypatch.setattr(type(videos), "look_up", refuse)
    assert look_at(saved[:1]).away
    assert damage_of(saved[0]) is None


def test_where_a_preview_is_missing_all_are_made_again_from_the_objects_own_video(
    saved: list[Copy], videos: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    videos.save("scrub/1.webp", ContentFile(b"RIFF"))
    for number in range(2):
        known = {"poster": f"scrub/{number}.webp", "poster_size": 4, "previewed_at": timezone.now()}
        Copy.objects.filter(pk=saved[number].pk).update(**known)
    look_at(saved)
    assert list(Copy.objects.without_previews()) == [saved[2], saved[0]]
    seen: list[bytes] = []

    def make(video: Path) -> Previews:
        seen.append(video.read_bytes())
        return Previews(b"a picture")

    monkeypatch.setattr(posters, "can_make", lambda: True)
    monkeypatch.setattr(posters, "make", make)
    previews.record(previews.make([saved[0]]))
    assert seen == [MOVIE]
    with videos.open("scrub/0.webp") as file:
        assert file.read() == b"a picture"
    assert list((tmp_path / "incoming").iterdir()) == []
