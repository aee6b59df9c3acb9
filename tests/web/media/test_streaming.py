"""Streamed answers hold a file and memory each, so there is a limit to them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client

from tasks.models import Copy
from tasks.web.files import streaming
from tests.web.media.conftest import LONG, Ask, body

pytestmark = pytest.mark.looks


@pytest.fixture
def two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_slots", threading.BoundedSemaphore(2))


Begin = Callable[[], Any]


@pytest.fixture(params=["a whole video", "a closed range", "a ZIP"])
def begin(
    request: pytest.FixtureRequest, two_slots: None, long: Copy, ask: Ask, viewing: Client
) -> Begin:
    """Ask for something long and do not read it yet."""
    ways: dict[str, Begin] = {
        "a whole video": ask,
        "a closed range": lambda: ask(f"bytes=0-{LONG - 2}"),
        "a ZIP": lambda: viewing.post("/tasks/download.zip", {"task": long.task_id}),
    }
    return ways[request.param]


def test_a_request_over_the_limit_is_told_when_to_try_again(begin: Begin, ask: Ask) -> None:
    reading = [begin(), begin()]
    refused = begin()
    assert refused.status_code == 503 and refused["Retry-After"] == "10"
    assert b"Try again" in refused.content and "Content-Range" not in refused.headers
    assert refused["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert ask("bytes=0-").status_code == 206  # a player's parts are not streamed
    assert all(response.status_code in (200, 206) for response in reading)


def test_a_slot_is_free_again_when_all_is_read(begin: Begin) -> None:
    for _ in range(5):
        assert body(begin())


def test_a_slot_is_free_again_when_the_reader_goes_away(begin: Begin) -> None:
    for response in (begin(), begin()):
        next(iter(response.streaming_content))
        response.close()
        response.close()
    assert [streaming._slots.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_a_slot_is_free_again_when_an_answer_is_garbage_collected(begin: Begin) -> None:
    gc.freeze()  # or each of the five would look through all that the worker holds
    for _ in range(5):
        assert begin().status_code != 503
        gc.collect()


def test_a_file_over_the_limit_is_closed(
    two_slots: None, long: Copy, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = [ask(), ask()]
    opened: list[Any] = []
    known = storages["videos"].open

    def noted(name: str) -> Any:
        opened.append(known(name))
        return opened[-1]

    monkeypatch.setattr(storages["videos"], "open", noted)
    assert ask().status_code == 503 and len(reading) == 2
    assert [file.closed for file in opened] == [True]
