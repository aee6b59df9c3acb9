"""Saved files that lie in a bucket: our site sends people there, and the store sends the bytes."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.test import Client
from django.urls import reverse

from tasks.models import Copy, Task
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

MOVIE = bytes(range(256)) * 4


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task("cgt-1", status="succeeded", prompt="A paper boat sails out")


@pytest.fixture
def saved(task: Task, save_copy: SaveCopy, videos: Storage) -> Copy:
    return save_copy(task, MOVIE, poster=b"RIFF")


@pytest.fixture
def client(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def test_a_player_is_sent_to_the_bucket_and_gets_its_ranges_there(
    client: Client, saved: Copy, endpoint: str
) -> None:
    sent = client.get(reverse("video", args=[saved.task_id]))
    assert sent.status_code == 302
    link: str = sent["Location"]
    assert link.startswith(f"{endpoint}/dailies-videos/")
    part = httpx.get(link, headers={"Range": "bytes=-24"}, trust_env=False)
    assert (part.status_code, part.content) == (206, MOVIE[-24:])
    assert part.headers["content-type"] == "video/mp4"


def test_a_download_from_the_bucket_has_its_speaking_name(client: Client, saved: Copy) -> None:
    sent = client.get(reverse("video", args=[saved.task_id]), {"download": ""})
    kept = httpx.get(sent["Location"], trust_env=False)
    assert kept.content == MOVIE
    assert kept.headers["content-disposition"].startswith("attachment;")
    assert "cgt-1.mp4" in kept.headers["content-disposition"]


def test_a_head_request_is_signed_as_one(client: Client, saved: Copy) -> None:
    sent = client.head(reverse("video", args=[saved.task_id]))
    head = httpx.head(sent["Location"], trust_env=False)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(MOVIE)))


def test_a_stranger_gets_no_link(client_of: ClientOf, stranger: User, saved: Copy) -> None:
    answer = client_of(stranger).get(reverse("video", args=[saved.task_id]))
    assert answer.status_code == 404
    assert "Location" not in answer


def test_a_page_may_play_from_the_bucket(client: Client, saved: Copy, endpoint: str) -> None:
    page: Any = client.get(reverse("task", args=[saved.task_id]))
    rules = dict(rule.split(" ", 1) for rule in page["Content-Security-Policy"].split("; "))
    assert endpoint in rules["media-src"].split()
    assert endpoint in rules["img-src"].split()


def test_a_zip_is_made_of_what_lies_in_the_bucket(client: Client, saved: Copy) -> None:
    answer: Any = client.get(reverse("download"), {"task": saved.task_id})
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    (name,) = (name for name in packed.namelist() if name.endswith(".mp4"))
    assert packed.read(name) == MOVIE
