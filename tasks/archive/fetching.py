"""Bringing one file's bytes into the unfinished folder, from where the last try stopped."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

from tasks.archive.disk import Promises
from tasks.archive.errand import Errand, Snag
from tasks.archive.flow import Flow
from tasks.archive.part import Part, hash_of, sync_folder
from tasks.models import CopyTrouble
from tasks.providers import ProviderError, Trouble
from tasks.providers.downloads import Allowed, Limits, Stream, open_stream

SYNC_SECONDS = 2.0  # between two syncs, at most
LONGEST_TRY = 7200.0  # seconds; a host that drips is let go much sooner, see downloads.Limits
_QUERY = re.compile(r"\?[^\s\"'<>]*")


def fetch(errand: Errand, promises: Promises, has_come: Callable[[], None]) -> None:
    """Have `errand.whole`, and its hash in `errand.digest`; Snag when it did not come.

    `has_come` is called when the host is needed no more, which is before all is on the disk.
    """
    if _has_whole(errand):
        has_come()
        return
    with _part_of(errand) as part:
        _download(errand, part, promises, has_come)
        errand.done, errand.digest = part.sync(), part.digest
    _call_it_whole(errand)


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


@contextmanager
def _part_of(errand: Errand) -> Iterator[Part]:
    """Whatever ends the block, `errand.done` then tells what the next try can go on from."""
    part = Part(errand.part)
    try:
        yield part
    finally:
        with suppress(OSError):
            errand.done = part.sync() if part.has_begun else errand.done
        part.close()


def _download(errand: Errand, part: Part, promises: Promises, has_come: Callable[[], None]) -> None:
    try:
        with Flow(part) as flow, _synced(errand, part, flow, promises):
            with _opened(errand, part) as stream:
                _begin(errand, part, stream, promises)
                flow.take(stream)
            has_come()
        _require_all(errand, part)
    except ProviderError as error:
        raise _snag_of(error) from None
    finally:
        promises.forget(errand.pk)


@contextmanager
def _opened(errand: Errand, part: Part) -> Iterator[Stream]:
    """From behind what we have, if that can be trusted to be the same file's."""
    start = errand.done if errand.etag and errand.done <= part.on_disk else 0
    with open_stream(
        errand.url,
        allowed=Allowed.parse(settings.PRIVATE_HOSTS),
        key=errand.key,
        key_origin=errand.key_origin,
        start=start,
        etag=errand.etag if start else "",
        limits=Limits(largest=settings.LARGEST_VIDEO, deadline=LONGEST_TRY),
        dropped=errand.dropped,
    ) as stream:
        yield stream


def _begin(errand: Errand, part: Part, stream: Stream, promises: Promises) -> None:
    """The host says how much of it there is; an answer about other bytes is no sequel."""
    if stream.start and errand.total not in (None, stream.total):
        raise Snag("It is another file now.", trouble=CopyTrouble.CUT_OFF, is_useless=True)
    promises.make(errand.pk, (stream.total or 0) - stream.start)
    part.begin(stream.start)
    errand.total, errand.etag, errand.done = stream.total, stream.etag[:200], stream.start


def _require_all(errand: Errand, part: Part) -> None:
    if errand.total not in (None, part.size):
        sentence = f"{part.size} of {errand.total} bytes came."
        raise Snag(sentence, trouble=CopyTrouble.CUT_OFF, is_useless=True)


@contextmanager
def _synced(errand: Errand, part: Part, flow: Flow, promises: Promises) -> Iterator[None]:
    """While the block writes, by another thread."""
    ended = threading.Event()
    told = (ended, errand, part, flow, promises)
    thread = threading.Thread(target=_sync_until, args=told, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        part.is_heavy.set()
        thread.join()


def _sync_until(
    ended: threading.Event, errand: Errand, part: Part, flow: Flow, promises: Promises
) -> None:
    """Only bytes that are on the disk count as done: the rest may be lost with the machine."""
    with suppress(OSError, Snag):  # which the next write, or the last sync, raises again
        while True:
            is_heavy = part.is_heavy.wait(SYNC_SECONDS)
            part.is_heavy.clear()
            if ended.is_set():
                break
            if not part.has_begun:
                continue
            if not is_heavy:
                flow.flush()
            errand.done = part.sync()
            if errand.total is not None:
                promises.keep(errand.pk, errand.total - errand.done)


def _snag_of(error: ProviderError) -> Snag:
    return Snag(
        without_queries(str(error)),
        trouble=error.trouble,
        status=error.status_code,
        retry_after=error.retry_after,
        host_time=error.host_time,
        is_permanent=error.permanent,
        is_useless=error.trouble in (Trouble.TOO_LARGE, Trouble.MALFORMED),
    )


def without_queries(words: str) -> str:
    """A link's query is what makes it a key to the video."""
    return _QUERY.sub("", words)[:500]
