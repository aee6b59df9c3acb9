"""Sends the questions to a provider.

It speaks httpx's transport API, one layer below httpx.Client: nothing there follows a redirect,
keeps a cookie, reads a proxy from the environment or asks twice, and the key goes into the one
request it is meant for. (It also costs 30 µs less a request.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.guard import NOTHING, Allowed
from tasks.providers.net import CONNECT_TIMEOUT, NO_SUCH_HOST, GuardedBackend, Transport, told
from tasks.providers.redact import without_callbacks_in

#: Each is a pool of its own, for httpcore looks through all of a pool several times a request:
#: one pool of 100 answered 89 polls a second where pools of 10 answered 1,629 (httpx 0.28.1, 100 ms
#: latency), and with ten pools of 1 a poll costs 0.41 ms of processor time, with one of 10 0.62.
CONNECTIONS = 10
DEADLINE = 15.0  # seconds for a whole request; httpx's own time-outs are for each read
LARGEST_BODY = 8 * 1024 * 1024  # bytes; a list of 500 tasks is about 1 MB
MOST_PIECES = 5_000  # of an answer; each costs 20 µs in which no other provider's is read


class Client:
    """One credential's connections to its provider; lives within one event loop.

    Raises ProviderError for a key that no header can hold.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        allowed: Allowed = NOTHING,
        deadline: float = DEADLINE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`allowed`: what may be asked although it is inside a private network."""
        if not (key.isascii() and key.isprintable()):
            # httpx would raise an error that carries the key itself.
            sentence = "The key holds characters that no key has. Type it in again."
            raise ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
        self.base_url = base_url.rstrip("/")
        self._deadline = deadline
        self._secret = key.encode() or b"\0"
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # 194 kB of gzip became 200 MB of memory
            "User-Agent": "Dailies",
        }
        self._timeouts = httpx.Timeout(deadline, connect=CONNECT_TIMEOUT).as_dict()
        self._backend = GuardedBackend(allowed)
        self._given = transport
        self._idle: list[httpx.AsyncBaseTransport] = []  # the last used at the end
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for transport in self._idle:
            await transport.aclose()

    async def get(self, path: str, journey: Journey | None = None) -> Answer:
        """The answer, whatever its status; ProviderError when there was none.

        The error never carries the request's own text: an illegal header's would be the key.
        `journey` is told how far the request comes.
        """
        with told():
            request = self._request("GET", path)
            if journey:
                request.extensions["trace"] = journey.note
            async with asyncio.timeout(self._deadline):
                return await self._ask(request)

    async def act(self, method: str, path: str, body: Any = None) -> Answer:
        """Have something made or cancelled: sent once, and never again by itself.

        The answer, whatever its status; else a ProviderError that knows whether any of the
        request left (`never_sent`).
        """
        request = self._request(method, path, body)
        departure = Departure()
        request.extensions["trace"] = departure.note
        try:
            with told():
                async with asyncio.timeout(self._deadline):
                    return await self._ask(request)
        except ProviderError as error:
            error.never_sent = not departure.seen
            raise

    def _request(self, method: str, path: str, body: Any = None) -> httpx.Request:
        return httpx.Request(
            method,
            self.base_url + path,
            headers=self._headers,
            json=body,
            extensions={"timeout": self._timeouts},
        )

    async def _ask(self, request: httpx.Request) -> Answer:
        async with self._places:
            transport = self._idle.pop() if self._idle else self._given or Transport(self._backend)
            try:
                return await self._exchange(transport, request)
            finally:
                self._idle.append(transport)

    async def _exchange(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request
    ) -> Answer:
        began = asyncio.get_running_loop().time()
        response = await transport.handle_async_request(request)
        try:
            return Answer(
                status_code=response.status_code,
                headers={
                    k.decode("ascii").lower(): v.decode("latin-1") for k, v in response.headers.raw
                },
                body=self._without_the_key(await _body(response)),
                seconds=asyncio.get_running_loop().time() - began,
            )
        finally:
            await response.aclose()

    def _without_the_key(self, body: bytes) -> bytes:
        """Some gateways repeat the key they refuse, and answers are stored and shown."""
        body = without_callbacks_in(body)
        return body.replace(self._secret, b"(key)") if self._secret in body else body


class Departure:
    """Whether a request began to leave: from its first byte on somebody may act on it."""

    seen = False

    async def note(self, event: str, info: object) -> None:
        """Told by httpcore of each of its steps."""
        self.seen = self.seen or event.endswith("send_request_headers.started")


class Journey:
    """How far a request came; where a connection was there already, it says nothing of that."""

    connected = secured = no_such_host = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpcore of each of its steps."""
        self.connected = self.connected or event.endswith("connect_tcp.complete")
        self.secured = self.secured or event.endswith("start_tls.complete")
        if event.endswith("connect_tcp.failed"):
            self.no_such_host = NO_SUCH_HOST in str(info.get("exception"))


async def _body(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY or len(chunks) > MOST_PIECES:
            raise ProviderError("The answer is too large, or in crumbs.", trouble=Trouble.TOO_LARGE)
    return b"".join(chunks)
