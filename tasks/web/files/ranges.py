"""The bytes that a request asks for: Range and If-Range of RFC 9110 (14.2, 13.1.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.http import parse_http_date_safe

#: A single range. A request for several gets the whole file, which a server may always answer
#: (14.2) and every client understands. Players never send one, and multipart answers have been
#: used to make a server send far more than the file holds.
ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,40})-(\d{0,40})[ \t]*", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiableError(ValueError):
    """The range begins behind the end of the file, or has no bytes."""


@dataclass(frozen=True)
class ByteRange:
    """The bytes from `start` up to, and without, `end`."""

    start: int
    end: int
    is_open: bool = False  # "from here on": the client named no end

    @property
    def length(self) -> int:
        return self.end - self.start

    def at_most(self, length: int) -> ByteRange:
        return ByteRange(self.start, min(self.end, self.start + length))

    def header(self, size: int) -> str:
        """The value of Content-Range in an answer about a file of `size` bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def requested_range(header: str, size: int) -> ByteRange | None:
    """The range that a Range header asks of a file of `size` bytes.

    None means the whole file: a header that cannot be read is to be ignored. Raises
    RangeNotSatisfiableError where 416 is the answer.
    """
    match = ONE_RANGE.fullmatch(header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last bytes: "bytes=-500"
        if not int(last) or not size:
            raise RangeNotSatisfiableError
        return ByteRange(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None  # not a range at all
    if int(first) >= size:
        raise RangeNotSatisfiableError
    end = min(int(last) + 1, size) if last else size
    return ByteRange(int(first), end, is_open=not last)


def if_range_holds(if_range: str, etag: str, modified: int) -> bool:
    """Whether an If-Range header, if there is one, names this very file.

    `modified` is in seconds since 1970. A weak entity tag never does, a date only if it is equal.
    """
    if not if_range or if_range == etag:
        return True
    return parse_http_date_safe(if_range) == modified
