"""The one way out: which address a connection goes to, and the connections that polls use.

A host is looked up once for each connection, all of its addresses are judged (guard.py), and the
connection goes to a judged address itself: there is no second look-up that could say something
else. TLS and the Host header keep the name. Nothing here follows a redirect unasked, keeps a
cookie or reads a proxy from the environment. Files come over lines (lines.py), which go to the
same judged addresses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache, partial
from ipaddress import ip_address

import httpcore
import httpx

from tasks.providers.base import ProviderError, Trouble
from tasks.providers.guard import Address, Allowed, check, literal, refused

CONNECT_TIMEOUT = 5.0  # seconds, the look-up included
NO_SUCH_HOST = "no such host"
MOST_ADDRESSES = 4  # of a host that are tried
MOST_HEADERS = 200  # in an answer; h11 bounds their bytes at 100 kB

#: Addresses of a host, as getaddrinfo gives them; raises OSError. Called in a thread.
Resolve = Callable[[str, int], Iterable[str]]


def system_resolve(host: str, port: int) -> Iterable[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 letters
        raise OSError("no such name") from error
    return dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found)


def look_up(resolve: Resolve, host: str, port: int) -> Future[tuple[str, ...]]:
    """In a thread of its own: a name server can keep one for 20 s, and in a pool of a few threads
    every other host's look-ups would wait.
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
    """The addresses to try, of those that were found for a host; raises ProviderError."""
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
        """Those asked at the same moment share one."""
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
    """From the look-up's thread to the loop's."""
    addresses = () if lookup.exception() else lookup.result()
    with suppress(RuntimeError):  # the loop was closed while the name server thought
        found.get_loop().call_soon_threadsafe(_settle, found, addresses)


def _settle(found: asyncio.Future[tuple[str, ...]], addresses: tuple[str, ...]) -> None:
    if not found.done():
        found.set_result(addresses)


class Transport(httpx.AsyncHTTPTransport):
    """One connection at a time, made by a guarded backend; httpx has no parameter for that."""

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
            raise ProviderError("The answer has too many headers.", trouble=Trouble.TOO_LARGE)
        return response


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
