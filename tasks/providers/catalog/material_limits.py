"""Limits for videos and sounds that the models accept as input.

Limits of Ark (volcengine.com/docs/82379/1520757, `content.video_url` and `content.audio_url`):
videos are MP4 or MOV of up to 200 MB, with 24 to 60 frames a second, sides of 300 to 6,000 pixels,
0.4 to 2.5 times as wide as high, and at least as many pixels as 640 × 640; sounds are WAV or MP3 of
up to 15 MB. Both last 2 s at least; how long at most is the model's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from tasks.providers.catalog import picture_limits
from tasks.providers.catalog.models import MODELS, Model
from tasks.providers.catalog.picture_limits import LimitViolation

LARGEST_VIDEO = 200_000_000  # bytes
LARGEST_SOUND = 15_000_000  # bytes
SHORTEST = 2.0  # seconds
FEWEST_PIXELS = 640 * 640
SLOWEST, FASTEST = 24.0, 60.0  # frames a second
#: Frames a second by which a rate may miss the limits: 23.976 is called 24 everywhere.
RATE_TOLERANCE = 0.1
#: Seconds by which a length may exceed its limit. The models' own videos do: 15 s are 361 frames,
#: which last 15.04 s, and sound is padded to its last block.
LENGTH_TOLERANCE = 0.5


class Material(StrEnum):
    """The kind of a given file for whoever looks at it or listens to it."""

    PICTURE = "picture"
    VIDEO = "video"
    SOUND = "sound"


VIDEO_KINDS = {"mp4": "video/mp4", "mov": "video/quicktime"}
SOUND_KINDS = {"wav": "audio/wav", "mp3": "audio/mpeg"}
#: Content types of all files that are taken, by the format that is found in the file itself.
KINDS = picture_limits.KINDS | VIDEO_KINDS | SOUND_KINDS


def material_of(kind: str) -> Material:
    """Return what a file of this format is."""
    if kind in VIDEO_KINDS:
        return Material.VIDEO
    return Material.SOUND if kind in SOUND_KINDS else Material.PICTURE


class MaterialLimit(StrEnum):
    """A limit that a video or a sound may exceed; pages have a sentence for each."""

    TOO_LARGE = "too_large"  # megabytes
    TOO_BRIEF = "too_brief"  # seconds
    TOO_LENGTHY = "too_lengthy"
    TOO_SLOW = "too_slow"  # frames a second
    TOO_FAST = "too_fast"
    TOO_FEW_PIXELS = "too_few_pixels"  # width times height


def video_violations(
    *, size: int, width: int, height: int, seconds: float, rate: float, longest: float
) -> Iterator[LimitViolation]:
    """Yield every limit that a video exceeds; `rate` in frames a second, 0 where it is unknown."""
    if size > LARGEST_VIDEO:
        yield _violation(MaterialLimit.TOO_LARGE, size / 1e6, LARGEST_VIDEO / 1e6)
    yield from _length_violations(seconds, longest)
    # A picture's limits on its sides are a video's as well; that on its size is not.
    yield from picture_limits.limit_violations(size=0, width=width, height=height)
    if width * height < FEWEST_PIXELS:
        yield _violation(MaterialLimit.TOO_FEW_PIXELS, width * height, FEWEST_PIXELS)
    if rate and rate < SLOWEST - RATE_TOLERANCE:
        yield _violation(MaterialLimit.TOO_SLOW, rate, SLOWEST)
    if rate > FASTEST + RATE_TOLERANCE:
        yield _violation(MaterialLimit.TOO_FAST, rate, FASTEST)


def sound_violations(*, size: int, seconds: float, longest: float) -> Iterator[LimitViolation]:
    """Yield every limit that a sound exceeds."""
    if size > LARGEST_SOUND:
        yield _violation(MaterialLimit.TOO_LARGE, size / 1e6, LARGEST_SOUND / 1e6)
    yield from _length_violations(seconds, longest)


def _length_violations(seconds: float, longest: float) -> Iterator[LimitViolation]:
    if seconds < SHORTEST:
        yield _violation(MaterialLimit.TOO_BRIEF, seconds, SHORTEST)
    if seconds > longest + LENGTH_TOLERANCE:
        yield _violation(MaterialLimit.TOO_LENGTHY, seconds, longest)


def _violation(limit: MaterialLimit, is_: float, allowed: float) -> LimitViolation:
    return LimitViolation(limit=limit, is_=is_, allowed=allowed)


def longest_given(models: Iterable[Model]) -> int:
    """Return the seconds that one input may last for some of these models, or for any at all."""
    taking = (model.longest_given for model in models if model.reference_videos)
    return max(taking, default=max(model.longest_given for model in MODELS))
