"""A saved video, and a person who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Copy, Task
from tasks.web.files import files
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

MOVIE = bytes(range(256)) * 4  # 1,024 bytes, each place known by its value
LONG = 3 * files.PART + 7


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task("cgt-1", status="succeeded", prompt="A paper boat sails out")


@pytest.fixture
def saved(task: Task, save_copy: SaveCopy) -> Copy:
    return save_copy(task, MOVIE, poster=b"RIFF")


@pytest.fixture
def long(task: Task, save_copy: SaveCopy) -> Copy:
    return save_copy(task, bytes(LONG))


@pytest.fixture
def viewing(client_of: ClientOf, viewer: User) -> Client:
    return client_of(viewer)


Ask = Callable[..., Any]


@pytest.fixture
def ask(viewing: Client, task: Task) -> Ask:
    """ask("bytes=0-9", if_range=…): the video, or ?download and the like behind it."""

    def ask(range: str = "", address: str = "video", method: str = "get", **more: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        wanted = headers | ({"range": range} if range else {})
        return getattr(viewing, method)(f"/tasks/{task.pk}/{address}", headers=wanted)

    return ask


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content
