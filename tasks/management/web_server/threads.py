"""The threads in which Django answers, and how long each of them has been at it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
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


class Turns:
    """Turns that are taken in the order of coming, those in the background after all others."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())

    async def take(self, *, in_background: bool = False) -> None:
        """Wait for a turn."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[in_background].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came in the same moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one begin."""
        for waiting in self._waiting:
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


class Threads:
    """A pool of threads that can tell whether all of them have been held for long."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._turns = Turns(AT_ONCE)
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="web")
        self._since: dict[int, float] = {}

    def shutdown(self) -> None:
        """End the threads once they are idle."""
        self._pool.shutdown()

    async def run(self, work: Callable[..., T], *args: Any, in_background: bool = False) -> T:
        """Do this in a thread, once it is its turn; what is in the background comes last."""
        loop = asyncio.get_running_loop()
        await self._turns.take(in_background=in_background)
        has_turn = True

        def give_back() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turns.give_back()

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
