"""The tokens that the documented formula gives for a finished video, from what its file says. Pure.

`models.tokens` has the formula and its measured samples. What the documentation leaves open is
never held against a bill. These count as open, each way within the limits named here:

- the frames: seconds × 24 by the documentation, one more in every measured sample;
- the size: that of the file or, where it is at most EDGE pixels off, the documented one (1088 lines
  are billed for a file that shows 1080 of them);
- the rest of a division: rounded up or down;
- the length of an input video, counted in begun or in whole seconds;
- a minimum for videos with input videos, which is mentioned without a number;
- the share of a draft, which is documented for one model only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

from tasks.providers.catalog.models import FPS, Model, Size
from tasks.providers.catalog.tariff import DRAFT_IS_KNOWN, SHORTEST_GIVEN

EDGE = 8  # pixels that an encoder may cut off
RATE_OFF = 0.5  # frames a second; 23.976 is 24
PER_TOKEN = 1024  # pixels of all frames


class Doubt(StrEnum):
    """A reason why nobody can say whether a take was billed by the formula."""

    NOT_TOKENS = "not_tokens"  # a price of the second or the video, or a sum of money
    UNCOUNTED = "uncounted"  # the provider has named no tokens
    NO_FILE = "no_file"  # the video was never saved here
    MODEL = "model"  # it is not in the catalog
    UNMEASURED = "unmeasured"  # the file names neither frames nor length, or no size
    DRAFT = "draft"
    INPUT = "input"  # how long the input videos are, or whether there were any
    MINIMUM = "minimum"
    ENLARGED = "enlarged"  # the file is larger than what was made: the gateway enhanced it


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoFacts:
    """The facts that a saved file tells of itself, None where it does not."""

    width: int | None
    height: int | None
    frames: int | None
    rate: float | None  # frames a second
    seconds: float | None
    has_audio: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """The making of a video, as far as it is known here."""

    draft: bool | None = None
    audio: bool | None = None  # None: as the file says
    inputs: tuple[float | None, ...] | None = ()  # seconds of input videos; None: if any is unknown
    size: Size | None = None  # as the provider says, by resolution and ratio
    is_enhanced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The tokens that the formula gives, with what is possible below and above for a reason."""

    least: int
    most: int
    lowest: int
    highest: int
    below: Doubt | None = None
    within: Doubt | None = None
    above: Doubt | None = None

    def doubt_of(self, billed: int) -> Doubt | None:
        """Return why this bill can be neither confirmed nor doubted, or None if it can be."""
        if billed < self.least:
            return self.below if billed >= self.lowest else None
        if billed > self.most:
            return self.above if billed <= self.highest else None
        return self.within

    def difference(self, billed: int) -> int:
        """Return the tokens that were billed beyond the formula's; negative for fewer."""
        return max(0, billed - self.most) + min(0, billed - self.least)


def expected_of(model: Model, video: VideoFacts, making: Making) -> Expected | Doubt:
    """Apply the formula to a file; a Doubt where the file does not say enough."""
    frames = _frames(video)
    if not video.width or not video.height or frames is None:
        return Doubt.UNMEASURED
    areas = [width * height for width, height in _sizes(model, (video.width, video.height))]
    lowest_share, least_share, most_share = _shares(model, video, making)
    inputs = _inputs(model, making)

    def tokens(area: int, number: int, percent: int) -> tuple[int, int]:
        hundredths = area * number * percent
        return hundredths // (PER_TOKEN * 100), -(-hundredths // (PER_TOKEN * 100))

    shortest, longest = min(areas), max(areas)
    below = Doubt.DRAFT if lowest_share < least_share else None
    within = Doubt.DRAFT if least_share < most_share else inputs.within
    lowest = tokens(shortest, frames[0] + inputs.least, lowest_share)[0]
    if _is_enlarged(video, making):
        lowest, below = 0, Doubt.ENLARGED
    return Expected(
        least=tokens(shortest, frames[0] + inputs.least, least_share)[0],
        most=tokens(longest, frames[1] + inputs.most, most_share)[1],
        lowest=lowest,
        highest=tokens(longest, frames[1] + inputs.highest, most_share)[1],
        below=below,
        within=within,
        above=inputs.above,
    )


def _frames(video: VideoFacts) -> tuple[int, int] | None:
    """Return the fewest and the most frames that may be billed for the file itself.

    A file of another rate was encoded anew: its seconds count. They are those of the sound as well,
    which may end a frame or two later.
    """
    if video.frames and (video.rate is None or abs(video.rate - FPS) <= RATE_OFF):
        is_whole = video.frames % FPS == 0  # the frame more is not in the file
        return (video.frames, video.frames + 1) if is_whole else (video.frames - 1, video.frames)
    if not video.seconds:
        return None
    return max(1, floor(video.seconds * FPS) - 1), ceil(video.seconds * FPS) + 1


def _sizes(model: Model, size: Size) -> Iterator[Size]:
    """Yield the file's size, and each documented one that an encoder may have made it of."""
    yield size
    for row in model.sizes.values():
        for width, height in row.values():
            if abs(width - size[0]) <= EDGE and abs(height - size[1]) <= EDGE:
                yield width, height


def _shares(model: Model, video: VideoFacts, making: Making) -> tuple[int, int, int]:
    """Return what is billed in per cent: the lowest possible, the least and the most expected."""
    audio = video.has_audio if making.audio is None else making.audio
    of_draft = (60 if audio else 70) if model.name == DRAFT_IS_KNOWN else 0
    if making.draft:  # of other models' drafts nobody knows the share
        return of_draft, of_draft, of_draft or 100
    return (of_draft if making.draft is None and model.has_draft else 100), 100, 100


@dataclass(frozen=True, kw_only=True, slots=True)
class _Inputs:
    """Frames of the input videos, and what is open about them."""

    least: int = 0
    most: int = 0
    highest: int = 0
    within: Doubt | None = None
    above: Doubt | None = None


def _inputs(model: Model, making: Making) -> _Inputs:
    if making.inputs == () or not model.reference_videos:
        return _Inputs()
    highest = model.reference_video_seconds * FPS
    if making.inputs is None:
        return _Inputs(highest=highest, above=Doubt.INPUT)
    least = sum(SHORTEST_GIVEN if each is None else floor(each) for each in making.inputs) * FPS
    if None in making.inputs:
        return _Inputs(least=least, most=highest, highest=highest, within=Doubt.INPUT)
    most = sum(ceil(each) for each in making.inputs if each is not None) * FPS
    return _Inputs(least=least, most=most, highest=max(most, highest), above=Doubt.MINIMUM)


def _is_enlarged(video: VideoFacts, making: Making) -> bool:
    """Whether the file is larger than the provider says that it made it."""
    if making.is_enhanced:
        return True
    if making.size is None or not video.width or not video.height:
        return False
    return video.width > making.size[0] + EDGE and video.height > making.size[1] + EDGE
