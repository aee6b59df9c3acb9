"""Downloads from hosts of one behaviour, started in the loop in which those live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from tasks.providers import ProviderError
from tasks.providers.transport.downloads import Allowed, Stream, open_stream
from tests.providers.hosts import Asked, Behave, Host, answer, serving

KEY = "sk-canary-0123456789"
FILE = bytes(range(256)) * 40
TAG = '"a-tag"'
MEGABYTE = 1_000_000
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    status: int
    start: int
    total: int | None
    etag: str
    headers: Any
    body: bytes


async def read(url: str, *, allowed: Allowed, **requests: Any) -> Fetched:
    return await streaming(url, _all_of, allowed=allowed, **requests)


def _all_of(stream: Stream) -> Fetched:
    return Fetched(
        status=stream.status,
        start=stream.start,
        total=stream.total,
        etag=stream.etag,
        headers=stream.headers,
        body=b"".join(stream),
    )


async def streaming(url: str, use: Callable[[Stream], Result], **requests: Any) -> Result:
    """Use a stream in a thread, while the loop's hosts go on serving it; return the result."""

    def once() -> Result:
        with open_stream(url, **requests) as stream:
            return use(stream)

    return await asyncio.to_thread(once)


def length(stream: Stream) -> int:
    return sum(map(len, stream))


def fetch(behave: Behave, path: str = "/file.mp4", **requests: Any) -> tuple[Fetched, Host]:
    async def once() -> tuple[Fetched, Host]:
        async with serving(behave) as host:
            if requests.pop("gateway", False):
                requests.update(key=KEY, key_origin=f"{host.url}/v1")
            return await read(host.url + path, allowed=host.allowed, **requests), host

    return asyncio.run(once())


def trouble(behave: Behave, **requests: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        fetch(behave, path="/file.mp4?X-Tos-Signature=canary&token=canary", **requests)
    error = caught.value
    told = f"{error!r} {error} {error.code} {error.request_id}"
    assert "canary" not in told and error.__cause__ is None
    return error


async def a_good_one(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer as a good host does, with Range, If-Range and an ETag."""
    start = int(asked.headers.get("range", "bytes=0-")[6:-1])
    if not start or asked.headers.get("if-range", TAG) != TAG:
        writer.write(answer(body=FILE, etag=TAG, content_type="video/mp4"))
    elif start >= len(FILE):
        writer.write(answer(416, content_range=f"bytes */{len(FILE)}"))
    else:
        span = f"bytes {start}-{len(FILE) - 1}/{len(FILE)}"
        writer.write(answer(206, FILE[start:], etag=TAG, content_range=span))
