"""Which bytes of a file are asked for: Range and If-Range, as RFC 9110 has them (13.1.5, 14.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.http import parse_http_date_safe

#: One range. Who asks for several at once gets the whole file, which a server may always answer
#: (14.2) and every client understands; players never ask so, and multipart answers have been
#: used to make a server send far more than the file holds.
ONE = re.compile(r"bytes=[ \t]*(\d{0,40})-(\d{0,40})[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(ValueError):
    """The range begins behind the end of the file, or is of no bytes."""


@dataclass(frozen=True)
class Span:
    """Bytes from `start` up to, and without, `end`."""

    start: int
    end: int
    is_open: bool = False  # "from here on": the client named no end

    @property
    def length(self) -> int:
        return self.end - self.start

    def at_most(self, length: int) -> Span:
        return Span(self.start, min(self.end, self.start + length))

    def of(self, size: int) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def asked(header: str, size: int) -> Span | None:
    """What a Range header asks of so many bytes; None: the whole file, for it may be ignored.

    Raises Unsatisfiable where 416 is the answer.
    """
    found = ONE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return _last_bytes(int(last), size)
    return _from(int(first), int(last) if last else None, size)


def _last_bytes(count: int, size: int) -> Span:
    if not count or not size:
        raise Unsatisfiable
    return Span(max(0, size - count), size)


def _from(first: int, last: int | None, size: int) -> Span | None:
    if last is not None and last < first:
        return None  # not a range at all
    if first >= size:
        raise Unsatisfiable
    end = size if last is None else min(last + 1, size)
    return Span(first, end, is_open=last is None)


def still_the_same(if_range: str, etag: str, modified: int) -> bool:
    """Whether an If-Range header, if there is one, names this very file.

    `modified` is in seconds. A weak entity tag never does, and a date only if it is the same one.
    """
    if not if_range or if_range == etag:
        return True
    return parse_http_date_safe(if_range) == modified
