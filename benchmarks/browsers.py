"""Kept connections that ask as the live element of an open page does."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

CONNECTIONS = 16
NEXT = re.compile(rb'id="live"\s+hx-get="([^"]+)"')


def live_address(url: str, cookie: str) -> str:
    """The address that a list page opened now asks for, query string included."""
    page = httpx.get(url, headers={"Cookie": cookie}, timeout=60).raise_for_status()
    found = NEXT.search(page.content)
    assert found, "the list page has no live element"
    return html.unescape(found[1].decode())


@dataclass
class Load:
    """Seconds and statuses of the answers."""

    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def unchanged(self) -> float:
        return self.statuses.count(204) / max(1, len(self.statuses))


class Browser:
    """One connection that begins at `url` and follows the addresses that the answers bring."""

    def __init__(self, url: str, cookie: str, *, follows: bool = True) -> None:
        self._follows = follows
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self._host, self._port, self._cookie = parts.hostname, parts.port, cookie
        self._address = url.partition(parts.netloc)[2]
        self.body = b""  # of the last answer

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def ask(self) -> int:
        """Ask once and return the status; the answer may bring the next address.

        The server closes a connection that has been idle for long; like any browser, this one then
        asks on another.
        """
        try:
            answer = await self._head()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            await self.open()
            answer = await self._head()
        length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        self.body = await self._reader.readexactly(int(length[1]) if length else 0)
        if self._follows and (found := NEXT.search(self.body)):
            self._address = html.unescape(found[1].decode())
        return int(answer[9:12])

    async def _head(self) -> bytes:
        head = [f"GET {self._address} HTTP/1.1", f"Host: {self._host}", f"Cookie: {self._cookie}"]
        self._writer.write("\r\n".join([*head, "", ""]).encode())
        return await self._reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        self._writer.close()


async def browse(
    url: str, cookie: str, starts: Sequence[float], *, every: float, seconds: float
) -> Load:
    """Ask from one browser for each start, `every` so many seconds; 0 means without a pause."""
    load = Load()
    browsers = [Browser(url, cookie) for _ in starts]
    for browser in browsers:
        await browser.open()
    began = time.perf_counter()
    end = began + seconds
    asking = [
        _keep_asking(browser, began + start, every, end, load)
        for browser, start in zip(browsers, starts, strict=True)
    ]
    await asyncio.gather(*asking)
    for browser in browsers:
        browser.close()
    return load


async def _keep_asking(browser: Browser, due: float, every: float, end: float, load: Load) -> None:
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent = time.perf_counter()
        load.statuses.append(await browser.ask())
        load.seconds.append(time.perf_counter() - sent)
        due = due + every if every else time.perf_counter()


async def ask_as_fast_as_possible(url: str, cookie: str, seconds: float) -> float:
    """Measure answers a second without wrk."""
    load = await browse(url, cookie, [0.0] * CONNECTIONS, every=0.0, seconds=seconds)
    return len(load.statuses) / seconds
