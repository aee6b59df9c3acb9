"""Limits for pictures that the models accept, and the encoding of a picture within a request.

Limits of Ark (volcengine.com/docs/82379/1520757): below 30 MB, each side from 300 to 6,000 pixels,
from 0.4 to 2.5 times as wide as high; the body of a request up to 64 MB.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

LARGEST = 30_000_000  # bytes; a picture must have fewer
SHORTEST_SIDE, LONGEST_SIDE = 300, 6_000  # pixels
NARROWEST, WIDEST = 0.4, 2.5  # width divided by height
LARGEST_REQUEST = 64_000_000  # bytes
BESIDES = 500_000  # bytes of a request reserved for prompt, links and settings

#: Content types by the format that is found in the file itself.
KINDS = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
}


class PictureLimit(StrEnum):
    """A limit that a picture may exceed; pages have a sentence for each."""

    TOO_LARGE = "too_large"  # megabytes
    TOO_SHORT = "too_short"  # pixels of the shorter side
    TOO_LONG = "too_long"  # pixels of the longer side
    TOO_NARROW = "too_narrow"  # width divided by height
    TOO_WIDE = "too_wide"


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitViolation:
    """A limit that a file exceeds, with its actual and the allowed value."""

    limit: StrEnum  # a PictureLimit, or a MaterialLimit of a video or a sound
    is_: float
    allowed: float


def limit_violations(*, size: int, width: int, height: int) -> Iterator[LimitViolation]:
    """Yield every limit that a picture exceeds; `size` in bytes, sides in pixels."""
    short, long, aspect = min(width, height), max(width, height), width / height
    if size >= LARGEST:
        yield LimitViolation(limit=PictureLimit.TOO_LARGE, is_=size / 1e6, allowed=LARGEST / 1e6)
    if short < SHORTEST_SIDE:
        yield LimitViolation(limit=PictureLimit.TOO_SHORT, is_=short, allowed=SHORTEST_SIDE)
    if long > LONGEST_SIDE:
        yield LimitViolation(limit=PictureLimit.TOO_LONG, is_=long, allowed=LONGEST_SIDE)
    if aspect < NARROWEST:
        yield LimitViolation(limit=PictureLimit.TOO_NARROW, is_=aspect, allowed=NARROWEST)
    if aspect > WIDEST:
        yield LimitViolation(limit=PictureLimit.TOO_WIDE, is_=aspect, allowed=WIDEST)


def data_uri(content_type: str, content: bytes) -> str:
    """Encode a picture or a sound as a `data:` URI."""
    return f"data:{content_type};base64,{b64encode(content).decode('ascii')}"


def sent_size(sizes: Iterable[int]) -> int:
    """Return the bytes that files of these sizes take within a request, encoded as Base64."""
    return sum((size + 2) // 3 * 4 for size in sizes)


def fit_one_request(sizes: Iterable[int]) -> bool:
    """Whether files of these sizes (in bytes) fit into one request."""
    return sent_size(sizes) <= LARGEST_REQUEST - BESIDES
