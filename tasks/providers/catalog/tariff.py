"""The basis of a bill: the tokens a video may take, and the facts its price depends on. Pure.

The formula and its measured samples are in models.py. Some facts are unknown before the video
exists: a size that follows the input, a length that the model chooses, the length of input videos.
They make a range, from the smallest to the largest documented value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from tasks.providers.catalog.models import FPS, MODEL_CHOOSES, Model, find_model, tokens
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Mode

#: For each resolution the largest that has the same price (volcengine.com/docs/82379/1544106).
TIERS = {"480p": "720p", "720p": "720p", "1080p": "1080p", "4k": "4k"}
SHORTEST_GIVEN = 2  # seconds of one input video; docs/82379/1520757
#: The only model whose drafts have a documented share of the tokens.
DRAFT_IS_KNOWN = "seedance-1-5-pro-251215"


def tier_of(resolution: str) -> str:
    """Return the price tier of a resolution, or "" where it is unknown."""
    return TIERS.get(resolution.lower(), "")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The fewest and the most tokens that one succeeded video may take."""

    least: int
    most: int

    @property
    def is_exact(self) -> bool:
        return self.least == self.most


def tokens_of(request: GenerationRequest) -> Tokens | None:
    """Estimate the tokens of a request; None for a model that the catalog does not know."""
    model = request.catalogued
    if model is None:
        return None
    # 1. The size that is known, or every size that an undecided ratio or resolution could have.
    resolution, ratio = _resolution(request, model).lower(), _ratio(request)
    known = [resolution] if resolution in model.sizes else model.resolutions
    rows = [model.sizes[each] for each in known]
    sizes = [row[ratio] for row in rows if ratio in row]
    sizes = sizes or [size for row in rows for size in row.values()]
    # 2. The length of the video, and that of all input videos together, in seconds.
    shortest, longest = _seconds(request, model)
    least_input, most_input = _input_seconds(request, model)
    # 3. A draft takes a share, which is documented for one model only.
    draft, audio = bool(request.draft), _has_audio(request, model)
    has_known_share = model.name == DRAFT_IS_KNOWN

    def count(seconds: float, input_seconds: float, *, draft: bool) -> list[int]:
        return [
            tokens(*size, seconds, input_seconds=input_seconds, draft=draft, audio=audio)
            for size in sizes
        ]

    return Tokens(
        min(count(shortest, least_input, draft=draft)),
        max(count(longest, most_input, draft=draft and has_known_share)),
    )


def resolution_of(request: GenerationRequest) -> str:
    """Return the resolution that a request will be made in, or "" where nobody knows it."""
    model = request.catalogued
    return (_resolution(request, model) if model else request.resolution or "").lower()


def _resolution(request: GenerationRequest, model: Model) -> str:
    if request.draft:
        return "480p"
    of_finals = model.final_resolution if request.mode == Mode.FINAL else ""
    return request.resolution or of_finals or model.default_resolution


def _ratio(request: GenerationRequest) -> str:
    inherited = request.inherited.ratio if request.inherited else ""
    return request.ratio or inherited


def _has_audio(request: GenerationRequest, model: Model) -> bool:
    chosen = request.generate_audio
    if chosen is None and request.inherited:
        chosen = request.inherited.generate_audio
    return model.has_audio if chosen is None else chosen


def _seconds(request: GenerationRequest, model: Model) -> tuple[float, float]:
    """Return the shortest and the longest length that the video may have."""
    if request.frames:  # `tokens` adds one frame, which is among the requested ones
        length = (request.frames - 0.5) / FPS
        return length, length
    chosen = request.duration
    if chosen is None and request.inherited:
        chosen = request.inherited.duration
    duration = model.default_duration if chosen is None else chosen
    follows = model.follows_input and request.mode == Mode.EDIT
    given = request.seconds_of(MediaRole.REFERENCE_VIDEO)
    if follows and len(given) == 1 and given[0] is not None:  # as long as what is edited
        return floor(given[0]), ceil(given[0])
    follows |= request.mode == Mode.FINAL and chosen is None  # as long as its draft
    if duration == MODEL_CHOOSES or follows:
        return model.shortest, model.longest
    return duration, duration


def _input_seconds(request: GenerationRequest, model: Model) -> tuple[float, float]:
    """Return the fewest and the most seconds of all input videos; equal where all are known."""
    lengths = request.seconds_of(MediaRole.REFERENCE_VIDEO)
    known = sum(each for each in lengths if each is not None)
    unknown = request.videos - sum(each is not None for each in lengths)
    shortest_given = model.shortest_edited if request.mode == Mode.EDIT else SHORTEST_GIVEN
    least, most = known + unknown * shortest_given, known + unknown * model.longest_given
    return least, max(least, min(most, model.reference_video_seconds)) if unknown else least


def seconds_of(request: GenerationRequest) -> tuple[int, int] | None:
    """Estimate the begun seconds of the video that is made: the fewest and the most.

    None for a model that the catalog does not know.
    """
    model = request.catalogued
    if model is None:
        return None
    shortest, longest = _seconds(request, model)
    return ceil(shortest), ceil(longest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """The facts that documented prices depend on; None and "" where they are unknown."""

    model: str  # the catalog's name, else the provider's
    tier: str = ""
    with_video: bool | None = None  # whether a video was given as input
    with_audio: bool | None = None
    is_flex: bool = False


def tariff_of(request: GenerationRequest) -> Tariff | None:
    """Return the tariff of a request; None for a model that the catalog does not know."""
    model = request.catalogued
    if model is None:
        return None
    return Tariff(
        model=model.name,
        tier=tier_of(_resolution(request, model)),
        with_video=request.videos > 0,
        with_audio=_has_audio(request, model),
        is_flex=request.service_tier == "flex",
    )


def had_video(name: str, resolution: str, ratio: str, seconds: int, counted: int) -> bool | None:
    """Whether a video was given as input, judged by the tokens billed; None if that is unclear.

    Input videos are billed too. Without one the count was exactly the formula's, in each of seven
    samples.
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
