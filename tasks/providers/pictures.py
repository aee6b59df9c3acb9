"""What a picture must be to be taken by the models, and how a whole one travels in a request.

Limits of Ark (volcengine.com/docs/82379/1520757): below 30 MB, each side from 300 to 6,000 pixels,
from 0.4 to 2.5 times as wide as high; a request's body up to 64 MB.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

LARGEST = 30_000_000  # bytes, which must be fewer
SHORTEST_SIDE, LONGEST_SIDE = 300, 6_000  # pixels
NARROWEST, WIDEST = 0.4, 2.5  # width by height
LARGEST_REQUEST = 64_000_000  # bytes
BESIDES = 500_000  # bytes of it for all but the pictures: words, links, settings

#: By the format that the file itself tells.
KINDS = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
}


class Limit(StrEnum):
    """Which one is broken; pages have a sentence for each."""

    TOO_LARGE = "too_large"  # megabytes
    TOO_SHORT = "too_short"  # pixels of the shorter side
    TOO_LONG = "too_long"  # pixels of the longer side
    TOO_NARROW = "too_narrow"  # width by height
    TOO_WIDE = "too_wide"


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    limit: Limit
    is_: float
    allowed: float


def broken_limits(*, size: int, width: int, height: int) -> Iterator[Broken]:
    """`size` in bytes, sides in pixels."""
    short, long, aspect = min(width, height), max(width, height), width / height
    if size >= LARGEST:
        yield Broken(limit=Limit.TOO_LARGE, is_=size / 1e6, allowed=LARGEST / 1e6)
    if short < SHORTEST_SIDE:
        yield Broken(limit=Limit.TOO_SHORT, is_=short, allowed=SHORTEST_SIDE)
    if long > LONGEST_SIDE:
        yield Broken(limit=Limit.TOO_LONG, is_=long, allowed=LONGEST_SIDE)
    if aspect < NARROWEST:
        yield Broken(limit=Limit.TOO_NARROW, is_=aspect, allowed=NARROWEST)
    if aspect > WIDEST:
        yield Broken(limit=Limit.TOO_WIDE, is_=aspect, allowed=WIDEST)


def data_uri(content_type: str, content: bytes) -> str:
    return f"data:{content_type};base64,{b64encode(content).decode('ascii')}"


def sent_size(sizes: Iterable[int]) -> int:
    """Bytes that files of these sizes become within one request."""
    return sum((size + 2) // 3 * 4 for size in sizes)


def fit_one_request(sizes: Iterable[int]) -> bool:
    return sent_size(sizes) <= LARGEST_REQUEST - BESIDES
