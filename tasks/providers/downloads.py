"""Files on their way from their hosts, wherever their links lead.

Every hop has a line of its own, to an address judged anew (lines.py); redirects are followed by
hand, and the key goes along none of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace

import httpx

from tasks.providers.base import Answer, ProviderError, Trouble
from tasks.providers.guard import Allowed
from tasks.providers.heads import Headers, length_in, part_in, strong
from tasks.providers.lines import Dropped, Patience, dial
from tasks.providers.net import Resolve, system_resolve, told
from tasks.providers.refusals import refuse_file
from tasks.providers.replies import Reply

__all__ = ["Allowed", "Dropped", "Limits", "Stream", "open_stream"]

MOST_REDIRECTS = 5
#: An answer in chunks of a byte each costs us 20 µs for each of them.
MOST_CRUMBS, CRUMB = 10_000, 256  # pieces from which on they must have so many bytes on an average
LARGEST_REFUSAL = 16 * 1024  # bytes read of an answer that is no file


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much of everything a download may take."""

    largest: int = 4 * 1024**3  # bytes of the whole file, what was there before included
    deadline: float = 1_800.0  # seconds from the first look-up to the last byte
    connect: float = 10.0  # seconds for look-up, connection and TLS
    silence: float = 20.0  # seconds for the headers of an answer, and for each piece of its body
    slowest: float = 4_096.0  # bytes a second, on an average over `silence` seconds


class Stream:
    """A file on its way. `read_into` gives its raw bytes from `start` on.

    status   200, or 206 when it goes on from `start`
    headers  of the answer, names in lower case
    start    where the first byte belongs in the file: what was asked for, or 0 for a fresh start
    total    bytes of the whole file; None where the host does not say
    etag     strong ones only, as a later `open_stream(start=…, etag=…)` wants it; else ""
    """

    def __init__(self, reply: Reply, wish: _Wish) -> None:
        self.status, self.headers = reply.status, reply.headers
        part = part_in(self.headers) if self.status == 206 else None
        self.start = part.start if part else 0
        self.total = part.total if part else length_in(self.headers)
        self.etag = strong(self.headers.get("etag", wish.etag if part else ""))
        self._reply, self._limits, self._patience = reply, wish.limits, wish.patience
        self._received = self._pieces = 0
        self._waited, self._came = 0.0, 0  # seconds and bytes since the pace was last judged
        self._require_size(self.total or 0)

    def read_into(self, view: memoryview) -> int:
        """Wait for a piece; how many bytes it has, 0 at the end of a whole file.

        Raises ProviderError: TOO_LARGE, TIMEOUT (deadline, stall or drip), CONNECTION (it broke
        off, or ended before `total`), MALFORMED (more than `total`, or in crumbs), EMPTY; and
        Dropped.
        """
        size = self._wait_for(view)
        self._require_pace()
        if size:
            self._count(size)
        else:
            self._require_end()
        return size

    def _wait_for(self, view: memoryview) -> int:
        """Only waiting counts as the host's slowness, not what the reader does in between."""
        began = time.monotonic()
        self._patience.begin_step(self._limits.silence)
        with told():
            size = self._reply.read_into(view)
        self._waited += time.monotonic() - began
        self._came += size
        return size

    def _count(self, size: int) -> None:
        self._received += size
        self._pieces += 1
        self._require_size(self.start + self._received)
        if self.total is not None and self.start + self._received > self.total:
            raise ProviderError("More came than was announced.", trouble=Trouble.MALFORMED)
        if self._pieces > MOST_CRUMBS and self._received < self._pieces * CRUMB:
            raise ProviderError("The file comes in crumbs.", trouble=Trouble.MALFORMED)

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
    patience: Patience
    allowed: Allowed
    resolve: Resolve

    def headers(self, *, with_key: bool) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Dailies"}
        if with_key:
            headers["Authorization"] = f"Bearer {self.key}"
        if self.start:
            headers |= {"Range": f"bytes={self.start}-", "If-Range": self.etag}
        return headers


@contextmanager
def open_stream(
    url: str,
    *,
    allowed: Allowed,
    key: str = "",
    key_origin: str = "",
    start: int = 0,
    etag: str = "",
    limits: Limits = Limits(),
    resolve: Resolve = system_resolve,
    dropped: threading.Event | None = None,
) -> Iterator[Stream]:
    """Ask for a file, and hand over what comes as it comes; see Stream. Blocks.

        with open_stream(url, allowed=allowed, start=done, etag=etag) as stream:
            part.truncate(stream.start)  # 0 when the host began afresh
            while size := stream.read_into(buffer): …

    With `start` the rest of the file is asked for, if it still has this (strong) `etag`; without
    one, or where the host cannot, or the file has changed, `stream.start` is 0 and the whole file
    comes. `key` goes to `key_origin` (a base URL, of which scheme, host and port count) alone, and
    only in the first request: never along a redirect. At most 5 redirects are followed, each judged
    as the first address was; none from https to http. Soon after `dropped` is set, what waits for
    the host raises Dropped; a connection that is just being made has its time to the end.

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
    wish = _Wish(
        url=_parsed(url),
        key=_key_for(url, key, key_origin),
        start=start if strong(etag) else 0,
        etag=strong(etag),
        limits=limits,
        patience=Patience(limits.deadline, dropped or threading.Event()),
        allowed=allowed,
        resolve=resolve,
    )
    with closing(_arrive(wish)) as reply:
        yield Stream(reply, wish)


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


def _arrive(wish: _Wish) -> Reply:
    """The answer that holds the file; asked for once more from its start where the rest of it is
    not to be had.
    """
    reply = _follow(wish)
    if wish.start and not _goes_on(reply, wish):
        reply.close()
        wish = replace(wish, start=0)
        reply = _follow(wish)
    try:
        _require_file(reply, wish)
    except BaseException:
        reply.close()
        raise
    return reply


def _follow(wish: _Wish) -> Reply:
    url = wish.url
    for hop in range(MOST_REDIRECTS + 1):
        reply = _ask(wish, url, with_key=bool(wish.key) and hop == 0)
        if reply.status not in (301, 302, 303, 307, 308):
            return reply
        reply.close()
        url = _next_url(url, reply.headers.get("location", ""))
    raise ProviderError("The link leads in circles.", trouble=Trouble.BAD_REDIRECT)


def _ask(wish: _Wish, url: httpx.URL, *, with_key: bool) -> Reply:
    wish.patience.begin_step(wish.limits.connect)
    with told():
        line = dial(url, wish.allowed, wish.resolve, wish.patience)
    wish.patience.begin_step(wish.limits.silence)
    try:
        with told():
            return Reply(line, url, wish.headers(with_key=with_key))
    except BaseException:
        line.close()
        raise


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


def _goes_on(reply: Reply, wish: _Wish) -> bool:
    """Whether this is the rest, the whole, or an honest refusal; not a rest of something else."""
    if reply.status != 206:
        return reply.status != 416
    part = part_in(reply.headers)
    is_same = reply.headers.get("etag", wish.etag) == wish.etag
    return part is not None and part.start == wish.start and is_same


def _require_file(reply: Reply, wish: _Wish) -> None:
    if reply.status not in (200, 206):
        _refuse(reply, wish)
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProviderError("The file came compressed.", trouble=Trouble.MALFORMED)
    if reply.status == 206 and not _is_honest(reply.headers, wish):
        raise ProviderError("A part came that was not asked for.", trouble=Trouble.MALFORMED)


def _is_honest(headers: Headers, wish: _Wish) -> bool:
    part = part_in(headers)
    if not wish.start or part is None:
        return False
    return length_in(headers) in (None, part.stop - part.start)


def _refuse(reply: Reply, wish: _Wish) -> None:
    body = _beginning(reply, wish)
    if wish.key:  # some gateways repeat what they refuse
        body = body.replace(wish.key.encode(), b"(key)")
    answer = Answer(status_code=reply.status, headers=reply.headers, body=body)
    refuse_file(answer, is_gateways="Authorization" in reply.asked)


def _beginning(reply: Reply, wish: _Wish) -> bytes:
    """As much of a refusal as is worth reading."""
    room, size = memoryview(bytearray(LARGEST_REFUSAL)), 0
    wish.patience.begin_step(wish.limits.silence)
    with suppress(ProviderError), told():
        while more := reply.read_into(room[size:]):
            size += more
    return bytes(room[:size])
