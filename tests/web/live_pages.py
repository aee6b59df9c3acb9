"""What an open page asks the live feed, and what of it the answer swaps."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import ChangeCounter, Task
from tests.web.conftest import ClientOf

FILM = "https://gateway.example/film.mp4"
_POLLER = re.compile(r'<div id="live"\s+hx-get="([^"]+)"\s+hx-trigger="every (\d+)s, wake"')


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def poller(response: Any) -> tuple[str, int]:
    """The address that the page asks next, and the seconds until then."""
    found = _POLLER.findall(response.content.decode())
    assert len(found) == 1, "one live request per page"
    url, seconds = found[0]
    return unescape(url), int(seconds)


def ask(client: Client, page: Any) -> Any:
    return client.get(poller(page)[0], headers={"hx-request": "true"})


def change(task: Task, **fields: object) -> None:
    """Change a task as the sweep does: new values, and the next number of the counter."""
    for name, value in fields.items():
        setattr(task, name, value)
    task.change = ChangeCounter.objects.next()
    task.save()


def swapped(response: Any) -> set[str]:
    """The ids that are swapped out of band."""
    return set(re.findall(r'id="([^"]+)"[^>]*hx-swap-oob', response.content.decode()))
