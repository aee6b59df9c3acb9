"""Files on their way: all of one, or the rest of it."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport.downloads import Stream
from tasks.providers.transport.guard import Allowed
from tasks.simulator import media
from tasks.simulator.server import Simulator
from tests.providers.fetching import FILE, TAG, a_good_one, fetch, read, streaming, trouble
from tests.providers.hosts import Asked, answer, replying, serving


def test_a_file_comes_whole() -> None:
    got, host = fetch(a_good_one)
    assert (got.status, got.start, got.total, got.etag) == (200, 0, len(FILE), TAG)
    assert got.body == FILE and got.headers["content-type"] == "video/mp4"
    [asked] = host.asked
    assert asked.headers["accept-encoding"] == "identity"
    assert not {"range", "if-range", "authorization", "cookie", "referer"} & asked.headers.keys()


def test_a_file_comes_without_a_length_too() -> None:
    body = (
        b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (FILE[:9], FILE[9:]))
        + b"0\r\n\r\n"
    )
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    got, _ = fetch(replying(head + body))
    assert (got.body, got.total, got.etag) == (FILE, None, "")


def test_the_signature_leaves_byte_for_byte() -> None:
    """TOS signs the link as it is written."""
    path = "/a%2Fb/c~d.mp4?X-Tos-Credential=AK%2F2026%2ftos&X-Tos-Date=1Z&x='()!*;:@$,[]|+%20&e="
    _, host = fetch(a_good_one, path=path)
    assert host.asked[0].path == path


def test_a_signed_link_opens_and_is_gone_on_with_until_it_ends() -> None:
    """The simulator checks the signature over every byte of the link."""
    now = [1_800_000_000.0]
    with Simulator(clock=lambda: now[0]) as sim:
        sim.create(ago=3_600)
        url = media.video_url(sim.tasks[0], sim.url)
        allowed = Allowed.parse([sim.url.removeprefix("http://")])
        whole = asyncio.run(read(url, allowed=allowed))
        rest = asyncio.run(read(url, allowed=allowed, start=1_000, etag=whole.etag))
        assert (rest.status, rest.body) == (206, whole.body[1_000:])
        now[0] += 86_400
        with pytest.raises(ProviderError) as caught:
            asyncio.run(read(url, allowed=allowed))
    assert caught.value.trouble == Trouble.LINK_DEAD and caught.value.permanent


def test_the_rest_of_a_file_is_asked_for_and_comes() -> None:
    got, host = fetch(a_good_one, start=1_000, etag=TAG)
    assert (got.status, got.start, got.total, got.etag) == (206, 1_000, len(FILE), TAG)
    assert got.body == FILE[1_000:]
    assert host.asked[0].headers["range"] == "bytes=1000-"
    assert host.asked[0].headers["if-range"] == TAG


@pytest.mark.parametrize("etag", ["", 'W/"a-tag"', "a-tag", '"a\r\nb"', '"ä"'])
def test_without_a_strong_tag_a_file_is_begun_afresh(etag: str) -> None:
    got, host = fetch(a_good_one, start=1_000, etag=etag)
    assert (got.start, got.body) == (0, FILE)
    assert "range" not in host.asked[0].headers


def test_a_file_that_has_changed_is_begun_afresh() -> None:
    got, _ = fetch(a_good_one, start=1_000, etag='"another"')
    assert (got.status, got.start, got.body) == (200, 0, FILE)


def test_a_file_that_has_shrunk_is_begun_afresh() -> None:
    got, host = fetch(a_good_one, start=len(FILE) + 5, etag=TAG)
    assert (got.start, got.body) == (0, FILE)
    assert ["range" in asked.headers for asked in host.asked] == [True, False]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_range": "bytes 0-9/100"},
        {"content_range": "bytes 1001-1010/2000"},
        {"content_range": "bytes 1000-999/2000"},
        {"content_range": "bytes 1000-1009/1005"},
        {"content_range": "bytes 1000-1009/2000", "etag": '"another"'},
        {"content_range": "bytes */2000"},
        {"content_range": "bytes 1000-" + "9" * 5_000 + "/*"},
        {"content_range": "bytes 1000-1009/2000, bytes 0-9/100"},
        {"content_type": "multipart/byteranges; boundary=x"},
    ],
)
def test_a_part_of_something_else_is_not_joined_to_ours(headers: dict[str, str]) -> None:
    async def muddled(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if "range" in asked.headers:
            writer.write(answer(206, b"0123456789", **headers))
        else:
            writer.write(answer(body=FILE))

    got, host = fetch(muddled, start=1_000, etag=TAG)
    assert (got.status, got.start, got.body, len(host.asked)) == (200, 0, FILE, 2)


@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        (answer(206, FILE, content_range=f"bytes 0-{len(FILE) - 1}/{len(FILE)}"), {}),
        (answer(206, b"ten", content_range="bytes 9-99/100"), {"start": 9, "etag": TAG}),
        (answer(body=gzip.compress(FILE), content_encoding="gzip"), {}),
        (answer(body=FILE, content_encoding="br"), {}),
        (answer(204), {}),
        (answer(304), {}),
        (answer(206, FILE, content_range=""), {"start": 9, "etag": TAG}),
    ],
    ids=["unasked part", "short part", "gzip", "brotli", "204", "304", "no range"],
)
def test_an_answer_that_contradicts_itself_or_the_question_is_refused(
    reply: bytes, requests: dict[str, Any]
) -> None:
    assert trouble(replying(reply), **requests).trouble == Trouble.MALFORMED


def test_what_the_block_raises_passes_through() -> None:
    def fill_the_disk(stream: Stream) -> None:
        raise OSError(28, "No space left on device")

    async def once() -> None:
        async with serving(a_good_one) as host:
            await streaming(f"{host.url}/x", fill_the_disk, allowed=host.allowed)

    with pytest.raises(OSError, match="No space"):
        asyncio.run(once())
