"""The bodies of requests: read on the loop, within limits of size, time and number.

Sixteen connections that sent a byte a second used to occupy all sixteen threads of the web server
for as long as they liked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network
from typing import IO, Any

from django.conf import settings
from django.urls import Resolver404, resolve

from tasks.management.web_server import refusals
from tasks.management.web_server.wsgi import Environ
from tasks.team.address import forwarded_address
from tasks.web.navigation import API_PATHS

Receive = Callable[[], Awaitable[dict[str, Any]]]

MB = 10**6
#: Bytes of a body; Django itself takes 2.5 MiB of a form without files.
FORM = 3 * MB
#: … at addresses where files are sent, by their names: 30 pictures of a form, a list to import.
#: Only people who are signed in may send more than FORM: it fills the disk while it arrives.
FILES = {"compose": 320 * MB, "compose_upload": 320 * MB, "track": 10 * MB, "bills": 12 * MB}
#: … and at those of the API, where a token that works may send as much as Ark takes.
API_CREATES = ("ark_tasks", "openai_videos", "newapi_generations")
FILES |= dict.fromkeys(API_CREATES, 64 * 1024 * 1024)

FIRST_SECONDS = 10.0  # for a body of any size, and …
LEAST_RATE = 10_000  # … bytes a second from then on: 300 MB may take eight hours
LONGEST_PAUSE = 30.0  # seconds without a byte
MOST_UNFINISHED = 512  # bodies on their way to one process


class Bodies:
    """Reads the bodies of requests; refuses those that are too large, too slow or too many."""

    def __init__(self, may_send_files: Callable[[Environ], Awaitable[bool]]) -> None:
        self._may_send_files = may_send_files
        self._unfinished = Unfinished(MOST_UNFINISHED, settings.UNFINISHED_PER_ADDRESS)

    async def read(self, environ: Environ, receive: Receive, file: IO[bytes]) -> None:
        """Copy the whole body into a file; its length is in the environment afterwards.

        Raises RequestRefusedError. Nothing is read before the body is counted, or many could begin
        in one turn of the loop.
        """
        length = int(environ.get("CONTENT_LENGTH") or 0)
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        if not length and not is_chunked:
            return
        with self._unfinished.place(network_of(environ)):
            most = FORM
            if is_chunked or length > FORM:
                most = await self._most(environ)
            if length > most:
                raise refusals.too_large(most)
            try:
                environ["CONTENT_LENGTH"] = str(await _copy(receive, file, most))
            except TimeoutError:
                raise refusals.too_slow() from None
            file.seek(0)

    async def _most(self, environ: Environ) -> int:
        """The largest body that this address takes from this person."""
        most = _most_at(environ["PATH_INFO"])
        if most > FORM and not await self._may_send_files(environ):
            if int(environ.get("CONTENT_LENGTH") or 0) > FORM:
                is_api = environ["PATH_INFO"].startswith(API_PATHS)
                refuse = (
                    refusals.too_large_without_token if is_api else refusals.too_large_for_strangers
                )
                raise refuse(FORM)
            return FORM
        return most


class Unfinished:
    """The bodies that are on their way, in all and from each network."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._each: Counter[str] = Counter()

    @contextmanager
    def place(self, network: str) -> Iterator[None]:
        """Count one of this network, "" where that is not known. Raises RequestRefusedError."""
        is_over = network and self._each[network] >= self._most_each
        if is_over or self._each.total() >= self._most:
            raise refusals.too_many()
        self._each[network] += 1
        try:
            yield
        finally:
            self._each[network] -= 1
            if not self._each[network]:
                del self._each[network]


def network_of(environ: Environ) -> str:
    """The address to count a request for; "" for one of our own proxies, which has no limit.

    Whoever has an IPv6 address has 2⁶⁴ of them: all of these count as one.
    """
    address = forwarded_address(environ.get("HTTP_X_FORWARDED_FOR", ""))
    if not address and not settings.PROXIES:
        address = environ["REMOTE_ADDR"]
    try:
        is_v6 = isinstance(ip_address(address), IPv6Address)
    except ValueError:
        return address
    return str(ip_network(f"{address}/64", strict=False)) if is_v6 else address


def _most_at(path: str) -> int:
    try:
        name = resolve(path.encode("latin-1").decode("utf-8", "replace")).url_name
    except Resolver404:
        return FORM
    return FILES.get(name or "", FORM)


async def _copy(receive: Receive, file: IO[bytes], most: int) -> int:
    """Copy the body into a file; return its bytes. Raises TimeoutError, RequestRefusedError."""
    now = asyncio.get_running_loop().time
    due, size, is_more = now() + FIRST_SECONDS, 0, True
    async with asyncio.timeout_at(due) as limit:
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise refusals.cut_off()
            size += len(message["body"])
            if size > most:
                raise refusals.too_large(most)
            file.write(message["body"])
            is_more = message["more_body"]
            limit.reschedule(min(due + size / LEAST_RATE, now() + LONGEST_PAUSE))
    return size
