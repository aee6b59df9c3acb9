"""What the head of a file's answer says: which part of it comes, how long it is, which file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Headers = Mapping[str, str]  # names in lower case


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    stop: int  # the byte after the last
    total: int | None


_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def part_in(headers: Headers) -> Part | None:
    """None where Content-Range says nothing, or what cannot be."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not found:
        return None
    total = None if found[3] == "*" else int(found[3])
    part = Part(int(found[1]), int(found[2]) + 1, total)
    return part if part.start < part.stop <= (total or part.stop) else None


def length_in(headers: Headers) -> int | None:
    """Bytes of the body; None where that ends in another way."""
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and "transfer-encoding" not in headers else None


def strong(etag: str) -> str:
    """Only such a tag promises the same bytes (RFC 9110, 8.8.1); "" for another."""
    is_whole = len(etag) < 200 and etag.isascii() and etag.isprintable()
    return etag if is_whole and etag.startswith('"') and etag.endswith('"') else ""
