"""Requests that cost money are sent once, and an error tells whether they were sent at all."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tasks.providers import Answer, ProviderError, Trouble
from tasks.providers.dialects.creating import surely_not_created
from tasks.providers.transport.client import Client
from tasks.providers.transport.guard import NOTHING, Allowed
from tests.providers.certificates import server_of
from tests.providers.hosts import Behave, Host, answer, never, replying, serving

KEY = "sk-canary-0123456789"
BODY = {"model": "seedance", "content": [{"type": "text", "text": "一只纸船"}]}


def act(base_url: str, allowed: Allowed, *, method: str = "POST", deadline: float = 2) -> Answer:
    async def once() -> Answer:
        async with Client(base_url, KEY, allowed=allowed, deadline=deadline) as client:
            return await client.act(method, "/tasks", BODY if method == "POST" else None)

    return asyncio.run(once())


def acted_upon(behave: Behave, *, tls: Any = None, **options: Any) -> tuple[Host, Any]:
    """Send a request to a server; return the server, and the answer or the error."""

    async def whole() -> tuple[Host, Any]:
        async with serving(behave, tls=tls) as host:
            try:
                return host, await asyncio.to_thread(act, host.url, host.allowed, **options)
            except ProviderError as error:
                return host, error

    return asyncio.run(whole())


async def cut_off(request: Any, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half_an_answer(request: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()


def test_the_body_arrives_whole_and_the_key_in_one_header() -> None:
    host, got = acted_upon(replying(answer(body=b'{"id": "cgt-1"}')))
    assert json.loads(got.body) == {"id": "cgt-1"}
    sent = host.asked[0].headers
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["content-type"] == "application/json"
    assert int(sent["content-length"]) == len(
        json.dumps(BODY, ensure_ascii=False, separators=(",", ":")).encode()
    )


def test_a_cancel_has_no_body() -> None:
    host, _ = acted_upon(replying(answer(body=b"{}")), method="DELETE")
    assert "content-length" not in host.asked[0].headers


@pytest.mark.parametrize("behave", [cut_off, half_an_answer, never])
def test_a_request_is_sent_once_and_a_broken_connection_leaves_its_effect_open(
    behave: Behave,
) -> None:
    host, error = acted_upon(behave, deadline=0.5)
    assert (host.connections, len(host.asked)) == (1, 1)
    assert not error.never_sent
    assert not surely_not_created(error)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    elsewhere = f"HTTP/1.1 {status} \r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".encode()
    host, got = acted_upon(replying(elsewhere))
    assert got.status_code == status
    assert len(host.asked) == 1


def test_nothing_is_sent_over_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failing(f"http://127.0.0.1:{port}", Allowed.parse(["127.0.0.1"]))
    assert error.trouble == Trouble.CONNECTION


def test_nothing_is_sent_to_a_host_whose_certificate_is_not_accepted(tmp_path: Path) -> None:
    host, error = acted_upon(never, tls=server_of("elsewhere.example", tmp_path)[0])
    assert error.trouble == Trouble.TLS
    assert error.never_sent
    assert host.asked == []


def test_nothing_is_sent_to_a_private_address() -> None:
    error = failing("http://127.0.0.1:8000", NOTHING)
    assert error.trouble == Trouble.PRIVATE_ADDRESS


def failing(base_url: str, allowed: Allowed) -> ProviderError:
    """Return the error of a request of which nothing was sent."""
    with pytest.raises(ProviderError) as caught:
        act(base_url, allowed)
    assert caught.value.never_sent
    assert surely_not_created(caught.value)
    return caught.value
