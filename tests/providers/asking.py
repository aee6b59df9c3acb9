"""Both ways out, asked alike: the polls' and the files'."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import pytest

from tasks.providers import Answer, ProviderError, Trouble
from tasks.providers.client import Client
from tasks.providers.guard import NOTHING, Allowed
from tasks.providers.net import GuardedBackend, Resolve, Transport, system_resolve
from tests.providers.fetching import KEY, read
from tests.providers.hosts import answer, replying

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
    return (await read(url, allowed=allowed, resolve=resolve, **wishes)).body


Way = Callable[..., Coroutine[Any, Any, object]]


def refusal(way: Way, url: str, resolve: Resolve, **wishes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        asyncio.run(way(url, resolve, **wishes))
    assert KEY not in repr(caught.value) and "canary" not in repr(caught.value)
    return caught.value


REFUSALS = (Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.BAD_ADDRESS)
ways = pytest.mark.parametrize("way", [poll, download])


async def suppressed(work: Awaitable[object]) -> None:
    with contextlib.suppress(ProviderError):
        await work
