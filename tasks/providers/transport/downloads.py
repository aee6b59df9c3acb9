"""Downloads of files, wherever their links lead, through httpx's streaming.

Like client.py this speaks httpx's transport API, one layer below httpx.Client: no cookie, no proxy,
no redirect unasked. Every hop is a connection of its own to an address judged anew (net.py);
redirects are followed by hand, and the key goes along none of them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace

import httpx

from tasks.providers.answers import Answer, ProviderError, Trouble
from tasks.providers.transport.file_errors import refuse_file
from tasks.providers.transport.guard import Allowed
from tasks.providers.transport.net import (
    BlockingBackend,
    BlockingTransport,
    Deadline,
    DownloadCancelledError,
    Resolve,
    system_resolve,
    told,
)

__all__ = ["Allowed", "DownloadCancelledError", "Limits", "Stream", "open_stream"]

MOST_REDIRECTS = 5
#: An answer in chunks of a byte each costs us 20 µs for each of them.
MOST_CRUMBS, CRUMB = 10_000, 256  # pieces from which on they must have so many bytes on average
LARGEST_REFUSAL = 16 * 1024  # bytes read of an answer that is no file
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bytes and seconds that a download may take."""

    largest: int = 4 * 1024**3  # bytes of the whole file, what was there before included
    deadline: float = 1_800.0  # seconds from the first look-up to the last byte
    connect: float = 10.0  # seconds for look-up, connection and TLS
    silence: float = 20.0  # seconds for the headers of an answer, and for each piece of its body
    slowest: float = 4_096.0  # bytes a second, on average over `silence` seconds


@contextmanager
def open_stream(
    url: str,
    *,
    allowed: Allowed,
    key: str = "",
    key_origin: str = "",
    scheme: str = "Bearer",
    start: int = 0,
    etag: str = "",
    limits: Limits = Limits(),
    resolve: Resolve = system_resolve,
    cancelled: threading.Event | None = None,
) -> Iterator[Stream]:
    """Ask for a file, and hand over what comes as it comes; see Stream. Blocks.

        with open_stream(url, allowed=allowed, start=done, etag=etag) as stream:
            file.truncate(stream.start)  # 0 when the host began afresh
            for piece in stream: …

    With `start` the rest of the file is asked for, if it still has this (strong) `etag`; without
    one, or where the host cannot, or the file has changed, `stream.start` is 0 and the whole file
    comes. `key` goes to `key_origin` (a base URL, of which scheme, host and port count) alone, and
    only in the first request: never along a redirect. At most 5 redirects are followed, each judged
    as the first address was; none from https to http. Soon after `cancelled` is set, whatever waits
    for the host raises DownloadCancelledError; a connection that is being made takes its time.

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
    deadline = Deadline(limits.deadline, cancelled or threading.Event())
    asked = _Asked(
        url=_parsed(url),
        key=_key_for(url, key, key_origin),
        scheme=scheme,
        start=start if _strong(etag) else 0,
        etag=_strong(etag),
        limits=limits,
        deadline=deadline,
        transport=BlockingTransport(BlockingBackend(allowed, resolve, deadline)),
    )
    with asked.transport, closing(_arrive(asked)) as response:
        yield Stream(response, asked)


class Stream:
    """A file that is being received. Iterating gives its raw bytes from `start` on.

    status   200, or 206 when it goes on from `start`
    headers  of the answer
    start    where the first byte belongs in the file: what was asked for, or 0 for a fresh start
    total    bytes of the whole file; None where the host does not say
    etag     strong ones only, as a later `open_stream(start=…, etag=…)` wants it; else ""
    """

    def __init__(self, response: httpx.Response, asked: _Asked) -> None:
        self.status, self.headers = response.status_code, response.headers
        part = _part_in(self.headers) if self.status == 206 else None
        self.start = part.start if part else 0
        self.total = part.total if part else _length_in(self.headers)
        self.etag = _strong(self.headers.get("etag", asked.etag if part else ""))
        self._pieces = response.iter_raw()
        self._limits, self._deadline = asked.limits, asked.deadline
        self._received = self._count = 0
        self._waited, self._came = 0.0, 0  # seconds and bytes since the pace was last judged
        self._require_size(self.total or 0)

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces as they come; end where a whole file does.

        Raises ProviderError: TOO_LARGE, TIMEOUT (deadline, stall or drip), CONNECTION (it broke
        off, or ended before `total`), MALFORMED (more than `total`, or in crumbs), EMPTY; and
        DownloadCancelledError.
        """
        while piece := self._next():
            self._require_pace()
            self._require_sense(len(piece))
            yield piece
        self._require_end()

    def _next(self) -> bytes:
        """Wait for a piece. Only this counts as the host's slowness, not what the reader does."""
        began = time.monotonic()
        self._deadline.begin_step(self._limits.silence)
        with told():
            self._deadline.left()
            piece = next(self._pieces, b"")
        self._waited += time.monotonic() - began
        self._came += len(piece)
        return piece

    def _require_pace(self) -> None:
        if self._waited < self._limits.silence:
            return
        if self._came < self._limits.slowest * self._waited:
            raise ProviderError("The file comes too slowly.", trouble=Trouble.TIMEOUT)
        self._waited, self._came = 0.0, 0

    def _require_sense(self, size: int) -> None:
        self._received += size
        self._count += 1
        self._require_size(self.start + self._received)
        if self.total is not None and self.start + self._received > self.total:
            raise ProviderError("More came than was announced.", trouble=Trouble.MALFORMED)
        if self._count > MOST_CRUMBS and self._received < self._count * CRUMB:
            raise ProviderError("The file comes in crumbs.", trouble=Trouble.MALFORMED)

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


# From a link to the answer that holds the file


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """The request for a file, repeated on every hop, and the transport that sends it."""

    url: httpx.URL
    key: str
    scheme: str  # the word before the key
    start: int
    etag: str
    limits: Limits
    deadline: Deadline
    transport: httpx.BaseTransport

    def send(self, url: httpx.URL, *, with_key: bool) -> httpx.Response:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Dailies"}
        headers["Connection"] = "close"
        if with_key:
            headers["Authorization"] = f"{self.scheme} {self.key}"
        if self.start:
            headers |= {"Range": f"bytes={self.start}-", "If-Range": self.etag}
        silence = self.limits.silence
        timeouts = httpx.Timeout(silence, connect=self.limits.connect).as_dict()
        with told():
            request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeouts})
            response = self.transport.handle_request(request)
        response.request = request
        return response


def _parsed(url: str) -> httpx.URL:
    with told():
        return httpx.URL(url)


def _key_for(url: str, key: str, key_origin: str) -> str:
    """The key, if it is its own origin that is asked; else ""."""
    if not (key.isascii() and key.isprintable()):
        sentence = "The key holds characters that no key has. Type it in again."
        raise ProviderError(sentence, trouble=Trouble.UNAUTHORIZED, permanent=True)
    is_its_own = key and key_origin and _origin(_parsed(url)) == _origin(_parsed(key_origin))
    return key if is_its_own else ""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    usual = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or usual


def _arrive(asked: _Asked) -> httpx.Response:
    """The answer that holds the file, from its beginning where the rest of it is not to be had."""
    response = _follow(asked)
    if asked.start and not _goes_on(response, asked):
        response.close()
        asked = replace(asked, start=0)
        response = _follow(asked)
    try:
        _require_file(response, asked)
    except BaseException:
        response.close()
        raise
    return response


def _follow(asked: _Asked) -> httpx.Response:
    url = asked.url
    for hop in range(MOST_REDIRECTS + 1):
        response = asked.send(url, with_key=bool(asked.key) and hop == 0)
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        response.close()
        url = _next_url(url, response.headers.get("location", ""))
    raise ProviderError("The link leads in circles.", trouble=Trouble.BAD_REDIRECT)


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


def _goes_on(response: httpx.Response, asked: _Asked) -> bool:
    """Whether this is the rest, the whole, or an honest refusal; not a rest of something else."""
    if response.status_code != 206:
        return response.status_code != 416
    part = _part_in(response.headers)
    is_same = response.headers.get("etag", asked.etag) == asked.etag
    return part is not None and part.start == asked.start and is_same


def _require_file(response: httpx.Response, asked: _Asked) -> None:
    if response.status_code not in (200, 206):
        _refuse(response, asked)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProviderError("The file came compressed.", trouble=Trouble.MALFORMED)
    if response.status_code == 206:
        part = _part_in(response.headers)
        length = _length_in(response.headers)
        if not asked.start or part is None or length not in (None, part.stop - part.start):
            raise ProviderError("A part came that was not asked for.", trouble=Trouble.MALFORMED)


def _refuse(response: httpx.Response, asked: _Asked) -> None:
    body = _beginning(response, asked)
    if asked.key:  # some gateways repeat what they refuse
        body = body.replace(asked.key.encode(), b"(key)")
    answer = Answer(status_code=response.status_code, headers=response.headers, body=body)
    refuse_file(answer, is_gateways="Authorization" in response.request.headers)


def _beginning(response: httpx.Response, asked: _Asked) -> bytes:
    """Read as much of a refusal as is worth reading."""
    body = b""
    asked.deadline.begin_step(asked.limits.silence)
    with suppress(ProviderError), told():
        for piece in response.iter_raw():
            body += piece
            if len(body) >= LARGEST_REFUSAL:
                break
    return body[:LARGEST_REFUSAL]


# What the head of an answer says


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    stop: int  # the byte after the last
    total: int | None


def _part_in(headers: Mapping[str, str]) -> _Part | None:
    """The part of the file that comes; None where Content-Range says nothing possible."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not found:
        return None
    total = None if found[3] == "*" else int(found[3])
    part = _Part(int(found[1]), int(found[2]) + 1, total)
    return part if part.start < part.stop <= (total or part.stop) else None


def _length_in(headers: Mapping[str, str]) -> int | None:
    """Bytes of the body; None where that ends in another way."""
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and "transfer-encoding" not in headers else None


def _strong(etag: str) -> str:
    """The tag if it promises the same bytes (RFC 9110, 8.8.1); "" for another."""
    is_whole = len(etag) < 200 and etag.isascii() and etag.isprintable()
    return etag if is_whole and etag.startswith('"') and etag.endswith('"') else ""
