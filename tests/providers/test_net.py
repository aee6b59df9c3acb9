"""The one way out: to which address a connection goes, and that none goes anywhere else."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tasks.providers import Answer, ProviderError, Trouble, net
from tasks.providers.client import LARGEST_BODY, Client
from tasks.providers.guard import NOTHING, Allowed
from tasks.providers.net import GuardedBackend, Resolve, Transport, open_stream, system_resolve
from tests.providers.certificates import server_of
from tests.providers.hosts import Asked, Behave, Host, answer, never, replying, serving

KEY = "sk-canary-0123456789"
OK = replying(answer(body=b"{}", content_type="application/json"))


def leading_to(*addresses: str) -> Resolve:
    """A name server that knows one answer."""
    return lambda host, port: addresses


def not_asked(host: str, port: int) -> Iterable[str]:
    raise AssertionError(f"{host} was looked up")


def client(
    base_url: str, resolve: Resolve = system_resolve, *, allowed: Allowed = NOTHING, **wishes: Any
) -> Client:
    transport = Transport(GuardedBackend(allowed, resolve))
    return Client(base_url, KEY, transport=transport, **wishes)


async def poll(base_url: str, resolve: Resolve = system_resolve, **wishes: Any) -> Answer:
    async with client(base_url, resolve, **wishes) as asking:
        return await asking.get("/task")


async def download(
    url: str, resolve: Resolve = system_resolve, *, allowed: Allowed = NOTHING, **wishes: Any
) -> bytes:
    async with open_stream(url, allowed=allowed, resolve=resolve, **wishes) as stream:
        return b"".join([chunk async for chunk in stream])


Way = Callable[..., Coroutine[Any, Any, object]]


def refusal(way: Way, url: str, resolve: Resolve, **wishes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        asyncio.run(way(url, resolve, **wishes))
    assert KEY not in repr(caught.value) and "canary" not in repr(caught.value)
    return caught.value


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections were begun to; none is made."""
    begun: list[tuple[str, int]] = []

    async def connect(self: object, host: str, port: int, **more: object) -> None:
        begun.append((host, port))
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return begun


REFUSALS = (Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.BAD_ADDRESS)
ways = pytest.mark.parametrize("way", [poll, download])

# host as it is written, and what it resolves to; None: it must not even be looked up
SSRF = [
    ("127.0.0.1", None),
    ("127.0.0.1:8000", None),
    ("localhost", ["127.0.0.1"]),
    ("localhost.", ["127.0.0.1", "::1"]),
    ("10.0.0.1", None),
    ("172.16.0.1", None),
    ("192.168.1.1", None),
    ("169.254.169.254", None),
    ("168.63.129.16", None),
    ("100.64.0.1", None),
    ("100.100.100.200", None),
    ("0.0.0.0", None),
    ("255.255.255.255", None),
    ("224.0.0.1", None),
    ("240.0.0.1", None),
    ("2130706433", None),
    ("0x7f000001", None),
    ("0x7f.0.0.1", None),
    ("0177.0.0.1", None),
    ("017700000001", None),
    ("127.1", None),
    ("127.0.0.1.", None),
    ("127。0。0。1", None),
    ("[::1]", None),
    ("[::]", None),
    ("[::ffff:127.0.0.1]", None),
    ("[::ffff:7f00:1]", None),
    ("[2002:7f00:1::]", None),
    ("[2001:0:7f00:1::1]", None),
    ("[64:ff9b::7f00:1]", None),
    ("[64:ff9b:1::1]", None),
    ("[fe80::1]", None),
    ("[fe80::1%25eth0]", None),
    ("[fc00::1]", None),
    ("[fd00:ec2::254]", None),
    ("[ff02::1]", None),
    ("inside.example", ["10.0.0.1"]),
    ("metadata.example", ["169.254.169.254"]),
    ("mixed.example", ["93.184.216.34", "10.0.0.1"]),
    ("mixed.example", ["10.0.0.1", "93.184.216.34"]),
    ("mapped.example", ["::ffff:10.0.0.1"]),
    ("six-to-four.example", ["2002:a00:1::1"]),
    ("nat64.example", ["64:ff9b::a00:1"]),
    ("teredo.example", ["2001:0:a00:1::1"]),
    ("scoped.example", ["fe80::1%2"]),
    ("multicast.example", ["239.255.255.250"]),
    ("public.example@127.0.0.1", None),
    ("name:word@public.example", None),
    ("name@public.example", None),
    ("public.example\\@127.0.0.1", None),
    ("127.0.0.1\\.public.example", None),
    ("public.example:22", ["93.184.216.34"]),
    ("public.example:25", ["93.184.216.34"]),
    ("public.example:6379", ["93.184.216.34"]),
    ("public.example:11211", ["93.184.216.34"]),
    ("public.example:0", ["93.184.216.34"]),
    ("public.example:65536", ["93.184.216.34"]),
]


@ways
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("host", "addresses"), SSRF)
def test_no_packet_leaves_for_a_private_or_odd_address(
    way: Way, scheme: str, host: str, addresses: list[str] | None, packets: list[tuple[str, int]]
) -> None:
    resolve = not_asked if addresses is None else leading_to(*addresses)
    error = refusal(way, f"{scheme}://{host}/x?canary", resolve)
    assert error.trouble in REFUSALS
    assert error.permanent and not packets


NOT_HTTP = """
file:///etc/passwd ftp://public.example/ gopher://public.example:70/_ ws://public.example/
wss://public.example/ data:text/plain,x javascript:1 unix:/run/docker.sock //public.example/
public.example/x http:// http:///x https:public.example
"""


@ways
@pytest.mark.parametrize("url", ["", "http:// /", *NOT_HTTP.split()])
def test_only_http_and_https_are_asked(way: Way, url: str, packets: list[tuple[str, int]]) -> None:
    error = refusal(way, url, not_asked)
    assert error.trouble in REFUSALS and error.permanent and not packets


@ways
def test_the_connection_goes_to_the_judged_address_itself(
    way: Way, packets: list[tuple[str, int]]
) -> None:
    resolve = leading_to("93.184.216.34", "2606:4700::1")
    assert refusal(way, "https://public.example/", resolve).trouble == Trouble.CONNECTION
    assert packets == [("93.184.216.34", 443), ("2606:4700::1", 443)]


@ways
def test_a_name_that_changes_its_mind_is_heard_only_once(
    way: Way, packets: list[tuple[str, int]]
) -> None:
    """DNS rebinding: first a public address for the check, then ours for the connection."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    refusal(way, "http://rebound.example/", lambda host, port: answers.pop(0))
    assert (packets, len(answers)) == ([("93.184.216.34", 80)], 2)


def test_a_connection_is_kept_and_its_name_not_looked_up_again() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def ask_often() -> Host:
        async with serving(OK) as host:
            asking = client(
                host.at("gateway.test"), lambda *_: answers.pop(0), allowed=host.allowed
            )
            async with asking:
                for _ in range(5):
                    await asking.get("/task")
        return host

    host = asyncio.run(ask_often())
    assert (host.connections, len(host.asked), len(answers)) == (1, 5, 1)
    assert {asked.headers["host"] for asked in host.asked} == {f"gateway.test:{host.port}"}


def test_a_new_connection_is_judged_again() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    closing = replying(answer(body=b"{}", connection="close"))

    async def ask_twice() -> Host:
        async with serving(closing) as host:
            asking = client(
                host.at("gateway.test"), lambda *_: answers.pop(0), allowed=host.allowed
            )
            async with asking:
                await asking.get("/task")
                with pytest.raises(ProviderError) as caught:
                    await asking.get("/task")
        assert caught.value.trouble == Trouble.PRIVATE_ADDRESS
        return host

    assert asyncio.run(ask_twice()).connections == 1


@ways
def test_a_proxy_in_the_environment_is_not_used(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> tuple[Host, Host]:
        async with serving(OK) as proxy, serving(OK) as host:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            await way(f"{host.url}/", allowed=host.allowed)
        return proxy, host

    proxy, host = asyncio.run(ask())
    assert (proxy.connections, host.connections) == (0, 1)


@ways
def test_a_cookie_is_not_kept(way: Way) -> None:
    async def ask() -> Host:
        async with serving(replying(answer(body=b"{}", set_cookie="a=b; Path=/"))) as host:
            for _ in range(2):
                await way(f"{host.url}/", allowed=host.allowed)
        return host

    assert all("cookie" not in asked.headers for asked in asyncio.run(ask()).asked)


# TLS


def _tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> ssl.SSLContext:
    """A server's side; ours trusts whoever signed it."""
    server, trusting = server_of(name, tmp_path)
    monkeypatch.setattr(net, "_certificates", lambda: trusting)
    return server


@ways
def test_tls_and_the_host_header_keep_the_name(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = _tls(tmp_path, monkeypatch, "gateway.test")
    named: list[str | None] = []
    tls.sni_callback = lambda connection, name, context: named.append(name)

    async def ask() -> Host:
        async with serving(OK, tls=tls) as host:
            await way(host.at("gateway.test"), leading_to("127.0.0.1"), allowed=host.allowed)
        return host

    host = asyncio.run(ask())
    assert named == ["gateway.test"]
    assert host.asked[0].headers["host"] == f"gateway.test:{host.port}"


@ways
def test_a_certificate_of_another_name_is_not_accepted(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = _tls(tmp_path, monkeypatch, "another.test")

    async def ask() -> Host:
        async with serving(OK, tls=tls) as host:
            with pytest.raises(ProviderError) as caught:
                await way(host.at("gateway.test"), leading_to("127.0.0.1"), allowed=host.allowed)
        assert caught.value.trouble == Trouble.TLS
        return host

    assert not asyncio.run(ask()).asked


# Slow ones


@ways
def test_a_stall_in_tls_ends_at_the_deadline(way: Way) -> None:
    """The server takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        allowed = Allowed.parse([f"127.0.0.1:{port}"])
        wish = {"deadline": 0.3} if way is poll else {"limits": net.Limits(deadline=0.3)}
        error = refusal(way, f"https://127.0.0.1:{port}/", not_asked, allowed=allowed, **wish)
    assert error.trouble == Trouble.TIMEOUT


def test_the_time_to_connect_ends_before_the_deadline_of_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        limits = net.Limits(connect=0.2)
        allowed = Allowed.parse([f"127.0.0.1:{port}"])
        url = f"https://127.0.0.1:{port}/"
        error = refusal(download, url, not_asked, allowed=allowed, limits=limits)
    assert error.trouble == Trouble.TIMEOUT


def test_a_name_server_that_says_nothing_delays_no_other_host() -> None:
    """More silent look-ups than the loop's own pool of threads has places."""
    speak = threading.Event()

    def resolve(host: str, port: int) -> Iterable[str]:
        if host.startswith("slow"):
            speak.wait(20)
        return ["127.0.0.1"]

    async def ask() -> None:
        async with serving(OK) as host, asyncio.TaskGroup() as group:
            slow = [
                group.create_task(_suppressed(poll(host.at(f"slow{n}.test"), resolve)))
                for n in range(50)
            ]
            await asyncio.sleep(0.05)
            answered = await poll(host.at("fast.test"), resolve, allowed=host.allowed)
            assert answered.status_code == 200 and not any(task.done() for task in slow)
            speak.set()

    asyncio.run(ask())


async def _suppressed(work: Awaitable[object]) -> None:
    with contextlib.suppress(ProviderError):
        await work


def test_connections_begun_together_share_one_look_up() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Iterable[str]:
        asked.append(host)
        time.sleep(0.05)
        return ["127.0.0.1"]

    async def ask() -> None:
        async with serving(OK) as host:
            backend = GuardedBackend(host.allowed, resolve)
            streams = await asyncio.gather(
                *(backend.connect_tcp("gateway.test", host.port) for _ in range(10))
            )
            for stream in streams:
                await stream.aclose()
            await (await backend.connect_tcp("gateway.test", host.port)).aclose()

    asyncio.run(ask())
    assert asked == ["gateway.test"] * 2


def test_a_name_server_that_fails_is_a_connection_trouble() -> None:
    def fails(host: str, port: int) -> Iterable[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert refusal(poll, "https://nobody.example", fails).trouble == Trouble.CONNECTION
    assert refusal(poll, "https://nobody.example", leading_to()).trouble == Trouble.CONNECTION


def test_the_system_knows_its_own_name_and_refuses_a_label_without_end() -> None:
    assert "127.0.0.1" in system_resolve("localhost", 80)
    error = refusal(poll, f"https://{'a' * 64}.example", system_resolve)
    assert error.trouble == Trouble.CONNECTION


def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    async def ask() -> Answer:
        async with serving(OK) as host:
            allowed = Allowed.parse([f"127.0.0.0/8:{host.port}"])
            # Nobody listens on the first.
            return await poll(
                host.at("gateway.test"), leading_to("127.9.9.9", "127.0.0.1"), allowed=allowed
            )

    assert asyncio.run(ask()).status_code == 200


def test_one_that_stalls_does_not_delay_another() -> None:
    async def ask() -> list[str]:
        order: list[str] = []

        async def note(name: str, host: Host) -> None:
            await _suppressed(poll(host.url, allowed=host.allowed, deadline=0.5))
            order.append(name)

        async with serving(never) as stalling, serving(OK) as well:
            await asyncio.gather(
                *(note("stalling", stalling) for _ in range(20)),
                *(note("well", well) for _ in range(20)),
            )
        return order

    assert asyncio.run(ask()) == ["well"] * 20 + ["stalling"] * 20


# Bomb and flood


def _growth(behave: Behave, **wishes: Any) -> tuple[int, Trouble | None]:
    """The most memory, in bytes, that a poll of such a server held at once; and its trouble."""

    async def ask() -> Trouble | None:
        async with serving(behave) as host:
            tracemalloc.start()
            try:
                await poll(host.url, allowed=host.allowed, **wishes)
            except ProviderError as error:
                return error.trouble
        return None

    try:
        found = asyncio.run(ask())
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


MEGABYTE = 1_000_000


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
    """Its pieces and the whole of them are held at once for a moment."""
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
    _, trouble = _growth(replying(answer(body=b"{}", content_length=length)), deadline=0.5)
    assert trouble in (Trouble.CONNECTION, Trouble.TIMEOUT)
