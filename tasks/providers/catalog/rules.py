"""Rules for a request, checked before any money is spent.

The form shows the same violations live that the server refuses. Sources are Ark's page
(volcengine.com/docs/82379/1520757) and BytePlus's (docs.byteplus.com/en/docs/ModelArk/1520757).
The abilities of a model are in the catalog; what a provider forwards is in its dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from tasks.providers.catalog.material_limits import LENGTH_TOLERANCE, SHORTEST
from tasks.providers.catalog.models import (
    ADAPTIVE,
    MODEL_CHOOSES,
    RATIOS,
    Input,
    Model,
    find_model,
)
from tasks.providers.catalog.request import SCALARS, GenerationRequest, MediaRole, Mode, modes_of

LARGEST_SEED = 2**32 - 1
MOST_PRIORITY = 9
SHORTEST_EXPIRY, LONGEST_EXPIRY = 3_600, 259_200  # seconds
LONGEST_IDENTIFIER = 64
FEWEST_FRAMES, MOST_FRAMES = 29, 289  # 25 + 4n

ASSET = "asset://"  # followed by the id of a file in the provider's own library


class Rule(StrEnum):
    """The rule that a request breaks; pages have a sentence for each."""

    UNKNOWN_MODEL = "unknown_model"
    NOT_THIS_MODE = "not_this_mode"  # the model does not have the mode
    NEEDS_PROMPT = "needs_prompt"
    NEEDS_MEDIUM = "needs_medium"
    TOO_MANY = "too_many"
    NOT_IN_THIS_MODE = "not_in_this_mode"  # the mode does not use this medium
    ONLY_ASSETS = "only_assets"  # media must come from the provider's own library
    NOT_ALONE = "not_alone"  # sound without a picture or video
    NEEDS_DRAFT = "needs_draft"
    NOT_OF_MODEL = "not_of_model"
    NOT_FORWARDED = "not_forwarded"  # the provider drops it
    ONE_OF = "one_of"
    BETWEEN = "between"
    FRAMES_STEP = "frames_step"
    ADAPTIVE_ONLY = "adaptive_only"
    MODEL_CHOOSES_ONLY = "model_chooses_only"
    DRAFT_480P = "draft_480p"
    NOT_OF_A_DRAFT = "not_of_a_draft"
    NO_1080P_REFERENCES = "no_1080p_references"
    ONLY_FROM_TEXT = "only_from_text"
    ONLY_RESOLUTION_OF_FINALS = "only_resolution_of_finals"
    NEEDS_LINK = "needs_link"  # a video inside the request itself
    GIVEN_LENGTH = "given_length"  # of one input, in seconds
    GIVEN_LENGTHS = "given_lengths"  # of all inputs of a role together
    ENDED = "ended"  # the vendor has shut the model down
    ENDED_AND_REPLACED = "ended_and_replaced"


class Caution(StrEnum):
    """A setting that a create accepts and that may still fail its task; pages have sentences."""

    MAY_FAIL_LATER = "may_fail_later"  # ratio or length beside an input video of 2.5
    GIVEN_VIDEO_LENGTH = "given_video_length"  # an edited video of 2.5 has 4 to 30 s


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleViolation:
    """A rule that a request breaks: the request's field, and what would be allowed instead.

    Allowed are values from `low` to `high`, or one of `options`, as the rule has it.
    """

    field: str
    rule: Rule
    low: int = 0
    high: int = 0
    options: tuple[str, ...] = ()
    day: date | None = None


class RequestLimits(Protocol):
    """The limits that a dialect sets to a request; `providers.base.Dialect` has them."""

    @property
    def forwarded_fields(self) -> frozenset[str]:
        """Fields and media roles of a request that reach the model."""

    @property
    def needs_prompt(self) -> bool:
        """Whether a create without a prompt is refused, whatever media it has."""

    def takes_only_assets(self, model: Model) -> bool:
        """Whether this model accepts only media of the provider's own library: `asset://…`."""


def violations(
    request: GenerationRequest, model: Model, dialect: RequestLimits
) -> tuple[RuleViolation, ...]:
    """Return everything that a request violates, in the order of the form.

    Where the model does not have the mode, that is the only violation returned.
    """
    if request.mode not in modes_of(model):
        return (RuleViolation(field="mode", rule=Rule.NOT_THIS_MODE, options=modes_of(model)),)
    inputs = (*_inputs(request, model, dialect), *_forwarding(request, dialect))
    if not model.is_checked:
        return tuple(each for each in inputs if each.rule not in _OF_CHECKED)
    return (*inputs, *_settings(request, model), *_combinations(request, model))


#: Limits of inputs that a new model need not share with its nearest relative.
_OF_CHECKED = (Rule.TOO_MANY, Rule.GIVEN_LENGTH, Rule.GIVEN_LENGTHS)


def end_of(model: Model, vendor: str, day: date) -> RuleViolation | None:
    """Return the violation of a model that its vendor has shut down by this day, or None.

    Its `day` is the first one without the model, and its option the label of the replacement.
    """
    ended = model.retirement(vendor, day)
    if ended is None:
        return None
    replacement = find_model(ended.replaced_by)
    return RuleViolation(
        field="model",
        rule=Rule.ENDED_AND_REPLACED if replacement else Rule.ENDED,
        options=(replacement.label,) if replacement else (),
        day=ended.on,
    )


def cautions(request: GenerationRequest, model: Model) -> tuple[Caution, ...]:
    """Return what may fail the task minutes after its create was accepted."""
    if not model.follows_input or not request.count(MediaRole.REFERENCE_VIDEO):
        return ()
    found = []
    has_ratio = request.ratio not in (None, ADAPTIVE)
    if has_ratio or request.duration not in (None, MODEL_CHOOSES):
        found.append(Caution.MAY_FAIL_LATER)
    if request.mode == Mode.EDIT and None in request.seconds_of(MediaRole.REFERENCE_VIDEO):
        found.append(Caution.GIVEN_VIDEO_LENGTH)
    return tuple(found)


_REFERENCES = frozenset(
    {MediaRole.REFERENCE_IMAGE, MediaRole.REFERENCE_VIDEO, MediaRole.REFERENCE_AUDIO}
)
#: For each mode: the roles that it needs, and those that it may have besides.
_ROLES: dict[Mode, tuple[frozenset[MediaRole], frozenset[MediaRole]]] = {
    Mode.TEXT: (frozenset(), frozenset()),
    Mode.FIRST_FRAME: (frozenset({MediaRole.FIRST_FRAME}), frozenset()),
    Mode.FIRST_AND_LAST_FRAME: (
        frozenset({MediaRole.FIRST_FRAME, MediaRole.LAST_FRAME}),
        frozenset(),
    ),
    Mode.REFERENCE: (frozenset(), _REFERENCES),
    Mode.EDIT: (frozenset({MediaRole.REFERENCE_VIDEO}), _REFERENCES),
    Mode.EXTEND: (frozenset({MediaRole.REFERENCE_VIDEO}), _REFERENCES),
    Mode.FINAL: (frozenset(), frozenset()),
}


def allowed_roles(mode: Mode, model: Model) -> dict[MediaRole, int]:
    """Return the media roles that this mode may have, each with its largest number of media."""
    several = {
        MediaRole.REFERENCE_IMAGE: model.reference_images,
        MediaRole.REFERENCE_VIDEO: model.reference_videos,
        MediaRole.REFERENCE_AUDIO: model.reference_audios,
    }
    needed, optional = _ROLES[mode]
    return {
        role: several.get(role, 1)
        for role in MediaRole
        if role in needed | optional and Input(role) in model.inputs and several.get(role, 1)
    }


def _inputs(
    request: GenerationRequest, model: Model, dialect: RequestLimits
) -> Iterator[RuleViolation]:
    most = allowed_roles(request.mode, model)
    for role in MediaRole:
        number = request.count(role)
        if number and role not in most:
            yield RuleViolation(field=role, rule=Rule.NOT_IN_THIS_MODE)
        elif number > most.get(role, 0):
            yield RuleViolation(field=role, rule=Rule.TOO_MANY, high=most[role])
        elif not number and role in _ROLES[request.mode][0]:
            yield RuleViolation(field=role, rule=Rule.NEEDS_MEDIUM)
    if request.mode == Mode.REFERENCE:
        visual = request.count(MediaRole.REFERENCE_IMAGE) + request.count(MediaRole.REFERENCE_VIDEO)
        if not visual and not request.count(MediaRole.REFERENCE_AUDIO):
            yield RuleViolation(field=MediaRole.REFERENCE_IMAGE, rule=Rule.NEEDS_MEDIUM)
        elif not visual and Input.AUDIO_ALONE not in model.inputs:
            yield RuleViolation(field=MediaRole.REFERENCE_AUDIO, rule=Rule.NOT_ALONE)
    videos = (each.url for each in request.media if each.part == MediaRole.REFERENCE_VIDEO)
    if any(url.startswith("data:") for url in videos):
        yield RuleViolation(field=MediaRole.REFERENCE_VIDEO, rule=Rule.NEEDS_LINK)
    yield from _lengths(request, model)
    if dialect.takes_only_assets(model):
        foreign = {medium.part for medium in request.media if not medium.url.startswith(ASSET)}
        for role in MediaRole:
            if role in foreign:
                yield RuleViolation(field=role, rule=Rule.ONLY_ASSETS)
    if request.mode == Mode.FINAL and not request.draft_task_id:
        yield RuleViolation(field="draft_task_id", rule=Rule.NEEDS_DRAFT)
    elif request.mode != Mode.FINAL and request.draft_task_id:
        yield RuleViolation(field="draft_task_id", rule=Rule.NOT_IN_THIS_MODE)
    is_needed = request.mode in (Mode.TEXT, Mode.EDIT) or dialect.needs_prompt
    if is_needed and not request.prompt.strip():
        yield RuleViolation(field="prompt", rule=Rule.NEEDS_PROMPT)


def _lengths(request: GenerationRequest, model: Model) -> Iterator[RuleViolation]:
    """Check the lengths of input videos and sounds, as far as they are known here."""
    together = {
        MediaRole.REFERENCE_VIDEO: model.reference_video_seconds,
        MediaRole.REFERENCE_AUDIO: model.reference_audio_seconds,
    }
    for role, most in together.items():
        is_edited = request.mode == Mode.EDIT and role == MediaRole.REFERENCE_VIDEO
        shortest = model.shortest_edited if is_edited else SHORTEST
        longest = model.longest_given
        known = [seconds for seconds in request.seconds_of(role) if seconds is not None]
        if any(not shortest <= each <= longest + LENGTH_TOLERANCE for each in known):
            low = int(shortest)
            yield RuleViolation(field=role, rule=Rule.GIVEN_LENGTH, low=low, high=longest)
        elif most and sum(known) > most + LENGTH_TOLERANCE:
            yield RuleViolation(field=role, rule=Rule.GIVEN_LENGTHS, high=most)


def _forwarding(request: GenerationRequest, dialect: RequestLimits) -> Iterator[RuleViolation]:
    """Yield the fields that the provider would drop without a word."""
    given = {*request.scalars(), *(str(medium.part) for medium in request.media)}
    given |= {name for name in ("web_search", "draft_task_id") if getattr(request, name)}
    dropped = given - dialect.forwarded_fields
    for name in (*MediaRole, *SCALARS, "web_search", "draft_task_id"):
        if name in dropped:
            yield RuleViolation(field=name, rule=Rule.NOT_FORWARDED)


Check = Callable[[GenerationRequest, Model], RuleViolation | None]


def _choice(name: str, options: Callable[[Model], tuple[str, ...]]) -> Check:
    """Make a check for a setting that must be one of the model's options."""

    def check(request: GenerationRequest, model: Model) -> RuleViolation | None:
        value, allowed = getattr(request, name), options(model)
        if value is None or value in allowed:
            return None
        return RuleViolation(field=name, rule=Rule.ONE_OF, options=allowed)

    return check


def _switch(name: str, has: Callable[[Model], bool]) -> Check:
    """Make a check for a switch; switching off what the model lacks is allowed."""

    def check(request: GenerationRequest, model: Model) -> RuleViolation | None:
        is_fine = not getattr(request, name) or has(model)
        return None if is_fine else RuleViolation(field=name, rule=Rule.NOT_OF_MODEL)

    return check


def _number(name: str, low: int, high: int, has: Callable[[Model], bool]) -> Check:
    """Make a check for a number that must lie between two bounds."""

    def check(request: GenerationRequest, model: Model) -> RuleViolation | None:
        value = getattr(request, name)
        if value is None:
            return None
        if not has(model):
            return RuleViolation(field=name, rule=Rule.NOT_OF_MODEL)
        if low <= value <= high:
            return None
        return RuleViolation(field=name, rule=Rule.BETWEEN, low=low, high=high)

    return check


def _duration(request: GenerationRequest, model: Model) -> RuleViolation | None:
    if request.duration is None or model.takes_duration(request.duration):
        return None
    return RuleViolation(
        field="duration",
        rule=Rule.BETWEEN,
        low=model.shortest,
        high=model.longest,
        options=(str(MODEL_CHOOSES),) if model.can_choose_duration else (),
    )


def _frames(request: GenerationRequest, model: Model) -> RuleViolation | None:
    if request.frames is None or not model.has_frames:
        return None
    if FEWEST_FRAMES <= request.frames <= MOST_FRAMES and (request.frames - 25) % 4 == 0:
        return None
    return RuleViolation(field="frames", rule=Rule.FRAMES_STEP, low=FEWEST_FRAMES, high=MOST_FRAMES)


def tiers_of(model: Model) -> tuple[str, ...]:
    """Return the service tiers that a model has."""
    return ("default", "flex") if model.has_flex else ("default",)


def formats_of(model: Model) -> tuple[str, ...]:
    """Return the output formats that a model has."""
    return ("mp4", "mov") if model.has_mov else ("mp4",)


_CHECKS: tuple[Check, ...] = (
    _choice("resolution", lambda model: model.resolutions),
    _choice("ratio", lambda model: (*RATIOS, ADAPTIVE)),
    _duration,
    _switch("frames", lambda model: model.has_frames),
    _frames,
    _number("seed", -1, LARGEST_SEED, lambda model: model.has_seed),
    _switch("generate_audio", lambda model: model.has_audio),
    _switch("camera_fixed", lambda model: model.has_camera_fixed),
    _choice("service_tier", tiers_of),
    _number("priority", 0, MOST_PRIORITY, lambda model: model.has_priority),
    _number("execution_expires_after", SHORTEST_EXPIRY, LONGEST_EXPIRY, lambda model: True),
    _switch("web_search", lambda model: Input.WEB_SEARCH in model.inputs),
    _switch("draft", lambda model: model.has_draft),
    _choice("output_format", formats_of),
)


def _settings(request: GenerationRequest, model: Model) -> Iterator[RuleViolation]:
    for check in _CHECKS:
        if violation := check(request, model):
            yield violation
    if request.safety_identifier and len(request.safety_identifier) > LONGEST_IDENTIFIER:
        yield RuleViolation(field="safety_identifier", rule=Rule.BETWEEN, high=LONGEST_IDENTIFIER)


_FOLLOWING = frozenset({Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME, Mode.EDIT, Mode.EXTEND})


def _combinations(request: GenerationRequest, model: Model) -> Iterator[RuleViolation]:
    """Check what only some inputs allow, and what a create accepts although its task then fails."""
    if request.draft:  # always 480p, without last frame and flex
        if request.mode == Mode.FINAL:
            yield RuleViolation(field="draft", rule=Rule.NOT_OF_A_DRAFT)
        if request.resolution not in (None, "480p"):
            yield RuleViolation(field="resolution", rule=Rule.DRAFT_480P, options=("480p",))
        if request.service_tier == "flex":
            yield RuleViolation(field="service_tier", rule=Rule.NOT_OF_A_DRAFT)
        if request.return_last_frame:
            yield RuleViolation(field="return_last_frame", rule=Rule.NOT_OF_A_DRAFT)
    of_finals = model.final_resolution if request.mode == Mode.FINAL else ""
    if of_finals and request.resolution not in (None, of_finals):
        only = (of_finals,)
        yield RuleViolation(field="resolution", rule=Rule.ONLY_RESOLUTION_OF_FINALS, options=only)
    if model.follows_input and request.mode in _FOLLOWING and request.ratio not in (None, ADAPTIVE):
        yield RuleViolation(field="ratio", rule=Rule.ADAPTIVE_ONLY, options=(ADAPTIVE,))
    has_length = request.duration not in (None, MODEL_CHOOSES)
    if model.follows_input and request.mode == Mode.EDIT and has_length:
        yield RuleViolation(field="duration", rule=Rule.MODEL_CHOOSES_ONLY)
    if request.web_search and request.mode != Mode.TEXT:
        yield RuleViolation(field="web_search", rule=Rule.ONLY_FROM_TEXT)
    is_lite = model.reference_images and Input.TEXT not in model.inputs
    if is_lite and request.mode == Mode.REFERENCE and request.resolution == "1080p":
        yield RuleViolation(field="resolution", rule=Rule.NO_1080P_REFERENCES)
