"""Time that passes only while everybody waits, and connections to a simulator without sockets.

Nothing above the kernel is replaced: the guarded backend judges the address, httpx and httpcore
keep their connections, and the simulator's own handler reads each request and writes each answer.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Self, TypeVar, TypeVarTuple, Unpack, cast

import httpcore

from tasks.simulator.server import Handler, Server, Simulator

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
#: Seconds a loop takes for a turn. Took it none, a limiter that finds itself too early by the last
#: digit of a float would ask again at the same moment for ever.
STEP = 1e-6


class VirtualTime:
    """Seconds since some moment; a loop that has nothing to do moves them on to its next timer."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._answering = threading.local()

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> float:
        return START.timestamp() + self.now

    def clock(self) -> datetime:
        """Return what a clock of the world would show that goes as fast as this one."""
        return START + timedelta(seconds=self.now)

    def sleep(self, seconds: float) -> None:
        """Replace `time.sleep`; a handler that sleeps delays the rest of its own answer only."""
        if (late := getattr(self._answering, "late", None)) is None:
            self.now += seconds
        else:
            self._answering.late = late + seconds

    def new_loop(self) -> asyncio.AbstractEventLoop:
        return _Loop(self)

    def answers(self, server: Server, asked: bytes) -> deque[tuple[float, bytes]]:
        """Have the handler answer, and say when each piece of it would arrive."""
        self._answering.late = 0.0
        pieces: deque[tuple[float, bytes]] = deque()

        def arrive(data: bytes) -> None:
            pieces.append((self.now + self._answering.late, bytes(data)))

        try:
            Handler(cast("Any", _Wire(asked, arrive)), ("127.0.0.1", 0), server)
        finally:
            del self._answering.late
        return pieces


class _Loop(asyncio.SelectorEventLoop):
    """Time stands still while a thread works for the loop."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__(_Selector(time, self))
        self.threads: set[asyncio.Future[Any]] = set()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        answer = super().run_in_executor(executor, func, *args)
        self.threads.add(answer)
        answer.add_done_callback(self.threads.discard)
        return answer


class _Selector(selectors.SelectSelector):
    def __init__(self, time: VirtualTime, loop: _Loop) -> None:
        super().__init__()
        self._time, self._loop = time, loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or (timeout and self._loop.threads):
            return super().select(None)
        ready = super().select(0)
        if not ready:
            self._time.now += max(STEP, timeout)
        return ready


class _Wire:
    """Stands for a handler's socket."""

    def __init__(self, asked: bytes, arrive: Any) -> None:
        self._asked, self.sendall = BytesIO(asked), arrive

    def makefile(self, *_how: Any) -> BytesIO:
        return self._asked

    def setsockopt(self, *_option: Any) -> None:
        pass


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, network: Network, port: int) -> None:
        self._network, self._time, self._port = network, network.time, port
        self._asked = bytearray()
        self._pieces: deque[tuple[float, bytes]] = deque()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._port in self._network.away:
            raise httpcore.WriteError("Connection reset by peer")
        self._asked += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next piece when it arrives, and nothing where the provider has hung up."""
        if self._asked:
            asked = bytes(self._asked)
            self._asked.clear()
            self._pieces = self._time.answers(self._network.servers[self._port], asked)
        if not self._pieces:
            return b""
        at, piece = self._pieces.popleft()
        await asyncio.sleep(max(0.0, at - self._time.now))
        return piece

    async def aclose(self) -> None:
        self._pieces.clear()

    def get_extra_info(self, info: str) -> Any:
        return False if info == "is_readable" else None


class Network(httpcore.AsyncNetworkBackend):
    """Connects to the simulators of this process, and over real sockets to everybody else."""

    def __init__(self, time: VirtualTime) -> None:
        self.time = time
        self.servers: dict[int, Server] = {}
        self.away: set[int] = set()  # ports at which nobody listens for now
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if port in self.away:
            raise httpcore.ConnectError("Connection refused")
        if host == "127.0.0.1" and port in self.servers:
            return _Stream(self, port)
        return await self._tcp.connect_tcp(host, port, timeout=timeout)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class InProcess(Simulator):
    """A simulator that is reached within this process only, and needs no thread."""

    def __init__(self, network: Network, **options: Any) -> None:
        super().__init__(**options)
        self._network = network

    def __enter__(self) -> Self:
        self._network.servers[self._server.server_address[1]] = self._server
        return self

    def __exit__(self, *_error: object) -> None:
        del self._network.servers[self._server.server_address[1]]
        self._server.server_close()
