"""Saved files in a bucket: the store sends them itself, to whoever may see the task."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.test import Client

from tasks.models import Copy, Task
from tasks.web import files
from tasks.web.presenters.media_sources import media_sources
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

MOVIE = bytes(range(256)) * 4096


@pytest.fixture
def bucket(save_copy: SaveCopy, videos: Storage) -> Storage:
    """The bucket, set up after `save_copy`, which would keep files in a folder."""
    return videos


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task("cgt-1", status="succeeded", prompt="纸船")


@pytest.fixture
def saved(bucket: Storage, task: Task, save_copy: SaveCopy) -> Copy:
    return save_copy(task, MOVIE)


@pytest.fixture
def viewing(client_of: ClientOf, viewer: User) -> Client:
    return client_of(viewer)


def link_of(viewing: Client, task: Task, address: str = "video", method: str = "get") -> str:
    response = getattr(viewing, method)(f"/tasks/{task.pk}/{address}")
    assert response.status_code == 302
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    return str(response["Location"])


def test_the_store_sends_ranges_with_our_type(saved: Copy, task: Task, viewing: Client) -> None:
    link = link_of(viewing, task)
    part = httpx.get(link, headers={"Range": "bytes=-256"}, trust_env=False)
    assert part.status_code == 206 and part.content == bytes(range(256))
    assert part.headers["content-type"] == "video/mp4"
    told = httpx.head(link_of(viewing, task, method="head"), trust_env=False)
    assert told.status_code == 200 and told.headers["content-length"] == str(len(MOVIE))


def test_the_store_gives_a_kept_file_its_speaking_name(
    saved: Copy, task: Task, viewing: Client
) -> None:
    told = httpx.get(link_of(viewing, task, "video?download"), trust_env=False)
    name = "Dailies%20-%20%E7%BA%B8%E8%88%B9%20-%20cgt-1.mp4"
    assert told.headers["content-disposition"] == f"attachment; filename*=utf-8''{name}"


def test_a_link_lives_shortly_and_a_players_as_long_as_a_pause(
    saved: Copy, task: Task, viewing: Client
) -> None:
    def life(link: str) -> list[str]:
        return parse_qs(urlsplit(link).query)["X-Amz-Expires"]

    assert life(link_of(viewing, task)) == ["3600"]
    assert life(link_of(viewing, task, "video?download")) == ["300"]


def test_a_stranger_gets_no_link(client_of: ClientOf, stranger: User, saved: Copy) -> None:
    answer = client_of(stranger).get(f"/tasks/{saved.task_id}/video")
    assert answer.status_code == 404
    assert "Location" not in answer


def test_pages_may_play_from_the_bucket(saved: Copy, task: Task, viewing: Client) -> None:
    link = urlsplit(link_of(viewing, task))
    assert files.origins() == {f"{link.scheme}://{link.netloc}"}
    assert files.origins() <= media_sources([task])
    policy = viewing.get(f"/tasks/{task.pk}/")["Content-Security-Policy"]
    assert all(f"{link.scheme}://{link.netloc}" in part for part in _media(policy))


def _media(policy: str) -> list[str]:
    return [part for part in policy.split("; ") if part.startswith(("media-src", "img-src"))]


def test_a_zip_reads_the_bucket_block_by_block(
    bucket: Storage, task: Task, save_copy: SaveCopy, viewing: Client
) -> None:
    data = MOVIE * 20
    save_copy(task, b"", size=len(data), name=bucket.save("9/long.mp4", ContentFile(data)))
    response: Any = viewing.post(f"/tasks/download.zip?task={task.pk}")
    packed = io.BytesIO()
    tracemalloc.start()
    highest = 0
    for block in response.streaming_content:
        highest = max(highest, tracemalloc.get_traced_memory()[0] - packed.tell())
        packed.write(block)
    tracemalloc.stop()
    assert packed.tell() == int(response["Content-Length"])
    assert zipfile.ZipFile(packed).read("Dailies - 纸船 - cgt-1.mp4") == data
    assert highest < 8_000_000


def test_a_preview_is_sent_by_us_and_kept_by_the_browser(
    bucket: Storage, task: Task, save_copy: SaveCopy, viewing: Client
) -> None:
    """A redirect to a link that ends could not be kept."""
    copy = save_copy(task, MOVIE, poster=b"RIFF", poster_hash="5" * 16, poster_size=4)
    address = f"/tasks/{task.pk}/poster/{'5' * 16}"
    response = viewing.get(address)
    assert (response.status_code, response.content) == (200, b"RIFF")
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    again = viewing.get(address, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    bucket.delete(copy.poster)
    assert viewing.get(address).status_code == 404
