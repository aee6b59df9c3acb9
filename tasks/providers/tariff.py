"""What a video is billed by: how many tokens it may take, and what its price depends on. Pure.

The formula and its measured samples stand in the catalog. What is not known before the video is
made (a size that follows the input, a length that the model chooses, how long given videos are)
makes a range of it, from the smallest to the largest that is documented.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.providers.catalog import FPS, MODEL_CHOOSES, Model, Size, find_model, tokens
from tasks.providers.wish import Mode, Part, Wish

#: Resolutions that are priced alike (volcengine.com/docs/82379/1544106), by the largest of each.
TIERS = {"480p": "720p", "720p": "720p", "1080p": "1080p", "4k": "4k"}
SHORTEST_GIVEN = 2  # seconds of one given video; docs/82379/1520757
LONGEST_GIVEN = 15
#: The only model whose drafts have a documented share of the tokens.
_DRAFT_IS_KNOWN = "seedance-1-5-pro-251215"


def tier_of(resolution: str) -> str:
    """ "" where it is not known."""
    return TIERS.get(resolution.lower(), "")


@dataclass(frozen=True, slots=True)
class Tokens:
    """From the least to the most that one succeeded video may take."""

    least: int
    most: int

    @property
    def is_exact(self) -> bool:
        return self.least == self.most


def tokens_of(wish: Wish) -> Tokens | None:
    """None for a model that the catalog does not know."""
    model = wish.catalogued
    if model is None:
        return None
    sizes = _sizes(wish, model)
    shortest, longest = _seconds(wish, model)
    given_least, given_most = _given_seconds(wish, model)
    least = min(_counted(wish, model, size, shortest, given_least) for size in sizes)
    most = max(_counted(wish, model, size, longest, given_most) for size in sizes)
    if wish.draft and model.name != _DRAFT_IS_KNOWN:
        most = max(tokens(*size, longest, input_seconds=given_most) for size in sizes)
    return Tokens(least, most)


def _counted(wish: Wish, model: Model, size: Size, seconds: float, given: float) -> int:
    audio = model.has_audio if wish.generate_audio is None else wish.generate_audio
    return tokens(*size, seconds, input_seconds=given, draft=bool(wish.draft), audio=audio)


def _sizes(wish: Wish, model: Model) -> list[Size]:
    """The one that is known, or all that a ratio yet to be found could have."""
    resolution = "480p" if wish.draft else wish.resolution or model.default_resolution
    by_ratio = model.sizes.get(resolution.lower(), {})
    if wish.ratio and wish.ratio in by_ratio:
        return [by_ratio[wish.ratio]]
    known = by_ratio or {n: size for sizes in model.sizes.values() for n, size in sizes.items()}
    return list(known.values())


def _seconds(wish: Wish, model: Model) -> tuple[float, float]:
    if wish.frames:  # the one frame more is among them
        length = (wish.frames - 0.5) / FPS
        return length, length
    duration = model.default_duration if wish.duration is None else wish.duration
    follows = model.follows_input and wish.mode == Mode.EDIT
    follows |= wish.mode == Mode.FINAL and wish.duration is None  # as long as its draft
    if duration == MODEL_CHOOSES or follows:
        return model.shortest, model.longest
    return duration, duration


def _given_seconds(wish: Wish, model: Model) -> tuple[float, float]:
    """How long the given videos may be, all together."""
    number = wish.count(Part.REFERENCE_VIDEO)
    most = min(number * LONGEST_GIVEN, model.reference_video_seconds)
    return number * SHORTEST_GIVEN, max(most, number * SHORTEST_GIVEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """What documented prices differ by; None and "" where nobody knows."""

    model: str  # the catalog's name
    tier: str = ""
    with_video: bool | None = None  # whether a video was given
    with_audio: bool | None = None
    is_flex: bool = False


def tariff_of(wish: Wish) -> Tariff | None:
    """None for a model that the catalog does not know."""
    model = wish.catalogued
    if model is None:
        return None
    resolution = "480p" if wish.draft else wish.resolution or model.default_resolution
    audio = model.has_audio if wish.generate_audio is None else wish.generate_audio
    return Tariff(
        model=model.name,
        tier=tier_of(resolution),
        with_video=wish.count(Part.REFERENCE_VIDEO) > 0,
        with_audio=audio,
        is_flex=wish.service_tier == "flex",
    )


def had_video(name: str, resolution: str, ratio: str, seconds: int, counted: int) -> bool | None:
    """Whether a video was given, by the tokens: what was given is counted too. None if unclear.

    Without one the count was the formula's to the token, in each of seven samples.
    """
    model = find_model(name)
    size = model.sizes.get(resolution.lower(), {}).get(ratio) if model else None
    if model is None or size is None or seconds <= 0:
        return None
    if not model.reference_videos:
        return False
    extra = counted - tokens(*size, seconds)
    if extra == 0:
        return False
    return True if extra >= tokens(*size, SHORTEST_GIVEN) * 9 // 10 else None
