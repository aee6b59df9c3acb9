"""The threads in which Django answers, and how long each of them has been at it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

#: Requests that are answered at the same time. Python runs one thread at a time: were sixteen ready
#: to run, half of the processor's time would go into their turns at its lock.
AT_ONCE = 2
#: Seconds after which a request no longer counts among them: it then waits for the database or a
#: disk, and another may begin meanwhile.
WAITING = 0.02


class Threads:
    """A pool of threads that can tell whether all of them have been held for long."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="web")
        self._since: dict[int, float] = {}

    def shutdown(self) -> None:
        """End the threads once they are idle."""
        self._pool.shutdown()

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Do this in a thread, once it is its turn."""
        loop = asyncio.get_running_loop()
        await self._turns.acquire()
        has_turn = True

        def give_back() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turns.release()

        waiting = loop.call_later(WAITING, give_back)
        try:
            return await loop.run_in_executor(self._pool, lambda: self.work(work, *args))
        finally:
            waiting.cancel()
            give_back()

    def work(self, work: Callable[..., T], *args: Any) -> T:
        """Do this in the calling thread, which counts as held meanwhile."""
        thread = threading.get_ident()
        self._since[thread] = time.monotonic()
        try:
            return work(*args)
        finally:
            del self._since[thread]

    def are_held(self, seconds: float) -> bool:
        """Whether each of them has been at the same work for longer than this."""
        now = time.monotonic()
        return sum(now - since > seconds for since in list(self._since.values())) >= self._number
