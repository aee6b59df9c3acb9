"""Redirects, and a key that stays at home."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport import net
from tasks.providers.transport.guard import Allowed
from tests.providers.certificates import server_of
from tests.providers.fetching import FILE, KEY, TAG, a_good_one, fetch, read, trouble
from tests.providers.hosts import Asked, Behave, Host, answer, in_circles, replying, serving, told


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
                requests = {"key": KEY, "key_origin": gateway.url}
                await read(f"{gateway.url}/content", allowed=allowed, **requests)
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


def test_a_cookie_does_not_follow_a_redirect() -> None:
    async def onwards(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/old":
            writer.write(answer(302, location="/new", set_cookie="a=b; Path=/"))
        else:
            writer.write(answer(body=FILE))

    _, host = fetch(onwards, path="/old")
    assert all("cookie" not in asked.headers for asked in host.asked)


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
    monkeypatch.setattr(net, "certificates", lambda: trusting)

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


@pytest.mark.parametrize(
    ("behave", "requests"),
    [
        (in_circles, 6),
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
