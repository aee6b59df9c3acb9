"""The one way out: which address a connection goes to, for polls and for downloads alike.

A host is looked up once for each connection, all of its addresses are judged (guard.py), and the
connection goes to a judged address itself: there is no second look-up that could say something
else. TLS and the Host header keep the name. Nothing here follows a redirect unasked, keeps a
cookie or reads a proxy from the environment.

Polls share an event loop and use `Transport`; a download blocks a thread of its own and uses
`BlockingTransport`. Both ask the same judge, `judged`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache, partial
from ipaddress import ip_address
from typing import Any, TypeVar

import httpcore
import httpx

from tasks.providers.answers import ProviderError, Trouble
from tasks.providers.transport.guard import Address, Allowed, check, literal, refused

CONNECT_TIMEOUT = 5.0  # seconds, the look-up included
NO_SUCH_HOST = "no such host"
MOST_ADDRESSES = 4  # of a host that are tried
MOST_HEADERS = 200  # in an answer; h11 bounds their bytes at 100 kB
SLICE_SECONDS = 0.25  # a download that waits looks this often whether it was cancelled
#: Read at once from a download's body. httpcore asks for 64 kB at a time, with which receiving a GB
#: took a third more processor time; for heads that stays, so that h11 can bound them.
BODY_BYTES = 256 * 1024

#: Addresses of a host, as getaddrinfo gives them; raises OSError. Called in a thread.
Resolve = Callable[[str, int], Iterable[str]]
Result = TypeVar("Result")


def system_resolve(host: str, port: int) -> Iterable[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 letters
        raise OSError("no such name") from error
    return dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found)


def look_up(resolve: Resolve, host: str, port: int) -> Future[tuple[str, ...]]:
    """Look a host up in a thread of its own.

    A name server can keep a thread for 20 s, and in a pool of a few threads every other host's
    look-ups would wait.
    """
    lookup: Future[tuple[str, ...]] = Future()
    threading.Thread(target=_resolve_into, args=(lookup, resolve, host, port), daemon=True).start()
    return lookup


def _resolve_into(lookup: Future[tuple[str, ...]], resolve: Resolve, host: str, port: int) -> None:
    try:
        lookup.set_result(tuple(resolve(host, port)))
    except Exception as error:
        lookup.set_exception(error)


def judged(host: str, port: int, found: Iterable[str], allowed: Allowed) -> list[Address]:
    """Addresses to try among those found for a host; raises ProviderError if one is closed."""
    addresses = [ip_address(text) for text in found]
    check(host, port, addresses, allowed)
    return addresses[:MOST_ADDRESSES]


# Connections of polls


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Makes connections to judged addresses only. Lives within one event loop."""

    def __init__(self, allowed: Allowed, resolve: Resolve = system_resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._tcp = httpcore.AnyIOBackend()
        self._lookups: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = [host] if literal(host) else await self._look_up(host, port)
                addresses = judged(host, port, found, self._allowed)
                return await self._connect(addresses, port, timeout)
        except TimeoutError:
            raise httpcore.ConnectTimeout("no connection in time") from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _look_up(self, host: str, port: int) -> tuple[str, ...]:
        """Look a host up; requests made at the same moment share one look-up."""
        if host not in self._lookups:
            found = asyncio.get_running_loop().create_future()
            found.add_done_callback(lambda _: self._lookups.pop(host, None))
            self._lookups[host] = found
            look_up(self._resolve, host, port).add_done_callback(partial(_tell, found))
        addresses = await asyncio.shield(self._lookups[host])
        if not addresses:
            raise httpcore.ConnectError(NO_SUCH_HOST)
        return addresses

    async def _connect(
        self, addresses: list[Address], port: int, timeout: float | None
    ) -> httpcore.AsyncNetworkStream:
        """The first that answers; each has its share of the time, or one could use up all."""
        share = timeout and timeout / len(addresses)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._tcp.connect_tcp(str(address), port, timeout=share)
        return await self._tcp.connect_tcp(str(addresses[-1]), port, timeout=share)


def _tell(found: asyncio.Future[tuple[str, ...]], lookup: Future[tuple[str, ...]]) -> None:
    """Pass a look-up's outcome from its thread to the loop's."""
    addresses = () if lookup.exception() else lookup.result()
    with suppress(RuntimeError):  # the loop was closed while the name server thought
        found.get_loop().call_soon_threadsafe(_settle, found, addresses)


def _settle(found: asyncio.Future[tuple[str, ...]], addresses: tuple[str, ...]) -> None:
    if not found.done():
        found.set_result(addresses)


class Transport(httpx.AsyncHTTPTransport):
    """A transport with one connection at a time, made by a guarded backend.

    httpx has no parameter for that.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=certificates(),
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=5.0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        check_url(request.url)
        response = await super().handle_async_request(request)
        if len(response.headers.raw) > MOST_HEADERS:
            await response.aclose()
            raise _too_many_headers()
        return response


# Connections of downloads


class DownloadCancelledError(Exception):
    """The download was cancelled: its file is no longer wanted."""


class Deadline:
    """The end of a whole download, and of the step that it is in.

    httpx's own time-outs bound a single read, so a host that sends a byte now and then would never
    be given up. Raises TimeoutError at the end, and DownloadCancelledError within `SLICE_SECONDS`
    after `cancelled` was set.
    """

    def __init__(self, seconds: float, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self._ends_at = self._step_ends_at = time.monotonic() + seconds

    def begin_step(self, seconds: float) -> None:
        self._step_ends_at = min(self._ends_at, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that the step may still take."""
        if self._cancelled.is_set():
            raise DownloadCancelledError
        left = self._step_ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def wait(self, attempt: Callable[[float], Result]) -> Result:
        """Repeat an attempt that takes a time-out in seconds until it succeeds."""
        while True:
            seconds = min(self.left(), SLICE_SECONDS)
            with suppress(TimeoutError, httpcore.ReadTimeout):
                return attempt(seconds)


class BlockingBackend(httpcore.NetworkBackend):
    """Makes connections to judged addresses only, for one download."""

    def __init__(self, allowed: Allowed, resolve: Resolve, deadline: Deadline) -> None:
        self._allowed, self._resolve, self._deadline = allowed, resolve, deadline
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Try each address in turn; each has its share of the time, or one could use up all."""
        self._deadline.begin_step(timeout or CONNECT_TIMEOUT)
        found = [host] if literal(host) else self._look_up(host, port)
        addresses = judged(host, port, found, self._allowed)
        share = self._deadline.left() / len(addresses)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connect(address, port, share)
        return self._connect(addresses[-1], port, share)

    def _look_up(self, host: str, port: int) -> tuple[str, ...]:
        lookup = look_up(self._resolve, host, port)
        self._deadline.wait(lookup.exception)
        if lookup.exception() or not lookup.result():
            raise httpcore.ConnectError(NO_SUCH_HOST)
        return lookup.result()

    def _connect(self, address: Address, port: int, seconds: float) -> httpcore.NetworkStream:
        seconds = min(seconds, self._deadline.left())
        stream = self._tcp.connect_tcp(str(address), port, timeout=seconds)
        return _BoundedStream(stream, self._deadline)


class _BoundedStream(httpcore.NetworkStream):
    """A connection on which every wait ends at the deadline.

    The step of waiting for an answer's head begins when the request is sent; whoever reads the
    body begins one for each piece.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline
        self.least_bytes = 0  # to ask for in each read

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        size = max(max_bytes, self.least_bytes)
        return self._deadline.wait(lambda seconds: self._stream.read(size, timeout=seconds))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.begin_step(timeout or CONNECT_TIMEOUT)
        self._stream.write(buffer, timeout=self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.left()  # for the whole handshake
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout=seconds)
        return _BoundedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class BlockingTransport(httpx.HTTPTransport):
    """A transport with one connection at a time, made by a blocking backend."""

    def __init__(self, backend: BlockingBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=certificates(), max_connections=1, network_backend=backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        check_url(request.url)
        response = super().handle_request(request)
        if len(response.headers.raw) > MOST_HEADERS:
            response.close()
            raise _too_many_headers()
        response.extensions["network_stream"].least_bytes = BODY_BYTES
        return response


def _too_many_headers() -> ProviderError:
    return ProviderError("The answer has too many headers.", trouble=Trouble.TOO_LARGE)


def check_url(url: httpx.URL) -> None:
    """ProviderError for what is not plain http(s); host and port are judged when connecting."""
    if url.scheme not in ("http", "https"):
        raise refused("Only http and https are asked.", Trouble.ODD_ADDRESS)
    if url.userinfo:
        raise refused("A name or password stands in the address.", Trouble.ODD_ADDRESS)
    if url.port == 0:  # which httpcore takes for none
        raise refused("Port 0 is not asked.", Trouble.ODD_ADDRESS)
    if not url.host:
        raise refused("There is no host in the address.", Trouble.BAD_ADDRESS)


@cache
def certificates() -> ssl.SSLContext:
    """Made once: it takes 15 ms."""
    return httpx.create_ssl_context()


@contextmanager
def told() -> Iterator[None]:
    """Turn what a connection raises into a ProviderError, without the request's own text: an
    illegal header's would be the key, a URL's the signature.
    """
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise ProviderError("No answer in time.", trouble=Trouble.TIMEOUT) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise refused("The address is not one.", Trouble.BAD_ADDRESS) from None
    except httpx.ConnectError as error:
        words = str(error).upper()
        raise no_tls() if "CERTIFICATE" in words or "SSL" in words else no_connection() from None
    except (httpx.HTTPError, ssl.SSLError, OSError):
        raise ProviderError("The connection broke.", trouble=Trouble.CONNECTION) from None


def no_tls() -> ProviderError:
    sentence = "The provider's TLS certificate was not accepted."
    return ProviderError(sentence, trouble=Trouble.TLS)


def no_connection() -> ProviderError:
    return ProviderError("No connection to the provider.", trouble=Trouble.CONNECTION)
