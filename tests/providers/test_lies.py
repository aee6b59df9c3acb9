"""Floods of bytes, lengths that lie, and hosts that mean harm."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport.downloads import Limits, Stream
from tests.providers.fetching import (
    FILE,
    MEGABYTE,
    TAG,
    a_good_one,
    length,
    read,
    streaming,
    trouble,
)
from tests.providers.hosts import Asked, Behave, answer, replying, serving


def test_a_file_that_ends_early_is_not_whole() -> None:
    reply = answer(body=b"x" * 10, content_length=11, connection="close")

    async def break_off(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    assert trouble(break_off).trouble == Trouble.CONNECTION


def test_a_rest_that_ends_early_is_not_whole() -> None:
    reply = answer(206, b"x" * 10, content_range="bytes 90-99/200", etag=TAG)
    error = trouble(replying(reply), start=90, etag=TAG)
    assert error.trouble == Trouble.CONNECTION and "100 of 200" in str(error)


def test_a_rest_that_is_more_than_was_announced_is_refused() -> None:
    head = (
        b"HTTP/1.1 206 So\r\nContent-Range: bytes 90-99/100\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    reply = head + b"b\r\n01234567890\r\n0\r\n\r\n"
    assert trouble(replying(reply), start=90, etag=TAG).trouble == Trouble.MALFORMED


def test_an_empty_file_is_none() -> None:
    assert trouble(replying(answer())).trouble == Trouble.EMPTY


LIES = ["-1", "1e9", "0x10", "٣", "2, 3", "2\r\nContent-Length: 3"]


@pytest.mark.parametrize("text", LIES)
def test_a_length_that_is_none_is_no_answer(text: str) -> None:
    reply = answer(content_length="").replace(
        b"So\r\n", f"So\r\nContent-Length: {text}\r\n".encode()
    )
    assert trouble(replying(reply + b"{}")).trouble == Trouble.CONNECTION


def test_a_file_that_says_it_is_too_large_is_not_begun() -> None:
    async def once() -> None:
        async with serving(replying(answer(content_length=1_001))) as host:
            limits = Limits(largest=1_000)
            await streaming(host.url, never_begun, allowed=host.allowed, limits=limits)

    def never_begun(stream: Stream) -> None:
        raise AssertionError("it was begun")

    with pytest.raises(ProviderError) as caught:
        asyncio.run(once())
    assert caught.value.trouble == Trouble.TOO_LARGE


def test_what_was_there_before_counts() -> None:
    requests = {"start": 5_000, "etag": TAG, "limits": Limits(largest=len(FILE) - 1)}
    assert trouble(a_good_one, **requests).trouble == Trouble.TOO_LARGE


async def without_end(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def refusing_without_end(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 404 No\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def in_crumbs(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n" * 1_000)
        await writer.drain()


def exploding() -> Behave:
    bomb = gzip.compress(bytes(110 * MEGABYTE), compresslevel=1)
    return replying(answer(body=bomb, content_encoding="gzip"))


MANY = b"HTTP/1.1 200 OK\r\n" + b"".join(b"a:\r\n" for _ in range(10_000)) + b"\r\n"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (exploding, Trouble.MALFORMED),
        (lambda: without_end, Trouble.TOO_LARGE),
        (lambda: refusing_without_end, Trouble.LINK_DEAD),
        (lambda: in_crumbs, Trouble.MALFORMED),
        (lambda: replying(MANY), Trouble.TOO_LARGE),
        (lambda: replying(MANY.replace(b"a:", b"a: " + b"0" * 100)), Trouble.CONNECTION),
    ],
    ids=["bomb", "endless", "endless refusal", "crumbs", "headers", "larger headers"],
)
def test_memory_stays_flat_whatever_comes(make: Callable[[], Behave], kind: Trouble) -> None:
    """The reader keeps nothing."""
    behave = make()

    async def once() -> Trouble:
        async with serving(behave) as host:
            limits = Limits(largest=100 * MEGABYTE)
            tracemalloc.start()
            with pytest.raises(ProviderError) as caught:
                await streaming(host.url, length, allowed=host.allowed, limits=limits)
        return caught.value.trouble

    try:
        assert asyncio.run(once()) == kind
        assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    finally:
        tracemalloc.stop()


PROGRAM = """
import resource, sys
from tasks.providers.transport.downloads import Allowed, open_stream

def read(url):
    with open_stream(url, allowed=Allowed.parse(["127.0.0.1"])) as stream:
        return sum(map(len, stream))

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

read(sys.argv[1] + "/1")
before = most()
size = read(sys.argv[1] + "/300")
print(size, most() - before)
"""


@pytest.mark.exhaustive
def test_a_large_file_needs_no_more_memory_than_a_small_one() -> None:
    """Memory is that of a process of its own, as the system counts it."""

    async def megabytes(asked: Asked, writer: asyncio.StreamWriter) -> None:
        number = int(asked.path[1:])
        writer.write(answer(content_length=number * MEGABYTE))
        for _ in range(number):
            writer.write(bytes(MEGABYTE))
            await writer.drain()

    async def once() -> bytes:
        async with serving(megabytes) as host:
            program = [sys.executable, "-c", PROGRAM, host.url]
            process = await asyncio.create_subprocess_exec(*program, stdout=subprocess.PIPE)
            text, _ = await process.communicate()
        return text

    size, kilobytes = map(int, asyncio.run(once()).split())
    assert size == 300 * MEGABYTE and kilobytes < 20_000


def test_nothing_is_left_open() -> None:
    """Sockets are closed after a file that was left half read, and after a refusal."""

    def leave_at_once(stream: Stream) -> None:
        next(iter(stream))

    async def once() -> int:
        async with serving(without_end) as host, serving(replying(answer(404))) as dead:
            await streaming(host.url, leave_at_once, allowed=host.allowed)
            with pytest.raises(ProviderError):
                await read(dead.url, allowed=dead.allowed)
            return await _settled(host.open) + await _settled(dead.open)

    assert asyncio.run(once()) == 0


async def _settled(opened: Any) -> int:
    for _ in range(100):
        if not opened:
            break
        await asyncio.sleep(0.01)
    return len(opened)
