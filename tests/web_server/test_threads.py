"""Requests take turns at Python; one that waits for something else lets another begin."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tasks.management.web_server import threads as web_threads
from tasks.management.web_server.threads import AT_ONCE, Threads, Turns


class Held:
    """A request that is answered when a test says so."""

    def __init__(self, threads: Threads, *, in_background: bool = False) -> None:
        self.has_begun, self._may_end = threading.Event(), threading.Event()
        self.answer = asyncio.ensure_future(threads.run(self._wait, in_background=in_background))

    async def begun(self) -> None:
        await asyncio.to_thread(self.has_begun.wait)

    async def end(self) -> None:
        self._may_end.set()
        await self.answer

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


def test_a_click_comes_before_the_questions_of_open_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_threads, "WAITING", 3600)

    async def visit() -> None:
        threads = Threads(16)
        *running, first = await _begin(threads)
        questions = [Held(threads, in_background=True) for _ in range(3)]
        click = Held(threads)
        for ending, following in zip([*running, first], [first, click, questions[0]], strict=True):
            await ending.end()
            await following.begun()
            assert not questions[-1].has_begun.is_set()
        for each in [click, *questions]:
            await each.end()

    asyncio.run(visit())


def test_who_gives_up_takes_no_turn_with_them() -> None:
    async def visit() -> None:
        turns = Turns(1)
        await turns.take()
        first, second = (asyncio.ensure_future(turns.take()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        turns.give_back()
        await second
        third = asyncio.ensure_future(turns.take())
        await asyncio.sleep(0)
        turns.give_back()
        third.cancel()  # in the moment in which its turn has come
        await asyncio.gather(third, return_exceptions=True)
        await turns.take()

    asyncio.run(visit())
