"""Hosts that take their time, in every way there is."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tasks.providers import Trouble
from tasks.providers.transport.downloads import DownloadCancelledError, Limits, Stream
from tests.providers.fetching import MEGABYTE, fetch, read, streaming, trouble
from tests.providers.hosts import Asked, Behave, Host, answer, in_circles, never, replying, serving


def dripping(*, every: float, piece: bytes = b"x", length: object = 10**6) -> Behave:
    async def drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(content_length=length))
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return drip


def test_a_drip_is_too_slow() -> None:
    limits = Limits(silence=0.3, slowest=10_000)
    error = trouble(dripping(every=0.02), limits=limits)
    assert error.trouble == Trouble.TIMEOUT and "slowly" in str(error)


def test_the_deadline_holds_however_steadily_a_file_comes() -> None:
    limits = Limits(deadline=0.4, slowest=0)
    assert trouble(dripping(every=0.01), limits=limits).trouble == Trouble.TIMEOUT


def test_the_deadline_holds_for_redirects_and_refusals_together() -> None:
    async def slow_circle(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        await in_circles(asked, writer)

    assert trouble(slow_circle, limits=Limits(deadline=0.4)).trouble == Trouble.TIMEOUT


def test_a_stall_after_the_headers_ends() -> None:
    async def stall(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(body=b"x" * 100, content_length=1_000))
        await writer.drain()
        await never(asked, writer)

    assert trouble(stall, limits=Limits(silence=0.2)).trouble == Trouble.TIMEOUT


def test_a_stall_before_the_headers_ends() -> None:
    limits = Limits(silence=0.1, connect=0.1)
    assert trouble(never, limits=limits).trouble == Trouble.TIMEOUT


HEADS = {
    "one header, letter by letter": b"HTTP/1.1 200 OK\r\nX: ",
    "a promise to continue, again and again": b"",
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_that_never_ends_is_not_waited_for(kind: str) -> None:
    """Each read ends soon: only the time for all of them can end this."""
    begin = HEADS[kind]

    async def drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(b"x" if begin else b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    limits = Limits(silence=0.3, connect=0.3)
    assert trouble(drip, limits=limits).trouble == Trouble.TIMEOUT


def test_a_reader_that_takes_its_time_is_not_the_hosts_fault() -> None:
    def slowly(stream: Stream) -> int:
        size = 0
        for piece in stream:
            size += len(piece)
            time.sleep(0.05)
        return size

    async def once() -> int:
        async with serving(replying(answer(body=bytes(2 * MEGABYTE)))) as host:
            limits = Limits(silence=0.2, slowest=10_000_000)
            return await streaming(host.url, slowly, allowed=host.allowed, limits=limits)

    assert asyncio.run(once()) == 2 * MEGABYTE


def test_a_file_that_nobody_waits_for_any_more_is_let_go() -> None:
    """Long before the host's own time is over."""
    nobody_waits = threading.Event()

    async def stall(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(body=b"x" * 100, content_length=1_000))
        await writer.drain()
        nobody_waits.set()
        await never(asked, writer)

    with pytest.raises(DownloadCancelledError):
        fetch(stall, cancelled=nobody_waits, limits=Limits(silence=3_600))


def test_a_file_that_is_let_go_before_it_was_asked_for_is_not_asked_for() -> None:
    async def once() -> Host:
        async with serving(never) as host:
            nobody_waits = threading.Event()
            nobody_waits.set()
            with pytest.raises(DownloadCancelledError):
                await read(host.url, allowed=host.allowed, cancelled=nobody_waits)
        return host

    assert asyncio.run(once()).connections == 0
