"""Files on their way: the rest of one, where links lead, and hosts that mean harm."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble, net
from tasks.providers.guard import Allowed
from tasks.providers.net import Limits, open_stream
from tasks.simulator import media
from tasks.simulator.server import Simulator
from tests.providers.certificates import server_of
from tests.providers.hosts import Asked, Behave, Host, answer, never, replying, serving

KEY = "sk-canary-0123456789"
FILE = bytes(range(256)) * 40
TAG = '"a-tag"'
MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Fetched:
    status: int
    start: int
    total: int | None
    etag: str
    headers: Any
    body: bytes


async def read(url: str, *, allowed: Allowed, **wishes: Any) -> Fetched:
    async with open_stream(url, allowed=allowed, **wishes) as stream:
        return Fetched(
            status=stream.status,
            start=stream.start,
            total=stream.total,
            etag=stream.etag,
            headers=stream.headers,
            body=b"".join([chunk async for chunk in stream]),
        )


def fetch(behave: Behave, path: str = "/file.mp4", **wishes: Any) -> tuple[Fetched, Host]:
    async def once() -> tuple[Fetched, Host]:
        async with serving(behave) as host:
            if wishes.pop("gateway", False):
                wishes.update(key=KEY, key_origin=f"{host.url}/v1")
            return await read(host.url + path, allowed=host.allowed, **wishes), host

    return asyncio.run(once())


def trouble(behave: Behave, **wishes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        fetch(behave, path="/file.mp4?X-Tos-Signature=canary&token=canary", **wishes)
    error = caught.value
    told = f"{error!r} {error} {error.code} {error.request_id}"
    assert "canary" not in told and error.__cause__ is None
    return error


async def a_good_one(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """With Range, If-Range and an ETag."""
    start = int(asked.headers.get("range", "bytes=0-")[6:-1])
    if not start or asked.headers.get("if-range", TAG) != TAG:
        writer.write(answer(body=FILE, etag=TAG, content_type="video/mp4"))
    elif start >= len(FILE):
        writer.write(answer(416, content_range=f"bytes */{len(FILE)}"))
    else:
        span = f"bytes {start}-{len(FILE) - 1}/{len(FILE)}"
        writer.write(answer(206, FILE[start:], etag=TAG, content_range=span))


# Whole files and the rest of them


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
    ("reply", "wishes"),
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
    reply: bytes, wishes: dict[str, Any]
) -> None:
    assert trouble(replying(reply), **wishes).trouble == Trouble.MALFORMED


def test_what_the_block_raises_passes_through() -> None:
    async def fill_the_disk() -> None:
        async with (
            serving(a_good_one) as host,
            open_stream(f"{host.url}/x", allowed=host.allowed) as stream,
        ):
            async for _chunk in stream:
                raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        asyncio.run(fill_the_disk())


# Links that are dead, or not yet alive


def told(status: int, message: str, code: str = "") -> bytes:
    body = f'{{"error": {{"message": "{message}", "code": "{code}"}}}}'
    return answer(status, body.encode(), content_type="application/json")


EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>"
UPSTREAM = "Upstream service returned status 403"


@pytest.mark.parametrize(
    ("reply", "gateway", "kind", "permanent"),
    [
        (answer(403), False, Trouble.LINK_DEAD, False),
        (answer(403, EXPIRED), False, Trouble.LINK_DEAD, True),
        (answer(404), False, Trouble.LINK_DEAD, False),
        (answer(410), False, Trouble.LINK_DEAD, True),
        (told(404, "Task not found"), True, Trouble.LINK_DEAD, False),
        (told(502, UPSTREAM), True, Trouble.LINK_DEAD, False),
        (told(502, "Bad gateway"), True, Trouble.SERVER, False),
        (told(400, "Task is not completed yet, current status: x"), True, Trouble.NOT_READY, False),
        (told(404, "x", "video_not_ready"), True, Trouble.NOT_READY, False),
        (told(409, "x", "artifact_not_ready"), True, Trouble.NOT_READY, False),
        (told(403, "x"), True, Trouble.FORBIDDEN, True),
        (told(401, f"Invalid token {KEY}"), True, Trouble.UNAUTHORIZED, True),
        (answer(401), False, Trouble.UNAUTHORIZED, True),
        (answer(429), False, Trouble.RATE_LIMITED, False),
        (answer(500), False, Trouble.SERVER, False),
        (answer(503, b"<Error><Code>SlowDown</Code></Error>"), False, Trouble.SERVER, False),
        (answer(400, b"x" * 1_000_000), False, Trouble.BAD_REQUEST, True),
    ],
)
def test_a_refusal_is_named(reply: bytes, gateway: bool, kind: Trouble, permanent: bool) -> None:
    error = trouble(replying(reply), gateway=gateway)
    assert (error.trouble, error.permanent) == (kind, permanent)
    assert error.status_code and str(error.status_code) in str(error)


def test_a_wish_to_wait_is_heard() -> None:
    assert trouble(replying(answer(503, retry_after=17))).retry_after == 17


@pytest.mark.parametrize("gateway", [True, False])
def test_a_link_that_is_repeated_in_a_refusal_is_not_repeated_by_us(gateway: bool) -> None:
    async def repeat(asked: Asked, writer: asyncio.StreamWriter) -> None:
        path = asked.path.replace("&", "\\u0026")
        writer.write(told(500, f"No upstream for {path} with {KEY}"))

    error = trouble(repeat, gateway=gateway)
    assert error.trouble == Trouble.SERVER
    assert ("No upstream" in str(error)) == gateway


def test_a_refusal_that_never_ends_its_sentence_is_heard_all_the_same() -> None:
    reply = answer(404, b"<Err", content_length=100)
    error = trouble(replying(reply), limits=Limits(silence=0.2))
    assert error.trouble == Trouble.LINK_DEAD


# The key


def test_the_key_goes_to_its_own_origin() -> None:
    _, host = fetch(a_good_one, gateway=True)
    assert host.asked[0].headers["authorization"] == f"Bearer {KEY}"


OTHERS = """
http://127.0.0.1 https://127.0.0.1:{port} http://localhost:{port} http://127.0.0.1:{next}
http://evil.example/http://127.0.0.1:{port} http://127.0.0.1:{port}@evil.example
"""


@pytest.mark.parametrize("origin", ["", *OTHERS.split()])
def test_the_key_goes_to_no_other_origin(origin: str) -> None:
    async def once() -> Host:
        async with serving(a_good_one) as host:
            key_origin = origin.format(port=host.port, next=host.port + 1)
            await read(f"{host.url}/x", allowed=host.allowed, key=KEY, key_origin=key_origin)
        return host

    [asked] = asyncio.run(once()).asked
    assert "authorization" not in asked.headers


def test_the_key_does_not_follow_a_redirect_even_home() -> None:
    async def onwards(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/content":
            writer.write(answer(302, location="/file.mp4"))
        else:
            writer.write(answer(body=FILE))

    got, host = fetch(onwards, path="/content", gateway=True)
    assert got.body == FILE
    assert ["authorization" in asked.headers for asked in host.asked] == [True, False]


def test_the_key_does_not_go_to_another_host() -> None:
    async def once() -> Host:
        async with serving(a_good_one) as there:
            here = replying(answer(302, location=f"{there.url}/file.mp4"))
            async with serving(here) as gateway:
                allowed = Allowed.parse(["127.0.0.1"])
                wishes = {"key": KEY, "key_origin": gateway.url}
                await read(f"{gateway.url}/content", allowed=allowed, **wishes)
        return there

    assert "authorization" not in asyncio.run(once()).asked[0].headers


def test_a_dead_link_behind_a_gateway_is_a_dead_link() -> None:
    """A 403 of the file's host says nothing about the key."""

    async def onwards(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/file.mp4"):
            writer.write(answer(302, location="/signed?Signature=canary"))
        else:
            writer.write(told(403, f"{asked.path}"))

    assert trouble(onwards, gateway=True).trouble == Trouble.LINK_DEAD


def test_a_key_that_no_header_can_hold_is_not_told_to_anybody() -> None:
    for key in ("canary\r\nX: y", "canary海"):
        error = trouble(a_good_one, key=key)
        assert error.trouble == Trouble.UNAUTHORIZED


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_with_the_range(status: int) -> None:
    async def onwards(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/old":
            writer.write(answer(status, b"moved", location="new?a=%2F'"))
        else:
            await a_good_one(asked, writer)

    got, host = fetch(onwards, path="/old", start=10, etag=TAG)
    assert (got.body, got.start) == (FILE[10:], 10)
    assert host.asked[-1].path == "/new?a=%2F'"


PLACES = """
http://{name}/ //{name}/ http://127.0.0.1:{port}/ http://2130706433:{port}/ http://127.1:{port}/
http://[::ffff:127.0.0.1]:{port}/ http://user@public.example/ ftp://public.example/
file:///etc/passwd http://10.0.0.1/ http://169.254.169.254/latest/meta-data/ gopher://a.example/
http://public.example:22/ https://[::1]:{port}/ http://[ http://a%20b/
"""


@pytest.mark.parametrize("place", PLACES.split())
def test_a_redirect_to_a_private_address_or_another_scheme_sends_no_packet(place: str) -> None:
    """The inner server counts; names other than the first lead to it."""

    def resolve(host: str, port: int) -> Iterable[str]:
        return ["127.0.0.1"]

    async def once() -> tuple[ProviderError, Host]:
        async with serving(a_good_one) as inner:
            target = place.format(name=f"inner.test:{inner.port}", port=inner.port)
            async with serving(replying(answer(302, location=target))) as outer:
                with pytest.raises(ProviderError) as caught:
                    await read(f"{outer.url}/x", allowed=outer.allowed, resolve=resolve)
        return caught.value, inner

    error, inner = asyncio.run(once())
    assert error.trouble in (Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS)
    assert inner.connections == 0


def test_a_redirect_from_https_to_http_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusting = server_of("gateway.test", tmp_path)
    monkeypatch.setattr(net, "_certificates", lambda: trusting)

    async def once() -> tuple[ProviderError, Host]:
        async with serving(a_good_one) as open_one:
            behave = replying(answer(302, location=f"{open_one.url}/x"))
            async with serving(behave, tls=tls) as closed:
                with pytest.raises(ProviderError) as caught:
                    await read(
                        closed.at("gateway.test"),
                        allowed=Allowed.parse(["127.0.0.1"]),
                        resolve=lambda host, port: ["127.0.0.1"],
                    )
        return caught.value, open_one

    error, open_one = asyncio.run(once())
    assert error.trouble == Trouble.BAD_REDIRECT and open_one.connections == 0


async def _in_circles(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(302, location=asked.path + "x"))


@pytest.mark.parametrize(
    ("behave", "requests"),
    [
        (_in_circles, 6),
        (replying(answer(302)), 1),
        (replying(answer(302, location="http://a.example:port/")), 1),
    ],
    ids=["circle", "no place", "no port"],
)
def test_a_redirect_that_leads_nowhere_ends(behave: Behave, requests: int) -> None:
    async def once() -> Host:
        async with serving(behave) as host:
            with pytest.raises(ProviderError) as caught:
                await read(f"{host.url}/x", allowed=host.allowed)
        assert caught.value.trouble == Trouble.BAD_REDIRECT
        return host

    assert len(asyncio.run(once()).asked) == requests


# Slow ones


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
        await _in_circles(asked, writer)

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


def test_a_reader_that_takes_its_time_is_not_the_hosts_fault() -> None:
    async def once() -> int:
        size = 0
        async with serving(replying(answer(body=bytes(2 * MEGABYTE)))) as host:
            limits = Limits(silence=0.2, slowest=10_000_000)
            async with open_stream(host.url, allowed=host.allowed, limits=limits) as stream:
                async for chunk in stream:
                    size += len(chunk)
                    await asyncio.sleep(0.05)
        return size

    assert asyncio.run(once()) == 2 * MEGABYTE


# Floods and lies


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


@pytest.mark.parametrize("length", LIES)
def test_a_length_that_is_none_is_no_answer(length: str) -> None:
    reply = answer(content_length="").replace(
        b"So\r\n", f"So\r\nContent-Length: {length}\r\n".encode()
    )
    assert trouble(replying(reply + b"{}")).trouble == Trouble.CONNECTION


def test_a_file_that_says_it_is_too_large_is_not_begun() -> None:
    async def once() -> None:
        async with serving(replying(answer(content_length=1_001))) as host:
            limits = Limits(largest=1_000)
            async with open_stream(host.url, allowed=host.allowed, limits=limits):
                raise AssertionError("it was begun")

    with pytest.raises(ProviderError) as caught:
        asyncio.run(once())
    assert caught.value.trouble == Trouble.TOO_LARGE


def test_what_was_there_before_counts() -> None:
    wishes = {"start": 5_000, "etag": TAG, "limits": Limits(largest=len(FILE) - 1)}
    assert trouble(a_good_one, **wishes).trouble == Trouble.TOO_LARGE


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


BOMB = gzip.compress(bytes(200 * MEGABYTE), compresslevel=1)
MANY = b"HTTP/1.1 200 OK\r\n" + b"".join(b"a:\r\n" for _ in range(10_000)) + b"\r\n"


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (replying(answer(body=BOMB, content_encoding="gzip")), Trouble.MALFORMED),
        (without_end, Trouble.TOO_LARGE),
        (refusing_without_end, Trouble.LINK_DEAD),
        (in_crumbs, Trouble.MALFORMED),
        (replying(MANY), Trouble.TOO_LARGE),
        (replying(MANY.replace(b"a:", b"a: 0123456789")), Trouble.CONNECTION),
    ],
    ids=["bomb", "endless", "endless refusal", "crumbs", "headers", "larger headers"],
)
def test_memory_stays_flat_whatever_comes(behave: Behave, kind: Trouble) -> None:
    """Into a reader that keeps nothing."""

    async def once() -> Trouble:
        async with serving(behave) as host:
            limits = Limits(largest=100 * MEGABYTE)
            tracemalloc.start()
            with pytest.raises(ProviderError) as caught:
                async with open_stream(host.url, allowed=host.allowed, limits=limits) as stream:
                    async for _chunk in stream:
                        pass
        return caught.value.trouble

    try:
        assert asyncio.run(once()) == kind
        assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    finally:
        tracemalloc.stop()


PROGRAM = """
import asyncio, resource, sys
from tasks.providers.guard import Allowed
from tasks.providers.net import open_stream

async def read(url):
    async with open_stream(url, allowed=Allowed.parse(["127.0.0.1"])) as stream:
        return sum([len(chunk) async for chunk in stream])

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

asyncio.run(read(sys.argv[1] + "/1"))
before = most()
size = asyncio.run(read(sys.argv[1] + "/300"))
print(size, most() - before)
"""


def test_a_large_file_needs_no_more_memory_than_a_small_one() -> None:
    """Of a process of its own, as the system counts it."""

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
            said, _ = await process.communicate()
        return said

    size, kilobytes = map(int, asyncio.run(once()).split())
    assert size == 300 * MEGABYTE and kilobytes < 20_000


def test_nothing_is_left_open() -> None:
    """Neither after a file that was left in its middle nor after a refusal."""

    async def once() -> int:
        async with serving(without_end) as host, serving(replying(answer(404))) as dead:
            async with open_stream(host.url, allowed=host.allowed) as stream:
                async for _chunk in stream:
                    break
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
