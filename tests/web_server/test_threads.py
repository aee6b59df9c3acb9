"""Requests take turns at Python; one that waits for something else lets another begin."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tasks.management.web_server import threads as web_threads
from tasks.management.web_server.threads import AT_ONCE, Threads


class Held:
    """A request that is answered when a test says so."""

    def __init__(self, threads: Threads) -> None:
        self.has_begun, self._may_end = threading.Event(), threading.Event()
        self._answer = asyncio.ensure_future(threads.run(self._wait))

    async def begun(self) -> None:
        await asyncio.to_thread(self.has_begun.wait)

    async def end(self) -> None:
        self._may_end.set()
        await self._answer

    def _wait(self) -> None:
        self.has_begun.set()
        self._may_end.wait()


async def _begin(threads: Threads) -> list[Held]:
    """Begin as many as are answered at once, and one more, whose turn it is not yet."""
    requests = [Held(threads) for _ in range(AT_ONCE + 1)]
    for each in requests[:AT_ONCE]:
        await each.begun()
    return requests


def test_no_more_requests_run_at_once_than_can_make_use_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_threads, "WAITING", 3600)

    async def visit() -> None:
        *running, last = await _begin(Threads(16))
        assert not last.has_begun.is_set()
        await running[0].end()
        await last.begun()
        for each in [*running[1:], last]:
            await each.end()

    asyncio.run(visit())


def test_requests_that_wait_for_the_database_do_not_keep_others_waiting() -> None:
    async def visit() -> None:
        requests = await _begin(Threads(16))
        await requests[-1].begun()  # though none of the others has ended
        for each in requests:
            await each.end()

    asyncio.run(visit())


def test_a_turn_is_given_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_threads, "WAITING", 0)

    async def visit() -> None:
        threads = Threads(16)
        for each in await _begin(threads):
            await each.end()
        monkeypatch.setattr(web_threads, "WAITING", 3600)
        *running, last = await _begin(threads)
        assert not last.has_begun.is_set(), "a second giving back would let one more in"
        for each in [*running, last]:
            await each.end()

    asyncio.run(visit())
