"""What stands against a wish, said before any money is spent, and in the words of one list.

The form shows the same objections live that the server holds to. Rules of Ark's own page
(volcengine.com/docs/82379/1520757) and of BytePlus' (docs.byteplus.com/en/docs/ModelArk/1520757);
what a model can do stands in the catalog, what a provider hands on in its dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tasks.providers.base import Dialect
from tasks.providers.catalog import ADAPTIVE, MODEL_CHOOSES, RATIOS, Input, Model
from tasks.providers.wish import SCALARS, Mode, Part, Wish, modes_of

LARGEST_SEED = 2**32 - 1
MOST_PRIORITY = 9
SHORTEST_EXPIRY, LONGEST_EXPIRY = 3_600, 259_200  # seconds
LONGEST_IDENTIFIER = 64
FEWEST_FRAMES, MOST_FRAMES = 29, 289  # 25 + 4n


ASSET = "asset://"  # then the id of a file in the provider's own library


class Why(StrEnum):
    """The kind of an objection; pages have a sentence for each."""

    UNKNOWN_MODEL = "unknown_model"
    NOT_THIS_MODE = "not_this_mode"  # of this model
    NEEDS_PROMPT = "needs_prompt"
    NEEDS_MEDIUM = "needs_medium"
    TOO_MANY = "too_many"
    NOT_IN_THIS_MODE = "not_in_this_mode"  # this medium
    ONLY_ASSETS = "only_assets"  # of this provider's own library
    NOT_ALONE = "not_alone"  # sound without a picture or video
    NEEDS_DRAFT = "needs_draft"
    NOT_OF_MODEL = "not_of_model"
    NOT_HANDED_ON = "not_handed_on"  # the provider drops it
    ONE_OF = "one_of"
    BETWEEN = "between"
    FRAMES_STEP = "frames_step"
    ADAPTIVE_ONLY = "adaptive_only"
    MODEL_CHOOSES_ONLY = "model_chooses_only"
    DRAFT_480P = "draft_480p"
    NOT_OF_A_DRAFT = "not_of_a_draft"
    NO_1080P_REFERENCES = "no_1080p_references"
    ONLY_FROM_TEXT = "only_from_text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    """`field` is the wish's own name for what is wrong; `low` to `high` or `options` would do."""

    field: str
    why: Why
    low: int = 0
    high: int = 0
    options: tuple[str, ...] = ()


def objections(wish: Wish, model: Model, dialect: Dialect) -> tuple[Objection, ...]:
    """Everything that stands against it, in the order of the form; () where nothing does.

    In a mode that the model has not, nothing else is worth saying.
    """
    if wish.mode not in modes_of(model):
        return (Objection(field="mode", why=Why.NOT_THIS_MODE, options=modes_of(model)),)
    rules = (_media, _words, _handed_on, _settings, _drafts, _constraints)
    return tuple(found for rule in rules for found in rule(wish, model, dialect))


#: For each mode: which parts it needs, and which it may have besides.
_REFERENCES = frozenset({Part.REFERENCE_IMAGE, Part.REFERENCE_VIDEO, Part.REFERENCE_AUDIO})
_PARTS: dict[Mode, tuple[frozenset[Part], frozenset[Part]]] = {
    Mode.TEXT: (frozenset(), frozenset()),
    Mode.FIRST_FRAME: (frozenset({Part.FIRST_FRAME}), frozenset()),
    Mode.FIRST_AND_LAST_FRAME: (frozenset({Part.FIRST_FRAME, Part.LAST_FRAME}), frozenset()),
    Mode.REFERENCE: (frozenset(), _REFERENCES),
    Mode.EDIT: (frozenset({Part.REFERENCE_VIDEO}), _REFERENCES),
    Mode.EXTEND: (frozenset({Part.REFERENCE_VIDEO}), _REFERENCES),
    Mode.FINAL: (frozenset(), frozenset()),
}


def parts_of(mode: Mode, model: Model) -> dict[Part, int]:
    """What may be given in this mode, and how many of each at most."""
    needed, besides = _PARTS[mode]
    most = {part: _most(part, model) for part in Part if part in needed | besides}
    return {part: number for part, number in most.items() if number}


def _most(part: Part, model: Model) -> int:
    if Input(part) not in model.inputs:
        return 0
    many = {
        Part.REFERENCE_IMAGE: model.reference_images,
        Part.REFERENCE_VIDEO: model.reference_videos,
        Part.REFERENCE_AUDIO: model.reference_audios,
    }
    return many.get(part, 1)


def _media(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    most = parts_of(wish.mode, model)
    for part in Part:
        number = wish.count(part)
        if number and part not in most:
            yield Objection(field=part, why=Why.NOT_IN_THIS_MODE)
        elif number > most.get(part, 0):
            yield Objection(field=part, why=Why.TOO_MANY, high=most[part])
        elif not number and part in _PARTS[wish.mode][0]:
            yield Objection(field=part, why=Why.NEEDS_MEDIUM)
    if wish.mode == Mode.REFERENCE:
        yield from _references(wish, model)
    if dialect.takes_only_assets(model):
        yield from _not_assets(wish)
    yield from _draft_given(wish)


def _not_assets(wish: Wish) -> Iterator[Objection]:
    given = {medium.part for medium in wish.media if not medium.url.startswith(ASSET)}
    yield from (Objection(field=part, why=Why.ONLY_ASSETS) for part in Part if part in given)


def _draft_given(wish: Wish) -> Iterator[Objection]:
    is_final, is_given = wish.mode == Mode.FINAL, bool(wish.draft_task_id)
    if is_final != is_given:
        why = Why.NEEDS_DRAFT if is_final else Why.NOT_IN_THIS_MODE
        yield Objection(field="draft_task_id", why=why)


def _references(wish: Wish, model: Model) -> Iterator[Objection]:
    seen = wish.count(Part.REFERENCE_IMAGE) + wish.count(Part.REFERENCE_VIDEO)
    heard = wish.count(Part.REFERENCE_AUDIO)
    if not seen and not heard:
        yield Objection(field=Part.REFERENCE_IMAGE, why=Why.NEEDS_MEDIUM)
    elif not seen and Input.AUDIO_ALONE not in model.inputs:
        yield Objection(field=Part.REFERENCE_AUDIO, why=Why.NOT_ALONE)


def _words(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    needs = wish.mode in (Mode.TEXT, Mode.EDIT) or dialect.needs_prompt
    if needs and not wish.prompt.strip():
        yield Objection(field="prompt", why=Why.NEEDS_PROMPT)


def _handed_on(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    asked = {*wish.given(), *(("web_search",) if wish.web_search else ())}
    asked |= {"draft_task_id"} if wish.draft_task_id else set()
    asked |= {str(medium.part) for medium in wish.media}
    dropped = asked - dialect.hands_on
    for name in (*Part, *SCALARS, "web_search", "draft_task_id"):
        if name in dropped:
            yield Objection(field=name, why=Why.NOT_HANDED_ON)


Check = Callable[[Wish, Model], Objection | None]


def _choice(name: str, options: Callable[[Model], tuple[str, ...]]) -> Check:
    def check(wish: Wish, model: Model) -> Objection | None:
        value, known = getattr(wish, name), options(model)
        if value is None or value in known:
            return None
        return Objection(field=name, why=Why.ONE_OF, options=known)

    return check


def _switch(name: str, holds: Callable[[Model], bool]) -> Check:
    """Switching off what a model has not is no fault."""

    def check(wish: Wish, model: Model) -> Objection | None:
        fine = not getattr(wish, name) or holds(model)
        return None if fine else Objection(field=name, why=Why.NOT_OF_MODEL)

    return check


def _number(name: str, low: int, high: int, holds: Callable[[Model], bool]) -> Check:
    def check(wish: Wish, model: Model) -> Objection | None:
        value = getattr(wish, name)
        if value is None:
            return None
        if not holds(model):
            return Objection(field=name, why=Why.NOT_OF_MODEL)
        if low <= value <= high:
            return None
        return Objection(field=name, why=Why.BETWEEN, low=low, high=high)

    return check


def _duration(wish: Wish, model: Model) -> Objection | None:
    """`frames`, where given, beats the duration, so it is not looked at then."""
    if wish.duration is None or model.takes_duration(wish.duration):
        return None
    chooses = (str(MODEL_CHOOSES),) if model.can_choose_duration else ()
    return Objection(
        field="duration",
        why=Why.BETWEEN,
        low=model.shortest,
        high=model.longest,
        options=chooses,
    )


def _frames(wish: Wish, model: Model) -> Objection | None:
    if wish.frames is None or not model.has_frames:
        return None
    in_step = FEWEST_FRAMES <= wish.frames <= MOST_FRAMES and (wish.frames - 25) % 4 == 0
    wrong = Objection(field="frames", why=Why.FRAMES_STEP, low=FEWEST_FRAMES, high=MOST_FRAMES)
    return None if in_step else wrong


def tiers_of(model: Model) -> tuple[str, ...]:
    return ("default", "flex") if model.has_flex else ("default",)


def formats_of(model: Model) -> tuple[str, ...]:
    return ("mp4", "mov") if model.has_mov else ("mp4",)


def _always(model: Model) -> bool:
    return True


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
    _number("execution_expires_after", SHORTEST_EXPIRY, LONGEST_EXPIRY, _always),
    _switch("web_search", lambda model: Input.WEB_SEARCH in model.inputs),
    _switch("draft", lambda model: model.has_draft),
    _choice("output_format", formats_of),
)


def _settings(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    for check in _CHECKS:
        if found := check(wish, model):
            yield found
    if wish.safety_identifier and len(wish.safety_identifier) > LONGEST_IDENTIFIER:
        yield Objection(field="safety_identifier", why=Why.BETWEEN, high=LONGEST_IDENTIFIER)


def _drafts(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    """A draft is 480p, without last frame and flex."""
    if not wish.draft:
        return
    if wish.mode == Mode.FINAL:
        yield Objection(field="draft", why=Why.NOT_OF_A_DRAFT)
    if wish.resolution not in (None, "480p"):
        yield Objection(field="resolution", why=Why.DRAFT_480P, options=("480p",))
    if wish.service_tier == "flex":
        yield Objection(field="service_tier", why=Why.NOT_OF_A_DRAFT)
    if wish.return_last_frame:
        yield Objection(field="return_last_frame", why=Why.NOT_OF_A_DRAFT)


def _constraints(wish: Wish, model: Model, dialect: Dialect) -> Iterator[Objection]:
    """What a create accepts and its task then fails of, or what only some inputs allow."""
    if model.follows_input and wish.mode in _FOLLOWING and wish.ratio not in (None, ADAPTIVE):
        yield Objection(field="ratio", why=Why.ADAPTIVE_ONLY, options=(ADAPTIVE,))
    if model.follows_input and wish.mode == Mode.EDIT and wish.duration not in _CHOSEN:
        yield Objection(field="duration", why=Why.MODEL_CHOOSES_ONLY)
    if wish.web_search and wish.mode != Mode.TEXT:
        yield Objection(field="web_search", why=Why.ONLY_FROM_TEXT)
    lite = model.reference_images and Input.TEXT not in model.inputs
    if lite and wish.mode == Mode.REFERENCE and wish.resolution == "1080p":
        yield Objection(field="resolution", why=Why.NO_1080P_REFERENCES)


_FOLLOWING = frozenset({Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME, Mode.EDIT, Mode.EXTEND})
_CHOSEN = (None, MODEL_CHOOSES)
