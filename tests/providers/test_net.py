"""The addresses to which connections go: only those that the guard has judged."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport import net
from tests.providers.asking import (
    OK,
    REFUSALS,
    Way,
    client,
    leading_to,
    not_asked,
    refusal,
    ways,
)
from tests.providers.certificates import server_of
from tests.providers.hosts import Host, answer, replying, serving


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Record the addresses of all connection attempts, asyncio's included; none is made."""
    begun: list[tuple[str, int]] = []

    def connect(self: socket.socket, address: tuple[Any, ...]) -> None:
        begun.append(address[:2])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return begun


# A host as it is written, and the addresses that it resolves to; None: it must not be looked up.
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
def test_a_name_whose_address_changes_is_looked_up_only_once(
    way: Way, packets: list[tuple[str, int]]
) -> None:
    """DNS rebinding: a public address for the check, then a private one for the connection."""
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
    """Make a server's TLS context, and let clients trust its certificate."""
    server, trusting = server_of(name, tmp_path)
    monkeypatch.setattr(net, "certificates", lambda: trusting)
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
