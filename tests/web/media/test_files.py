"""Saved files: inert in a browser, and for the people of their project only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client

from tasks.models import Copy, CopyKind, CopyState, Task
from tasks.web.files import files
from tests.web.conftest import SaveCopy
from tests.web.media.conftest import MOVIE, Ask, body


@pytest.mark.parametrize("address", ["video", "poster", "video?download"])
@pytest.mark.parametrize("asked", ["", "bytes=0-1", "bytes=99999-"])
def test_whatever_is_in_a_file_it_is_inert(
    task: Task, save_copy: SaveCopy, ask: Ask, address: str, asked: str
) -> None:
    save_copy(task, b"<script>alert(1)</script>", poster=b"<svg onload=alert(1)>")
    response = ask(asked, address)
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"].startswith("private")
    if response.status_code != 416:
        assert response["Content-Type"] == ("image/webp" if "poster" in address else "video/mp4")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.svg", "application/octet-stream"),
        ("a.html", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_an_images_type_comes_from_its_name_in_our_storage(name: str, content_type: str) -> None:
    assert files.image_type(Path(name).suffix) == content_type


def test_a_last_frame_is_an_image(task: Task, save_copy: SaveCopy, ask: Ask) -> None:
    save_copy(task, b"\x89PNG", kind=CopyKind.LAST_FRAME)
    response = ask(address="last-frame")
    assert body(response) == b"\x89PNG" and response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, max-age=3600"


def test_a_poster_made_anew_has_another_entity_tag(saved: Copy, ask: Ask) -> None:
    before = ask(address="poster")["ETag"]
    Path(storages["videos"].path(saved.poster)).write_bytes(b"RIFF, but better")
    assert ask(address="poster")["ETag"] != before


@pytest.mark.parametrize("state", [s for s in CopyState if s != CopyState.SAVED])
def test_what_is_not_saved_is_not_there(
    task: Task, save_copy: SaveCopy, ask: Ask, state: CopyState
) -> None:
    save_copy(task, MOVIE, state=state, poster=b"RIFF")
    save_copy(task, MOVIE, kind=CopyKind.LAST_FRAME, state=state)
    for address in ("video", "last-frame", "poster"):
        assert ask(address=address).status_code == 404


def test_a_video_without_a_poster_has_none(task: Task, save_copy: SaveCopy, ask: Ask) -> None:
    save_copy(task, MOVIE)
    assert ask(address="poster").status_code == 404


def test_a_file_that_was_lost_is_a_page_that_is_not_there_and_a_line_in_the_log(
    saved: Copy, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    storages["videos"].delete(saved.name)
    assert ask().status_code == 404
    assert saved.name in caplog.text


@pytest.mark.parametrize("accel", ["", "/protected/"], ids=["by us", "by nginx"])
@pytest.mark.parametrize("size", [None, 0, len(MOVIE) - 1, len(MOVIE) + 1])
def test_a_file_that_is_not_of_its_size_is_not_sent_and_the_archive_looks_at_it(
    saved: Copy, ask: Ask, settings: Any, accel: str, size: int | None
) -> None:
    """The size None stands for a file that is not there."""
    settings.ACCEL_REDIRECT = accel
    path = Path(storages["videos"].path(saved.name))
    path.unlink() if size is None else path.write_bytes(bytes(size))
    for answer in (ask(), ask("bytes=0-9"), ask(method="head"), ask(address="video?download")):
        assert answer.status_code == 404
    found = Copy.objects.get(pk=saved.pk)
    assert (found.state, found.damage) == ("saved", "suspected")


@pytest.mark.parametrize("address", ["last-frame", "poster"])
def test_the_size_of_pictures_is_looked_at_too(
    task: Task, saved: Copy, save_copy: SaveCopy, ask: Ask, address: str
) -> None:
    Copy.objects.update(poster_size=4)
    save_copy(task, MOVIE, kind=CopyKind.LAST_FRAME)
    assert ask(address=address).status_code == 200
    copy = task.copies.get(kind="last_frame" if address == "last-frame" else "video")
    name = copy.name if address == "last-frame" else copy.poster
    Path(storages["videos"].path(name)).write_bytes(b"cut")
    assert ask(address=address).status_code == 404
    copy.refresh_from_db()
    assert copy.damage == "suspected"


def test_a_whole_file_is_not_suspected(saved: Copy, ask: Ask) -> None:
    assert ask().status_code == 200
    assert Copy.objects.get().damage is None


def test_no_address_names_a_file(saved: Copy, viewing: Client) -> None:
    """Only our own numbers are read out of it; the names are the rows'."""
    for path in (
        "/tasks/../video",
        "/tasks/1/video/../../..",
        "/tasks/-1/video",
        "/tasks/%2e/video",
    ):
        assert viewing.get(path).status_code == 404


def test_a_name_that_leads_out_of_the_storage_opens_nothing(
    task: Task, save_copy: SaveCopy, viewing: Client
) -> None:
    copy = save_copy(task, MOVIE)
    Copy.objects.filter(pk=copy.pk).update(name="../../etc/passwd")
    assert viewing.get(f"/tasks/{task.pk}/video").status_code == 400


def test_a_range_costs_three_statements(
    saved: Copy, ask: Ask, django_assert_num_queries: Any
) -> None:
    ask()
    with django_assert_num_queries(3):  # session with person, projects, the copy with its task
        ask("bytes=0-9")


def test_nginx_is_told_where_the_file_is(task: Task, ask: Ask, saved: Copy, settings: Any) -> None:
    settings.ACCEL_REDIRECT = "/protected/"
    name = storages["videos"].save("1/a b?ü.mp4", ContentFile(MOVIE))
    Copy.objects.filter(pk=saved.pk).update(name=name)
    for response in (ask(), ask("bytes=0-9"), ask(method="head"), ask(address="video?download")):
        assert response.status_code == 200 and not response.content
        assert response["X-Accel-Redirect"] == "/protected/1/a%20b%3F%C3%BC.mp4"
        assert response["Content-Type"] == "video/mp4"
        assert "cgt-1.mp4" in response["Content-Disposition"]
