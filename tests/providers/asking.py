"""Helpers for requests over both kinds of connection: those of polls and those of downloads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import pytest

from tasks.providers import Answer, ProviderError, Trouble
from tasks.providers.transport.client import Client
from tasks.providers.transport.guard import NOTHING, Allowed
from tasks.providers.transport.net import GuardedBackend, Resolve, Transport, system_resolve
from tests.providers.fetching import KEY, read
from tests.providers.hosts import answer, replying

OK = replying(answer(body=b"{}", content_type="application/json"))


def leading_to(*addresses: str) -> Resolve:
    """Make a name server that gives these addresses for every host."""
    return lambda host, port: addresses


def not_asked(host: str, port: int) -> Iterable[str]:
    """Fail the test: this host must not be looked up."""
    raise AssertionError(f"{host} was looked up")


def client(
    base_url: str, resolve: Resolve = system_resolve, *, allowed: Allowed = NOTHING, **options: Any
) -> Client:
    transport = Transport(GuardedBackend(allowed, resolve))
    return Client(base_url, KEY, transport=transport, **options)


async def poll(base_url: str, resolve: Resolve = system_resolve, **options: Any) -> Answer:
    async with client(base_url, resolve, **options) as asking:
        return await asking.get("/task")


async def download(
    url: str, resolve: Resolve = system_resolve, *, allowed: Allowed = NOTHING, **options: Any
) -> bytes:
    return (await read(url, allowed=allowed, resolve=resolve, **options)).body


Way = Callable[..., Coroutine[Any, Any, object]]


def refusal(way: Way, url: str, resolve: Resolve, **options: Any) -> ProviderError:
    """Return the error that a request raises; neither the key nor the query may be in it."""
    with pytest.raises(ProviderError) as caught:
        asyncio.run(way(url, resolve, **options))
    assert KEY not in repr(caught.value) and "canary" not in repr(caught.value)
    return caught.value


REFUSALS = (Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.BAD_ADDRESS)
ways = pytest.mark.parametrize("way", [poll, download])


async def suppressed(work: Awaitable[object]) -> None:
    with contextlib.suppress(ProviderError):
        await work
