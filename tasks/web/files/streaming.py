"""Streamed answers, of which only a limited number is sent at a time.

A slow reader holds no thread (`management/web_server`), but an open file and some 10 MB of memory.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

MOST_AT_ONCE = 12  # in one process of the web server
RETRY_AFTER = 10  # seconds

_slots = threading.BoundedSemaphore(MOST_AT_ONCE)


class TooManyStreamsError(Exception):
    """The limit of streamed answers is reached."""


class StreamedResponse(StreamingHttpResponse):
    """A streamed answer of `length` bytes; it counts until it is closed or garbage-collected."""

    def __init__(self, blocks: Iterable[bytes], length: int) -> None:
        """Raises TooManyStreamsError."""
        if not _slots.acquire(blocking=False):
            raise TooManyStreamsError
        self._release = weakref.finalize(self, _slots.release)
        super().__init__(blocks, headers={"Content-Length": str(length)})

    def close(self) -> None:
        super().close()
        self._release()


def too_many_streams() -> HttpResponse:
    """A 503 that asks to try again."""
    words = _("Too many downloads are running. Try again in a few seconds.")
    headers = {"Retry-After": str(RETRY_AFTER)}
    return HttpResponse(
        words, status=503, headers=headers, content_type="text/plain; charset=utf-8"
    )
