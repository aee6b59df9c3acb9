"""Answers to polls that are too much of something."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport.client import LARGEST_BODY
from tests.providers.asking import (
    poll,
)
from tests.providers.fetching import MEGABYTE
from tests.providers.hosts import Asked, Behave, answer, replying, serving


def _growth(behave: Behave, **requests: Any) -> tuple[int, Trouble | None]:
    """The most memory, in bytes, that a poll of such a server held at once; and its trouble."""

    async def ask() -> Trouble | None:
        async with serving(behave) as host:
            tracemalloc.start()
            try:
                await poll(host.url, allowed=host.allowed, **requests)
            except ProviderError as error:
                return error.trouble
        return None

    try:
        found = asyncio.run(ask())
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


@pytest.mark.exhaustive
def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(200 * MEGABYTE), compresslevel=1)
    grown, _ = _growth(replying(answer(body=bomb, content_encoding="gzip")))
    assert len(bomb) < MEGABYTE and grown < 20 * MEGABYTE


async def _without_end(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


def test_an_endless_answer_is_cut_off() -> None:
    grown, trouble = _growth(_without_end)
    assert trouble == Trouble.TOO_LARGE and grown < 20 * MEGABYTE


def test_an_answer_in_crumbs_is_cut_off() -> None:
    """Each costs as much as a large piece, and the loop is everybody's."""

    async def crumble(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1\r\n \r\n" * 20_000 + b"0\r\n\r\n")

    _, trouble = _growth(crumble)
    assert trouble == Trouble.TOO_LARGE


def test_the_largest_answer_that_is_taken_fits_as_well() -> None:
    """Memory holds its pieces and the whole of them at once for a moment."""
    piece = bytes(65_536)

    async def large(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {LARGEST_BODY}\r\n\r\n".encode())
        for _ in range(LARGEST_BODY // len(piece)):
            writer.write(piece)
            await writer.drain()

    grown, trouble = _growth(large)
    assert trouble is None and grown < 20 * MEGABYTE


MANY = "".join(f"X-{n}: y\r\n" for n in range(10_000)).encode()
FEW_BYTES = b"".join(b"a:\r\n" for _ in range(10_000))  # 40 kB: below h11's own limit


@pytest.mark.parametrize("headers", [MANY, FEW_BYTES])
def test_ten_thousand_headers_are_refused(headers: bytes) -> None:
    grown, trouble = _growth(replying(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n"))
    assert trouble in (Trouble.TOO_LARGE, Trouble.CONNECTION)
    assert grown < 20 * MEGABYTE


def test_a_header_without_end_is_cut_off() -> None:
    async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    grown, trouble = _growth(endless)
    assert trouble == Trouble.CONNECTION and grown < 20 * MEGABYTE


def test_a_promise_to_continue_again_and_again_ends_at_the_deadline() -> None:
    async def continuing(asked: Asked, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()
            await asyncio.sleep(0.01)

    grown, trouble = _growth(continuing, deadline=0.5)
    assert trouble == Trouble.TIMEOUT and grown < 20 * MEGABYTE


@pytest.mark.parametrize(
    "length", ["1000", "-1", "1e9", "99999999999999999999", "2, 3", "2\r\nContent-Length: 3"]
)
def test_a_length_that_lies_is_no_answer(length: str) -> None:
    _, trouble = _growth(replying(answer(body=b"{}", content_length=length)), deadline=0.2)
    assert trouble in (Trouble.CONNECTION, Trouble.TIMEOUT)
