"""The one way out: every connection to a provider or a file's host is made here.

A host is looked up once for each connection, all of its addresses are judged (guard.py), and the
connection goes to a judged address itself: there is no second look-up that could say something
else. TLS and the Host header keep the name. Nothing here follows a redirect unasked, keeps a
cookie or reads a proxy from the environment.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from tasks.providers import reading
from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.guard import Address, Allowed, check, literal, refused
from tasks.providers.trouble import fault_in, refuse

__all__ = ["Allowed", "Limits", "Stream", "Transport", "open_stream"]

CONNECT_TIMEOUT = 5.0  # seconds, the look-up included
MOST_ADDRESSES = 4  # of a host that are tried
MOST_HEADERS = 200  # in an answer; h11 bounds their bytes at 100 kB
MOST_REDIRECTS = 5
#: An answer in chunks of a byte each costs us 20 µs for each of them, without letting others work.
MOST_CRUMBS, CRUMB = 10_000, 256  # pieces from which on they must have so many bytes on an average
PIECE = 256 * 1024  # bytes of a file read at once; asyncio itself reads no more
LARGEST_REFUSAL = 16 * 1024  # bytes read of an answer that is no file

#: Addresses of a host, as getaddrinfo gives them; raises OSError. Called in a thread.
Resolve = Callable[[str, int], Iterable[str]]


def system_resolve(host: str, port: int) -> Iterable[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 letters
        raise OSError("no such name") from error
    return dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found)


# Connections


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Makes connections to judged addresses only. Lives within one event loop."""

    def __init__(self, allowed: Allowed, resolve: Resolve = system_resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._tcp = httpcore.AnyIOBackend()
        self._lookups: dict[str, asyncio.Future[tuple[str, ...] | Exception]] = {}

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
                addresses = await self._addresses(host, port)
                check(host, port, addresses, self._allowed)
                return await self._connect(addresses[:MOST_ADDRESSES], port, timeout)
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

    async def _addresses(self, host: str, port: int) -> list[Address]:
        if address := literal(host):
            return [address]
        found = await self._look_up(host, port)
        if isinstance(found, Exception) or not found:
            raise httpcore.ConnectError("no such host")
        return [ip_address(text) for text in found]

    async def _look_up(self, host: str, port: int) -> tuple[str, ...] | Exception:
        """In a thread of its own: a name server can keep one for 20 s, and in the loop's pool of
        six every other host's look-ups would wait. Those asked at the same moment share one.
        """
        if host not in self._lookups:
            lookup = asyncio.get_running_loop().create_future()
            lookup.add_done_callback(lambda _: self._lookups.pop(host, None))
            self._lookups[host] = lookup
            arguments = (lookup, self._resolve, host, port)
            threading.Thread(target=_resolve_into, args=arguments, daemon=True).start()
        return await asyncio.shield(self._lookups[host])

    async def _connect(
        self, addresses: list[Address], port: int, timeout: float | None
    ) -> httpcore.AsyncNetworkStream:
        """The first that answers; each has its share of the time, or one could use up all."""
        share = timeout and timeout / len(addresses)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._tcp.connect_tcp(str(address), port, timeout=share)
        return await self._tcp.connect_tcp(str(addresses[-1]), port, timeout=share)


class WideStream(httpcore.AsyncNetworkStream):
    """Hands over at once what has come: in httpcore's own pieces of 64 kB a file costs twice the
    processor time (1.1 s a GB instead of 0.6).
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max(max_bytes, PIECE), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Of which there are never more than 16 kB at once."""
        return await self._stream.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class WideBackend(GuardedBackend):
    """For downloads."""

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return WideStream(await super().connect_tcp(*args, **kwargs))


def _resolve_into(
    lookup: asyncio.Future[tuple[str, ...] | Exception], resolve: Resolve, host: str, port: int
) -> None:
    try:
        outcome: tuple[str, ...] | Exception = tuple(resolve(host, port))
    except Exception as error:
        outcome = error
    with suppress(RuntimeError):  # the loop was closed while the name server thought
        lookup.get_loop().call_soon_threadsafe(_settle, lookup, outcome)


def _settle(
    lookup: asyncio.Future[tuple[str, ...] | Exception], outcome: tuple[str, ...] | Exception
) -> None:
    if not lookup.done():
        lookup.set_result(outcome)


class Transport(httpx.AsyncHTTPTransport):
    """One connection at a time, made by a guarded backend; httpx has no parameter for that."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_certificates(),
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
def _certificates() -> ssl.SSLContext:
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
        raise _no_connection(error) from None
    except (httpx.HTTPError, ssl.SSLError, OSError):
        raise ProviderError("The connection broke.", trouble=Trouble.CONNECTION) from None


def _no_connection(error: httpx.ConnectError) -> ProviderError:
    if "CERTIFICATE" in str(error).upper() or "SSL" in str(error).upper():
        sentence = "The provider's TLS certificate was not accepted."
        return ProviderError(sentence, trouble=Trouble.TLS)
    return ProviderError("No connection to the provider.", trouble=Trouble.CONNECTION)


# Downloads


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much of everything a download may take."""

    largest: int = 4 * 1024**3  # bytes of the whole file, what was there before included
    deadline: float = 1_800.0  # seconds from the first look-up to the last byte
    connect: float = 10.0  # seconds for look-up and connection
    silence: float = 20.0  # seconds for the headers of an answer, and for each piece of its body
    slowest: float = 4_096.0  # bytes a second, on an average over `silence` seconds


class Stream:
    """A file on its way. `async for chunk in stream` gives its raw bytes from `start` on, once.

    status   200, or 206 when it goes on from `start`
    headers  of the answer, names in lower case
    start    where the first chunk belongs in the file: what was asked for, or 0 for a fresh start
    total    bytes of the whole file; None where the host does not say
    etag     strong ones only, as a later `open_stream(start=…, etag=…)` wants it; else ""

    Iterating raises ProviderError: TOO_LARGE, TIMEOUT (deadline, stall or drip), CONNECTION (it
    broke off, or ended before `total`), MALFORMED (more than `total`, or in crumbs), EMPTY.
    """

    def __init__(self, response: httpx.Response, wish: _Wish) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = _headers(response)
        part = _part(self.headers) if self.status == 206 else None
        self.start = part.start if part else 0
        self.total = part.total if part else _length(self.headers)
        self.etag = _strong(self.headers.get("etag", wish.etag if part else ""))
        self._response = response
        self._limits, self._ends_at = wish.limits, wish.ends_at
        self._received = self._pieces = 0
        self._waited, self._came = 0.0, 0  # seconds and bytes since the pace was last judged
        self._require_size(self.total or 0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        chunks = aiter(self._response.stream)
        while chunk := await self._next(chunks):
            self._count(chunk)
            yield chunk
        self._require_end()

    def _count(self, chunk: bytes) -> None:
        self._received += len(chunk)
        self._pieces += 1
        self._require_size(self.start + self._received)
        if self.total is not None and self.start + self._received > self.total:
            raise ProviderError("More came than was announced.", trouble=Trouble.MALFORMED)
        if self._pieces > MOST_CRUMBS and self._received < self._pieces * CRUMB:
            raise ProviderError("The file comes in crumbs.", trouble=Trouble.MALFORMED)

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes:
        """Only waiting counts as the host's slowness, not what the reader does in between."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        with told():
            async with asyncio.timeout_at(min(self._ends_at, began + self._limits.silence)):
                chunk = await anext(chunks, b"")
        self._waited += loop.time() - began
        self._came += len(chunk)
        self._require_pace()
        return chunk

    def _require_pace(self) -> None:
        if self._waited < self._limits.silence:
            return
        if self._came < self._limits.slowest * self._waited:
            raise ProviderError("The file comes too slowly.", trouble=Trouble.TIMEOUT)
        self._waited, self._came = 0.0, 0

    def _require_size(self, size: int) -> None:
        if size > self._limits.largest:
            sentence = f"The file is larger than {self._limits.largest:,} bytes."
            raise ProviderError(sentence, trouble=Trouble.TOO_LARGE)

    def _require_end(self) -> None:
        got = self.start + self._received
        if self.total is not None and got != self.total:
            sentence = f"The file broke off after {got:,} of {self.total:,} bytes."
            raise ProviderError(sentence, trouble=Trouble.CONNECTION)
        if not got:
            raise ProviderError("The file is empty.", trouble=Trouble.EMPTY)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What is asked for, on every hop."""

    url: httpx.URL
    key: str
    start: int
    etag: str
    limits: Limits
    ends_at: float  # by the loop's clock, which is monotonic

    def request(self, url: httpx.URL, *, with_key: bool) -> httpx.Request:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Dailies"}
        if with_key:
            headers["Authorization"] = f"Bearer {self.key}"
        if self.start:
            headers |= {"Range": f"bytes={self.start}-", "If-Range": self.etag}
        extensions = {"timeout": {"connect": self.limits.connect}}
        return httpx.Request("GET", url, headers=headers, extensions=extensions)


@asynccontextmanager
async def open_stream(
    url: str,
    *,
    allowed: Allowed,
    key: str = "",
    key_origin: str = "",
    start: int = 0,
    etag: str = "",
    limits: Limits = Limits(),
    resolve: Resolve = system_resolve,
) -> AsyncIterator[Stream]:
    """Ask for a file, and hand over what comes as it comes; see Stream.

        async with open_stream(url, allowed=allowed, start=done, etag=etag) as stream:
            part.truncate(stream.start)  # 0 when the host began afresh
            async for chunk in stream: …

    With `start` the rest of the file is asked for, if it still has this (strong) `etag`; without
    one, or where the host cannot, or the file has changed, `stream.start` is 0 and the whole file
    comes. `key` goes to `key_origin` (a base URL, of which scheme, host and port count) alone, and
    only in the first request: never along a redirect. At most 5 redirects are followed, each judged
    as the first address was; none from https to http.

    Raises ProviderError, whose text holds neither the key nor the link's query:
    LINK_DEAD        403 (without a key), 404, 410, or a gateway that heard so from upstream;
                     `permanent` when it cannot come back (410, an expired signature)
    NOT_READY        a gateway that has not got the file yet: ask again later
    UNAUTHORIZED, FORBIDDEN, RATE_LIMITED, SERVER, …  as for polls, with `retry_after`
    PRIVATE_ADDRESS, ODD_ADDRESS, BAD_ADDRESS, BAD_REDIRECT  the address is none we ask
    MALFORMED        compressed though we asked for it plain, or an answer that contradicts itself
    TOO_LARGE, TIMEOUT, CONNECTION, TLS  as they say; all but TOO_LARGE are worth another try
    What the block itself raises passes through as it is.
    """
    wish = _wish(url, key, key_origin, start, etag, limits)
    async with Transport(WideBackend(allowed, resolve)) as transport:
        response = await _arrive(transport, wish)
        try:
            yield Stream(response, wish)
        finally:
            await response.aclose()


def _wish(url: str, key: str, key_origin: str, start: int, etag: str, limits: Limits) -> _Wish:
    if not (key.isascii() and key.isprintable()):
        sentence = "The key holds characters that no key has. Type it in again."
        raise ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
    with told():
        parsed = httpx.URL(url)
        is_its_own = bool(key and key_origin) and _origin(parsed) == _origin(httpx.URL(key_origin))
    return _Wish(
        url=parsed,
        key=key if is_its_own else "",
        start=start if _strong(etag) else 0,
        etag=_strong(etag),
        limits=limits,
        ends_at=asyncio.get_running_loop().time() + limits.deadline,
    )


async def _arrive(transport: Transport, wish: _Wish) -> httpx.Response:
    """The answer that holds the file; asked for once more from its start where the rest of it is
    not to be had.
    """
    response = await _follow(transport, wish)
    if wish.start and not _goes_on(response, wish):
        await response.aclose()
        wish = replace(wish, start=0)
        response = await _follow(transport, wish)
    try:
        await _require_file(response, wish)
    except BaseException:
        await response.aclose()
        raise
    return response


async def _follow(transport: Transport, wish: _Wish) -> httpx.Response:
    url = wish.url
    for hop in range(MOST_REDIRECTS + 1):
        response = await _ask(transport, wish, url, with_key=bool(wish.key) and hop == 0)
        location = response.headers.get("location", "")
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        await response.aclose()
        url = _next_url(url, location)
    raise ProviderError("The link leads in circles.", trouble=Trouble.BAD_REDIRECT)


async def _ask(
    transport: Transport, wish: _Wish, url: httpx.URL, *, with_key: bool
) -> httpx.Response:
    patience = wish.limits.connect + wish.limits.silence
    loop = asyncio.get_running_loop()
    with told():
        async with asyncio.timeout_at(min(wish.ends_at, loop.time() + patience)):
            request = wish.request(url, with_key=with_key)
            response = await transport.handle_async_request(request)
    response.request = request
    return response


def _next_url(url: httpx.URL, location: str) -> httpx.URL:
    if not location:
        raise ProviderError("The link leads nowhere.", trouble=Trouble.BAD_REDIRECT)
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise ProviderError("The link leads nowhere.", trouble=Trouble.BAD_REDIRECT) from None
    if url.scheme == "https" and target.scheme == "http":
        sentence = "The link leads from https to http."
        raise ProviderError(sentence, trouble=Trouble.BAD_REDIRECT, permanent=True)
    return target


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    usual = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or usual


# Reading the answer's head


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    stop: int  # the byte after the last
    total: int | None


_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def _part(headers: Mapping[str, str]) -> _Part | None:
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not found:
        return None
    total = None if found[3] == "*" else int(found[3])
    part = _Part(int(found[1]), int(found[2]) + 1, total)
    return part if part.start < part.stop <= (total or part.stop) else None


def _length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and "transfer-encoding" not in headers else None


def _strong(etag: str) -> str:
    """Only such a tag promises the same bytes (RFC 9110, 8.8.1)."""
    is_whole = len(etag) < 200 and etag.isascii() and etag.isprintable()
    return etag if is_whole and etag.startswith('"') and etag.endswith('"') else ""


def _goes_on(response: httpx.Response, wish: _Wish) -> bool:
    """Whether this is the rest, the whole, or an honest refusal; not a rest of something else."""
    if response.status_code != 206:
        return response.status_code != 416
    headers = _headers(response)
    part = _part(headers)
    is_same = headers.get("etag", wish.etag) == wish.etag
    return part is not None and part.start == wish.start and is_same


async def _require_file(response: httpx.Response, wish: _Wish) -> None:
    headers = _headers(response)
    if response.status_code not in (200, 206):
        await _refuse(response, wish)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ProviderError("The file came compressed.", trouble=Trouble.MALFORMED)
    if response.status_code == 206 and not _is_honest(headers, wish):
        raise ProviderError("A part came that was not asked for.", trouble=Trouble.MALFORMED)


def _is_honest(headers: Mapping[str, str], wish: _Wish) -> bool:
    part, length = _part(headers), _length(headers)
    if not wish.start or part is None:
        return False
    return length in (None, part.stop - part.start)


async def _refuse(response: httpx.Response, wish: _Wish) -> None:
    """Raise what an answer without a file means.

    Only the gateway's own words are told, for others may repeat the link that they refuse.
    """
    is_gateways = "authorization" in response.request.headers
    answer = Answer(
        status_code=response.status_code,
        headers=_headers(response),
        body=_discreet(await _beginning(response, wish), wish),
    )
    body = _json(answer.body)
    _refuse_absence(answer, body, is_gateways=is_gateways)
    try:
        refuse(answer, body if is_gateways else reading.NOTHING)
    except ProviderError as error:
        error.args = (_QUERY.sub("?…", str(error)),)
        raise


def _refuse_absence(answer: Answer, body: reading.Json, *, is_gateways: bool) -> None:
    if _is_not_ready(answer, fault_in(body).code or str(body.get("code") or "")):
        sentence = "The provider has not got the file ready yet."
        raise _lacking(answer, sentence, Trouble.NOT_READY)
    if _is_dead(answer, is_gateways=is_gateways):
        sentence = "The link is dead, or not alive yet."
        raise _lacking(answer, sentence, Trouble.LINK_DEAD, permanent=_is_for_good(answer))
    if not 400 <= answer.status_code < 600:
        raise _lacking(answer, "This is not a file.", Trouble.MALFORMED)


def _is_not_ready(answer: Answer, code: str) -> bool:
    """new-api: 400 "Task is not completed yet", 409 artifact_not_ready; others: video_not_ready."""
    return code.endswith("not_ready") or b"is not completed yet" in answer.body


def _is_dead(answer: Answer, *, is_gateways: bool) -> bool:
    if answer.status_code == 403:
        return not is_gateways  # which forbids something to the key
    # new-api's own proxy: "Upstream service returned status 403" is an expired link.
    is_upstream = answer.status_code == 502 and b"returned status 40" in answer.body
    return answer.status_code in (404, 410) or is_upstream


def _is_for_good(answer: Answer) -> bool:
    return answer.status_code == 410 or b"xpired" in answer.body


def _lacking(
    answer: Answer, sentence: str, trouble: Trouble, *, permanent: bool = False
) -> ProviderError:
    return ProviderError(
        f"{sentence} (HTTP {answer.status_code})",
        trouble=trouble,
        permanent=permanent,
        status_code=answer.status_code,
    )


async def _beginning(response: httpx.Response, wish: _Wish) -> bytes:
    """As much of a refusal as is worth reading."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    body = bytearray()
    limit = asyncio.get_running_loop().time() + wish.limits.silence
    with suppress(ProviderError), told():
        async with asyncio.timeout_at(min(wish.ends_at, limit)):
            async for chunk in response.stream:
                body += chunk
                if len(body) > LARGEST_REFUSAL:
                    break
    return bytes(body[:LARGEST_REFUSAL])


def _discreet(body: bytes, wish: _Wish) -> bytes:
    """Some gateways repeat the key that they refuse."""
    return body.replace(wish.key.encode(), b"(key)") if wish.key else body


#: What makes a link a key as well.
_QUERY = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")


def _json(body: bytes) -> reading.Json:
    try:
        value = reading.parse(body)
    except (ValueError, RecursionError):
        return reading.NOTHING
    return value if isinstance(value, dict) else reading.NOTHING


def _headers(response: httpx.Response) -> dict[str, str]:
    return {k.decode("ascii").lower(): v.decode("latin-1") for k, v in response.headers.raw}
