"""The client that sends requests to a provider.

It uses httpx's transport API, one layer below httpx.Client. There nothing follows a redirect, keeps
a cookie, reads a proxy from the environment or repeats a request, and the key is sent only in the
request that it is meant for. This also saves 30 µs a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.redact import without_callbacks_in
from tasks.providers.transport.guard import NOTHING, Allowed
from tasks.providers.transport.net import (
    CONNECT_TIMEOUT,
    NO_SUCH_HOST,
    GuardedBackend,
    Transport,
    told,
)

#: Each connection is a pool of its own, because httpcore searches the whole pool several times a
#: request. One pool of 100 answered 89 polls a second where pools of 10 answered 1,629 (httpx
#: 0.28.1, 100 ms latency). A poll costs 0.41 ms of processor time with ten pools of 1, and 0.62 ms
#: with one of 10.
CONNECTIONS = 10
DEADLINE = 15.0  # seconds for a whole request; httpx's own time-outs apply to each read
LARGEST_BODY = 8 * 1024 * 1024  # bytes; a list of 500 tasks is about 1 MB
MOST_CHUNKS = 5_000  # of an answer; each takes 20 µs in which no other answer is read


class Client:
    """The connections of one credential to its provider, used within one event loop.

    Raises ProviderError for a key that no header can hold.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        scheme: str = "Bearer",
        allowed: Allowed = NOTHING,
        deadline: float = DEADLINE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Create a client.

        `scheme` is the word before the key in the header; `allowed` are the private addresses that
        may be asked all the same.
        """
        if not (key.isascii() and key.isprintable()):
            # httpx would raise an error that contains the key itself.
            sentence = "The key holds characters that no key has. Type it in again."
            raise ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
        self.base_url = base_url.rstrip("/")
        self._deadline = deadline
        self._secret = key.encode() or b"\0"
        self._headers = {
            **({"Authorization": f"{scheme} {key}"} if key else {}),
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # 194 kB of gzip became 200 MB of memory
            "User-Agent": "Dailies",
        }
        self._timeouts = httpx.Timeout(deadline, connect=CONNECT_TIMEOUT).as_dict()
        self._backend = GuardedBackend(allowed)
        self._transport = transport  # replaces the guarded ones, in tests
        self._idle: list[httpx.AsyncBaseTransport] = []  # the most recently used is last
        self._slots = asyncio.Semaphore(CONNECTIONS)

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

    async def get(self, path: str, trace: RequestTrace | None = None) -> Answer:
        """Send a GET and return the answer, whatever its status.

        Raises ProviderError where there was no answer. The error never contains the request's own
        text, which could be the key. `trace` records how far the request came.
        """
        with told():
            request = self._request("GET", path)
            if trace:
                request.extensions["trace"] = trace.note
            async with asyncio.timeout(self._deadline):
                return await self._ask(request)

    async def act(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request that creates or cancels something, exactly once; return the answer.

        Raises ProviderError where there was no answer; `never_sent` tells whether any byte of the
        request left.
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
        async with self._slots:
            transport = (
                self._idle.pop() if self._idle else self._transport or Transport(self._backend)
            )
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
                body=self._without_key(await _body(response)),
                seconds=asyncio.get_running_loop().time() - began,
            )
        finally:
            await response.aclose()

    def _without_key(self, body: bytes) -> bytes:
        """Remove the key, which some gateways repeat when they refuse it; answers are stored."""
        body = without_callbacks_in(body)
        return body.replace(self._secret, b"(key)") if self._secret in body else body


class Departure:
    """Whether sending of a request began: from its first byte on, somebody may act on it."""

    seen = False

    async def note(self, event: str, info: object) -> None:
        """Record an event; httpcore calls this for each of its steps."""
        self.seen = self.seen or event.endswith("send_request_headers.started")


class RequestTrace:
    """The progress of a request.

    On a connection that is open already, nothing is recorded about connecting.
    """

    connected = secured = no_such_host = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Record an event; httpcore calls this for each of its steps."""
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
        if size > LARGEST_BODY or len(chunks) > MOST_CHUNKS:
            raise ProviderError("The answer is too large, or in crumbs.", trouble=Trouble.TOO_LARGE)
    return b"".join(chunks)
