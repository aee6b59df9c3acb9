"""Bringing one file's bytes into the unfinished folder, from where the last try stopped."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from django.conf import settings

from tasks.archive.disk import Promises
from tasks.archive.errand import Errand, Snag
from tasks.archive.part import Part, hash_of, sync_folder
from tasks.archive.threads import in_thread
from tasks.models import CopyTrouble
from tasks.providers import ProviderError, Trouble
from tasks.providers.net import Allowed, Limits, Stream, open_stream

WRITE_BYTES = 1024 * 1024  # handing over to a thread costs 0.1 ms; a file holds two such pieces
SYNC_SECONDS = 2.0
LONGEST_TRY = 7200.0  # seconds; a host that drips is let go much sooner, see net.Limits
_QUERY = re.compile(r"\?[^\s\"'<>]*")


async def fetch(errand: Errand, promises: Promises) -> None:
    """Have `errand.whole`, and its hash in `errand.digest`; Snag when it did not come."""
    if await in_thread(_has_whole, errand):
        return
    async with _part_of(errand) as part:
        await _download(errand, part, promises)
        errand.digest = part.digest
    await in_thread(_call_it_whole, errand)


def _has_whole(errand: Errand) -> bool:
    if not errand.whole.exists():
        return False
    with errand.whole.open("rb") as file:
        errand.digest = hash_of(file).hexdigest()
        errand.done = errand.total = file.tell()
    return True


def _call_it_whole(errand: Errand) -> None:
    errand.part.replace(errand.whole)
    sync_folder(errand.whole.parent)


@asynccontextmanager
async def _part_of(errand: Errand) -> AsyncIterator[Part]:
    """Whatever ends the block, `errand.done` then tells what the next try can go on from."""
    part = Part(errand.part)
    try:
        yield part
    finally:
        with suppress(OSError):
            errand.done = part.sync() if part.has_begun else errand.done
        part.close()


async def _download(errand: Errand, part: Part, promises: Promises) -> None:
    try:
        async with _opened(errand, part) as stream:
            await _begin(errand, part, stream, promises)
            await _pour(errand, part, stream, promises)
    except ProviderError as error:
        raise _snag_of(error) from None
    finally:
        promises.forget(errand.pk)


@asynccontextmanager
async def _opened(errand: Errand, part: Part) -> AsyncIterator[Stream]:
    """From behind what we have, if that can be trusted to be the same file's."""
    start = errand.done if errand.etag and errand.done <= part.on_disk else 0
    async with open_stream(
        errand.url,
        allowed=Allowed.parse(settings.PRIVATE_HOSTS),
        key=errand.key,
        key_origin=errand.key_origin,
        start=start,
        etag=errand.etag if start else "",
        limits=Limits(largest=settings.LARGEST_VIDEO, deadline=LONGEST_TRY),
    ) as stream:
        yield stream


async def _begin(errand: Errand, part: Part, stream: Stream, promises: Promises) -> None:
    """The host says how much of it there is; an answer about other bytes is no sequel."""
    if stream.start and errand.total not in (None, stream.total):
        raise Snag("It is another file now.", trouble=CopyTrouble.CUT_OFF, is_useless=True)
    promises.make(errand.pk, (stream.total or 0) - stream.start)
    await in_thread(part.begin, stream.start)
    errand.total, errand.etag, errand.done = stream.total, stream.etag[:200], stream.start


async def _pour(errand: Errand, part: Part, stream: Stream, promises: Promises) -> None:
    """One piece is written while the next one comes in."""
    synced = asyncio.create_task(_sync_now_and_then(errand, part, promises))
    try:
        await _write_all(stream, part)
    finally:
        synced.cancel()
        await asyncio.wait([synced])
    errand.done = await in_thread(part.sync)
    if stream.total not in (None, part.size):
        sentence = f"{part.size} of {stream.total} bytes came."
        raise Snag(sentence, trouble=CopyTrouble.CUT_OFF, is_useless=True)


async def _write_all(stream: Stream, part: Part) -> None:
    pieces: list[bytes] = []
    writing = asyncio.ensure_future(asyncio.sleep(0))
    try:
        async for chunk in stream:
            pieces.append(chunk)
            if sum(map(len, pieces)) >= WRITE_BYTES:
                await writing
                writing = asyncio.create_task(_write(part, pieces))
                pieces = []
    finally:
        await writing
        await _write(part, pieces)


async def _write(part: Part, pieces: list[bytes]) -> None:
    """Both to their ends, whatever becomes of the other."""
    hashing = asyncio.create_task(in_thread(part.hash, pieces))
    try:
        await in_thread(part.write, pieces)
    finally:
        await hashing


async def _sync_now_and_then(errand: Errand, part: Part, promises: Promises) -> None:
    """Only bytes that are on the disk count as done: the rest may be lost with the machine."""
    while True:
        await asyncio.sleep(SYNC_SECONDS)
        errand.done = await in_thread(part.sync)
        if errand.total is not None:
            promises.keep(errand.pk, errand.total - errand.done)


def _snag_of(error: ProviderError) -> Snag:
    return Snag(
        without_queries(str(error)),
        trouble=error.trouble,
        status=error.status_code,
        retry_after=error.retry_after,
        is_permanent=error.permanent,
        is_useless=error.trouble in (Trouble.TOO_LARGE, Trouble.MALFORMED),
    )


def without_queries(words: str) -> str:
    """A link's query is what makes it a key to the video."""
    return _QUERY.sub("", words)[:500]
