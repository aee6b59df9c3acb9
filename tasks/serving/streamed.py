"""Answers that are sent while they are made, of which there are only so many at a time.

Each holds a thread of the web server until its reader has it all, and has 16 to hold: without a
bound, as many downloads over slow lines would leave none for the pages.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

MOST_AT_ONCE = 12  # in one process of the web server; `manage.py web` has 16 threads
RETRY_AFTER = 10  # seconds

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class NoPlace(Exception):
    """There are as many as there may be."""


class Streamed(StreamingHttpResponse):
    """Of `length` bytes. Raises NoPlace; has its place until it is closed, or forgotten."""

    def __init__(self, blocks: Iterable[bytes], length: int) -> None:
        if not _places.acquire(blocking=False):
            raise NoPlace
        self._give_back = weakref.finalize(self, _places.release)
        super().__init__(blocks, headers={"Content-Length": str(length)})

    def close(self) -> None:
        super().close()
        self._give_back()


def no_place() -> HttpResponse:
    words = _("Many downloads are under way. Try again in a few seconds.")
    headers = {"Retry-After": str(RETRY_AFTER)}
    return HttpResponse(
        words, status=503, headers=headers, content_type="text/plain; charset=utf-8"
    )
