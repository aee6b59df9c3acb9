"""What can be chosen, given the model and the way of making. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tasks.making.words import seconds
from tasks.providers.catalog import ADAPTIVE, MODEL_CHOOSES, RATIOS, Input, Model, frame_size
from tasks.providers.rules import FEWEST_FRAMES, MOST_FRAMES, parts_of
from tasks.providers.wish import Mode, Part

SWITCHES = "generate_audio watermark camera_fixed return_last_frame web_search draft".split()
OPTIONAL = (*SWITCHES, "priority")
#: Fields of the form whose settings have another name on the wire.
SENT_AS = {"seeds": "seed", "seeding": "seed", "expires": "execution_expires_after"}
#: Of which several may be tried at once.
SEVERAL = ("model", "resolution", "ratio", "duration")

#: What a final has of its draft: that one stands alone (volcengine.com/docs/82379/1520757).
OF_THE_DRAFT = (
    "prompt ratio measure duration frames generate_audio camera_fixed seeding seeds".split()
)

#: In these 2.5 follows the size of what it is given.
FOLLOWING = frozenset({Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME, Mode.EDIT, Mode.EXTEND})

_NAME = '<span class="mono">{}</span>'

Choices = list[tuple[str, Any]]


def together(each: Sequence[Choices]) -> Choices:
    """What there is for any of several models, under its first label."""
    found: dict[str, Any] = {}
    for choices in each:
        found = dict(choices) | found
    order = [value for choices in each for value, _label in choices]
    return [(value, found[value]) for value in dict.fromkeys(order)]


def resolutions(model: Model, mode: Mode, ratio: str, *, draft: bool) -> Choices:
    """With their pixels, where the ratio tells them."""
    names = ("480p",) if draft else model.resolutions
    if mode == Mode.REFERENCE and Input.TEXT not in model.inputs:  # 1.0 lite
        names = tuple(name for name in names if name != "1080p")
    return [(name, _with_size(name, frame_size(model, name, ratio))) for name in names]


def _with_size(name: str, size: tuple[int, int] | None) -> str:
    return f"{name} · {size[0]} × {size[1]}" if size else name


def ratios(model: Model, mode: Mode) -> Choices:
    follows = (ADAPTIVE, _("as the input"))
    if model.follows_input and mode in FOLLOWING:
        return [follows]
    return [*((ratio, ratio) for ratio in RATIOS), follows]


def durations(model: Model, mode: Mode) -> Choices:
    if model.follows_input and mode == Mode.EDIT:
        return [(str(MODEL_CHOOSES), seconds(MODEL_CHOOSES))]
    numbers = [MODEL_CHOOSES] if model.can_choose_duration else []
    numbers += range(model.shortest, model.longest + 1)
    return [(str(number), seconds(number)) for number in numbers]


def switches(model: Model, mode: Mode, *, draft: bool) -> set[str]:
    """Of OPTIONAL and SENT_AS what there is."""
    can = {
        "generate_audio": model.has_audio,
        "watermark": True,
        "camera_fixed": model.has_camera_fixed,
        "return_last_frame": not draft,
        "web_search": Input.WEB_SEARCH in model.inputs and mode == Mode.TEXT,
        "draft": model.has_draft and mode != Mode.FINAL,
        "priority": model.has_priority,
        "seeds": model.has_seed,
        "seeding": model.has_seed,
        "expires": True,
    }
    return {name for name, is_so in can.items() if is_so}


def needed(mode: Mode, model: Model) -> set[str]:
    """The parts without which the way is none."""
    return {"draft_task_id"} if mode == Mode.FINAL else {str(p) for p in parts_of(mode, model)}


def model_names(names: Mapping[str, Model]) -> Choices:
    """The model, and the name that it is sent by where that tells two apart."""
    number = Counter(model.label for model in names.values())
    return [
        (name, model.label if number[model.label] == 1 else f"{model.label} · {name}")
        for name, model in names.items()
    ]


def sent_as(name: str) -> str:
    """Below the list, where it has room: browsers cut off what is longer than a closed list."""
    return format_html(str(_("Sent as {name}")), name=format_html(_NAME, name))


def part_help(part: Part, most: int) -> Any:
    if most == 1 and part.is_picture:
        return _("A picture, a public link, or asset://… of the provider's library.")
    if part.is_picture:
        return _("Pictures, or public links, one a line; at most %(most)s.") % {"most": most}
    if most == 1:
        return _("A public link, or asset://… of the provider's library.")
    return _("Public links, one a line; at most %(most)s.") % {"most": most}


def frames_help(*, several: bool) -> Any:
    """As `rules` has it; 24 of them are a second."""
    exact = {"low": FEWEST_FRAMES, "high": MOST_FRAMES}
    if several:
        return _("25 and a multiple of 4, %(low)s to %(high)s; such as 57, 121, 241.") % exact
    return _("25 and a multiple of 4, %(low)s to %(high)s; 121 are 5 s.") % exact
