"""Answers leave as they come: short ones at once, long ones no faster than their reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

import pytest

from tasks.management.web_server.wsgi import PART, Environ
from tasks.web.api.answered import AFTER_ANSWER
from tests.web_server.conftest import Site, Visitor

BLOCK = PART // 4
Start = Callable[..., Any]


class File:
    """A long answer that knows how much was read of it, and whether it was closed."""

    def __init__(self, length: int, *, breaks_at: int = -1) -> None:
        self._left, self._breaks_at = length, breaks_at
        self.taken = self.closed = 0

    def __call__(self, environ: Environ, start: Start) -> File:
        start("206 Partial Content", [("Content-Type", "video/mp4"), ("X-Odd", "é")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        while self._left:
            if self.taken == self._breaks_at:
                raise OSError("the disk is gone")
            length = min(BLOCK, self._left)
            self._left -= length
            self.taken += length
            yield bytes(length)

    def close(self) -> None:
        self.closed += 1


def bodies(visitor: Visitor) -> list[tuple[int, bool]]:
    messages = visitor.messages[1:]
    return [(len(each["body"]), each.get("more_body", False)) for each in messages]


@pytest.mark.parametrize("length", [0, 5, PART])
def test_an_answer_of_at_most_one_part_is_one_message(site: Site, length: int) -> None:
    site.application = file = File(length)
    answer = site.visit(Visitor())
    assert bodies(answer) == [(length, False)] and file.closed == 1
    assert (answer.status, answer.headers["x-odd"]) == (206, "é")


def test_a_long_answer_arrives_whole_and_is_closed_once(site: Site) -> None:
    site.application = file = File(5 * PART + 7)
    answer = site.visit(Visitor())
    assert len(answer.body) == 5 * PART + 7 and file.closed == 1
    assert bodies(answer)[-1] == (0, False)
    assert max(length for length, _ in bodies(answer)) == BLOCK


def test_no_more_is_read_than_a_slow_reader_takes(site: Site) -> None:
    file = File(50 * PART)
    site.application = file

    async def read_a_little_and_leave() -> None:
        reader = Visitor(reads=3)
        coming = asyncio.ensure_future(site.come(reader))
        await asyncio.sleep(60)
        assert file.taken <= 2 * PART and not file.closed
        reader.left.set()
        await coming

    site.run(read_a_little_and_leave())
    assert file.taken <= 3 * PART and file.closed == 1


def test_readers_hold_no_thread(site: Site) -> None:
    """The front has two threads here, and twenty readers who take nothing more."""

    def respond(environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/video":
            return File(5 * PART)(environ, start)
        return site.echo(environ, start)

    site.application = respond

    async def look_beside_readers() -> Visitor:
        readers = [Visitor("/video", reads=2) for _ in range(20)]
        coming = [asyncio.ensure_future(site.come(reader)) for reader in readers]
        await asyncio.sleep(1)
        page = Visitor("/")
        await site.come(page)
        assert not any(reading.done() for reading in coming)
        for reader in readers:
            reader.left.set()
        await asyncio.gather(*coming)
        return page

    assert site.run(look_beside_readers()).status == HTTPStatus.OK


def test_one_who_has_left_before_the_first_byte_costs_one_part(site: Site) -> None:
    site.application = file = File(50 * PART)

    async def come_and_leave() -> None:
        reader = Visitor()
        reader.left.set()
        await site.come(reader)

    site.run(come_and_leave())
    assert file.taken <= 3 * PART and file.closed == 1


@pytest.mark.parametrize(("has_left", "made"), [(False, ["done"]), (True, [])])
def test_what_follows_an_answer_is_done_if_its_client_was_there(
    site: Site, has_left: bool, made: list[str]
) -> None:
    found: list[str] = []

    def application(environ: Environ, start: Start) -> Iterable[bytes]:
        environ[AFTER_ANSWER].append(lambda: found.append("done"))
        start("200 OK", [])
        return [b"an id"]

    async def come() -> None:
        visitor = Visitor()
        if has_left:
            visitor.left.set()
        await site.come(visitor)

    site.application = application
    site.run(come())
    assert found == made


def test_a_file_that_breaks_is_closed_and_its_answer_ends_short(site: Site) -> None:
    site.application = file = File(5 * PART, breaks_at=2 * PART)
    reader = Visitor()
    with pytest.raises(OSError, match="gone"):  # which makes granian drop the connection
        site.visit(reader)
    assert file.closed == 1 and all(is_more for _, is_more in bodies(reader))


def test_an_application_that_raises_is_told_with_the_headers_of_every_page(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(environ: Environ, start: Start) -> Iterable[bytes]:
        raise RuntimeError("a key: sk-0123456789abcdef0123456789abcdef")

    site.application = fail
    answer = site.visit(Visitor("/tasks/"))
    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert b"sk-0123" not in answer.body and "could not be answered" in caplog.text
