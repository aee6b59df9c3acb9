"""Being busy is no silence: threads that are held are told, and only a blocked loop is silent."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading

import pytest

from tasks.management import web_watch
from tasks.management.web_server import threads as web_threads
from tasks.management.web_server.threads import Threads
from tasks.management.web_watch import BUSY
from tests.tracking.in_process import VirtualTime

THREADS = 2


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    passing = VirtualTime()
    monkeypatch.setattr(web_threads, "time", passing)
    return passing


@pytest.fixture
def threads() -> Threads:
    return Threads(THREADS)


class Answering(threading.Thread):
    """A request in a thread of its own, which waits for a database, say."""

    def __init__(self, threads: Threads) -> None:
        super().__init__()
        self._threads = threads
        self._began, self._may_end = threading.Event(), threading.Event()

    def begin(self) -> Answering:
        self.start()
        self._began.wait()
        return self

    def end(self) -> None:
        self._may_end.set()
        self.join()

    def run(self) -> None:
        self._threads.work(self._wait)

    def _wait(self) -> None:
        self._began.set()
        self._may_end.wait()


def test_all_threads_that_are_held_for_long_are_noticed(
    time: VirtualTime, threads: Threads
) -> None:
    held = [Answering(threads).begin() for _ in range(THREADS)]
    time.sleep(BUSY)
    assert not threads.are_held(BUSY)
    time.sleep(1)
    assert threads.are_held(BUSY)
    held[0].end()
    assert not threads.are_held(BUSY)
    held[1].end()


def test_many_quick_requests_are_no_reason_to_say_anything(
    time: VirtualTime, threads: Threads
) -> None:
    for _ in range(50):
        at_once = [Answering(threads).begin() for _ in range(THREADS)]
        time.sleep(1)
        assert not threads.are_held(BUSY)
        for each in at_once:
            each.end()


def test_a_loop_that_is_blocked_is_silent() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    loop, is_blocked, may_go_on = asyncio.new_event_loop(), threading.Event(), threading.Event()
    web_watch.send_heartbeat(sender, loop)
    assert receiver.recv() == os.getpid(), "one that does not run yet is not waited for"
    running = threading.Thread(target=loop.run_forever)
    running.start()
    loop.call_soon_threadsafe(is_blocked.set)
    loop.call_soon_threadsafe(may_go_on.wait)
    is_blocked.wait()
    web_watch.send_heartbeat(sender, loop)
    assert not receiver.poll()
    may_go_on.set()
    assert receiver.recv() == os.getpid()
    loop.call_soon_threadsafe(loop.stop)
    running.join()
    loop.close()
