"""The front around a small WSGI application, and visitors who are as slow as a test likes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest

from tasks.management.web_server.front import Front
from tasks.management.web_server.threads import Threads
from tasks.management.web_server.wsgi import Environ
from tests.tracking.in_process import VirtualTime

Pieces = Sequence[tuple[float, bytes]]


class Visitor:
    """One request, and what is answered; `pieces` are seconds of waiting, and bytes of the body."""

    def __init__(
        self,
        target: str = "/",
        *,
        method: str = "",
        headers: Iterable[tuple[str, str]] = (),
        pieces: Pieces = (),
        length: int | None = None,
        address: str = "192.0.2.1",
        reads: int = 1_000_000,
    ) -> None:
        """`length` is what is announced; after `reads` messages no more is taken."""
        self._pieces, self._reads = deque(pieces), reads
        self.messages: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self._is_heard = False
        self.answered_at = 0.0
        names = [("host", "localhost"), *headers]
        self._is_chunked = ("transfer-encoding", "chunked") in names
        if length is None and pieces and not self._is_chunked:
            length = sum(len(data) for _, data in pieces)
        self._awaited = length or 0
        if length is not None:
            names.append(("content-length", str(length)))
        parts = urlsplit(target)
        self.scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method or ("POST" if pieces or length else "GET"),
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), text.encode("latin-1")) for name, text in names],
            "server": ("127.0.0.1", "8000"),
            "client": (address, "50000"),
        }

    async def receive(self) -> dict[str, Any]:
        if self._pieces:
            wait, data = self._pieces.popleft()
            await asyncio.sleep(wait)
            self._awaited -= len(data)
        elif self._awaited > 0 or self._is_heard:
            await self.left.wait()
            return {"type": "http.disconnect"}
        else:
            data = b""
        is_more = bool(self._pieces) or self._awaited > 0
        self._is_heard = not is_more
        return {"type": "http.request", "body": data, "more_body": is_more}

    async def send(self, message: dict[str, Any]) -> None:
        if len(self.messages) >= self._reads:
            await self.left.wait()  # from then on granian takes and drops everything
        self.messages.append(message)
        self.answered_at = asyncio.get_running_loop().time()

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"]) if self.messages else 0

    @property
    def headers(self) -> dict[str, str]:
        pairs = self.messages[0]["headers"]
        return {name.decode().lower(): text.decode("latin-1") for name, text in pairs}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def seen(self) -> Environ:
        """The environment that the echo saw."""
        found: Environ = json.loads(self.body)
        return found


class Site:
    """A front, and visitors who come to it."""

    def __init__(self, passing: VirtualTime) -> None:
        self.requests: list[Environ] = []
        self.application: Callable[..., Iterable[bytes]] = self.echo
        self.front = Front(lambda *request: self.application(*request), threads=Threads(2))
        self.began = passing.now
        self._runner = asyncio.Runner(loop_factory=passing.new_loop)

    def echo(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with the environment, and with the body as `body`."""
        body = environ["wsgi.input"].read()
        self.requests.append(environ | {"wsgi.input": BytesIO(body)})
        start("200 OK", [("Content-Type", "application/json")])
        plain = {name: value for name, value in environ.items() if isinstance(value, str)}
        return [json.dumps(plain | {"body": body.decode("latin-1")}).encode()]

    def visit(self, *visitors: Visitor) -> Visitor:
        """Let all of them come at the same time, wait for all answers; return the first visitor."""
        self._runner.run(self._visit(visitors))
        return visitors[0]

    def run(self, visit: Any) -> Any:
        return self._runner.run(visit)

    async def come(self, visitor: Visitor) -> None:
        await self.front(visitor.scope, visitor.receive, visitor.send)

    async def _visit(self, visitors: Iterable[Visitor]) -> None:
        await asyncio.gather(*map(self.come, visitors))

    def close(self) -> None:
        self._runner.close()
        self.front._threads.shutdown()  # and with each thread, its connection to the database


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    passing = VirtualTime()
    monkeypatch.setattr(time, "monotonic", passing.monotonic)
    site = Site(passing)
    yield site
    site.close()
