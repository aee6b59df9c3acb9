"""Little servers for what no well-behaved one would do, and names that lead to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tasks.providers.transport.guard import Allowed

Behave = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    path: str
    headers: dict[str, str]  # names in lower case

    @classmethod
    def read(cls, head: bytes) -> Asked:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        return cls(first.split(" ")[1], {name.lower(): value for name, value in pairs})


@dataclass(slots=True)
class Host:
    """A server of one behaviour on 127.0.0.1."""

    port: int = 0
    scheme: str = "http"
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def at(self, name: str) -> str:
        return f"{self.scheme}://{name}:{self.port}"

    @property
    def allowed(self) -> Allowed:
        return Allowed.parse([f"127.0.0.1:{self.port}"])


@asynccontextmanager
async def serving(behave: Behave, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    host = Host(scheme="https" if tls else "http")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host.connections += 1
        host.open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                host.asked.append(Asked.read(await reader.readuntil(b"\r\n\r\n")))
                await behave(host.asked[-1], writer)
                await writer.drain()
        host.open.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()


def replying(raw: bytes) -> Behave:
    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return behave


def answer(status: int = 200, body: bytes = b"", **headers: object) -> bytes:
    """An HTTP answer; content_length="" leaves the length out."""
    headers.setdefault("content_length", len(body))
    lines = [f"{n.replace('_', '-')}: {v}" for n, v in headers.items() if v != ""]
    return "\r\n".join([f"HTTP/1.1 {status} So", *lines, "", ""]).encode("latin-1") + body


def told(status: int, message: str, code: str = "") -> bytes:
    body = f'{{"error": {{"message": "{message}", "code": "{code}"}}}}'
    return answer(status, body.encode(), content_type="application/json")


async def in_circles(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(302, location=asked.path + "x"))


async def never(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Take the request, and say nothing."""
    await asyncio.sleep(3_600)
