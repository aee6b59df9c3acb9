"""The options that one model offers in a mode, setting by setting. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from tasks.providers.base import Dialect, Provider
from tasks.providers.catalog.models import (
    ADAPTIVE,
    MODEL_CHOOSES,
    RATIOS,
    Input,
    Model,
    Retirement,
    RunningLimits,
    find_model,
    frame_size,
)
from tasks.providers.catalog.request import MediaRole, Mode, modes_of
from tasks.providers.catalog.rules import FEWEST_FRAMES, MOST_FRAMES, allowed_roles
from tasks.web.compose.labels import seconds

SWITCHES = "generate_audio watermark camera_fixed return_last_frame web_search draft".split()
#: The choices of hours after which a provider gives up.
HOURS = (1, 6, 12, 24, 48, 72)
#: Settings of which several values may be tried at once.
SEVERAL = ("model", "resolution", "ratio", "duration")

#: Names under which settings are sent, by the names of form fields that differ.
SENT_AS = {"seeds": "seed", "seeding": "seed", "expires": "execution_expires_after"}
#: Fields that not every model has, or not every provider forwards.
OPTIONAL = (*SWITCHES, "priority", *SENT_AS)
#: Names of form fields, by the names under which their settings are sent.
FORM_NAMES = {"seed": "seeds", "execution_expires_after": "expires"}

#: Fields that a final video inherits from its draft (volcengine.com/docs/82379/1520757).
FROM_THE_DRAFT = (
    "prompt ratio measure duration frames generate_audio camera_fixed seeding seeds".split()
)

#: Modes in which Seedance 2.5 follows the size of the given picture or video.
FOLLOWING = frozenset({Mode.FIRST_FRAME, Mode.FIRST_AND_LAST_FRAME, Mode.EDIT, Mode.EXTEND})

Options = list[tuple[str, Any]]


class Measure(TextChoices):
    """The unit of a video's length."""

    SECONDS = "seconds", _("seconds")
    FRAMES = "frames", _("frames")


class Seeding(TextChoices):
    """The way in which the seeds of a batch are chosen."""

    CHANCE = "chance", _("Random, different for each")
    SAME = "same", _("Same for all")
    LIST = "list", _("One take per seed")


def merged(each: Sequence[Options]) -> Options:
    """The options of several models together, each with its first label."""
    labels: dict[str, Any] = {}
    for options in each:
        labels = dict(options) | labels
    order = [value for options in each for value, _label in options]
    return [(value, labels[value]) for value in dict.fromkeys(order)]


def modes_at(dialect: Dialect, model: Model) -> list[Mode]:
    """The modes of a model whose fields the provider forwards."""

    def needs(mode: Mode) -> set[str]:
        return (
            {"draft_task_id"}
            if mode == Mode.FINAL
            else {str(p) for p in allowed_roles(mode, model)}
        )

    return [mode for mode in modes_of(model) if needs(mode) <= dialect.forwarded_fields]


def resolutions(model: Model, mode: Mode, ratio: str, *, draft: bool) -> Options:
    """The resolutions, with their size in pixels where it is known for the ratio."""
    names = ("480p",) if draft else model.resolutions
    if mode == Mode.FINAL and model.final_resolution:
        names = (model.final_resolution,)
    if mode == Mode.REFERENCE and Input.TEXT not in model.inputs:  # 1.0 lite
        names = tuple(name for name in names if name != "1080p")
    sizes = ((name, frame_size(model, name, ratio)) for name in names)
    return [(name, f"{name} · {size[0]} × {size[1]}" if size else name) for name, size in sizes]


def ratios(model: Model, mode: Mode) -> Options:
    follows = (ADAPTIVE, _("Same as input"))
    if model.follows_input and mode in FOLLOWING:
        return [follows]
    return [*((ratio, ratio) for ratio in RATIOS), follows]


def durations(model: Model, mode: Mode) -> Options:
    if model.follows_input and mode == Mode.EDIT:
        return [(str(MODEL_CHOOSES), seconds(MODEL_CHOOSES))]
    numbers = [MODEL_CHOOSES] if model.can_choose_duration else []
    numbers += range(model.shortest, model.longest + 1)
    return [(str(number), seconds(number)) for number in numbers]


def optional_fields(model: Model, mode: Mode, *, draft: bool) -> set[str]:
    """The optional fields that this model has in this mode."""
    has = {
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
    return {name for name, is_so in has.items() if is_so}


def model_names(models: Mapping[str, Model]) -> Options:
    """The models' labels, with the name sent to the provider where two have the same label."""
    number = Counter(model.label for model in models.values())

    def label(name: str, model: Model) -> str:
        if not model.is_checked:
            return _("%(model)s · new, settings unverified") % {"model": model.label}
        return model.label if number[model.label] == 1 else f"{model.label} · {name}"

    return [(name, label(name, model)) for name, model in models.items()]


# Hints beside the fields


def sent_as(name: str) -> str:
    """A hint below the list of models, because browsers truncate options in a closed list."""
    styled = format_html('<span class="mono">{}</span>', name)
    return format_html(str(_("Sent as {name}")), name=styled)


def model_hints(name: str, model: Model, service: Provider, day: date) -> Any:
    """The hints below the list of models: the name sent, its end, its limits, what is unchecked."""
    hints: list[Any] = [sent_as(name)]
    if ends := model.retirements.get(service.vendor):
        hints.append(end_sentence(ends, has_come=ends.on <= day))
    if not model.is_checked:
        hints.append(
            _(
                "This model is new. It offers the settings of the most similar model, which "
                "aren't verified. It has no price until you enter one."
            )
        )
    elif service.slug == service.vendor:  # a gateway has limits of its own
        hints.append(running_hint(model.running))
    return format_html_join("", '<span class="d-block">{}</span>', ((each,) for each in hints))


def running_hint(limits: RunningLimits) -> Any:
    """A hint with the number of tasks of one model that run at once in an account."""
    numbers = {"one": limits.individual, "many": limits.enterprise, "in_4k": limits.in_4k}
    if limits.individual == limits.enterprise:
        return _("The provider runs %(many)s tasks of this model at once. The rest wait.") % numbers
    if limits.in_4k is None:
        return (
            _(
                "The provider runs %(one)s tasks of this model at once (%(many)s for enterprise "
                "accounts). The rest wait."
            )
            % numbers
        )
    return (
        _(
            "The provider runs %(one)s tasks of this model at once (%(many)s for enterprise "
            "accounts, %(in_4k)s in 4K). The rest wait."
        )
        % numbers
    )


def end_sentence(ends: Retirement, *, has_come: bool) -> Any:
    """The sentence on the day on which a vendor shuts a model down, with its replacement."""
    replacement = find_model(ends.replaced_by)
    words = {"day": ends.on.isoformat(), "model": replacement.label if replacement else ""}
    if has_come:
        ended = _("This model was retired here on %(day)s. Use %(model)s instead.")
        return (ended if replacement else _("This model was retired here on %(day)s.")) % words
    ending = _("This model will be retired here on %(day)s. Use %(model)s instead.")
    return (ending if replacement else _("This model will be retired here on %(day)s.")) % words


def reference_hint(part: MediaRole, most: int, *, takes_files: bool = True) -> Any:
    """A hint below the box for the links of a role, which says what else is taken there."""
    if most == 1 and part.is_picture:
        return _("A picture, a public link, or asset://… from the provider's library.")
    if part.is_picture:
        return _("Pictures or public links, one per line, at most %(most)s.") % {"most": most}
    if most == 1:
        return _("A public link, or asset://… from the provider's library.")
    if not takes_files:
        return _("Public links, one per line, at most %(most)s.") % {"most": most}
    if part == MediaRole.REFERENCE_VIDEO:
        return _("MP4 or MOV, at least 2 s; or public links, one per line. At most %(most)s.") % {
            "most": most
        }
    return _("WAV or MP3, at least 2 s; or public links, one per line. At most %(most)s.") % {
        "most": most
    }


def frames_hint(*, several: bool) -> Any:
    """A hint with the rule for the number of frames, at 24 frames a second."""
    limits = {"low": FEWEST_FRAMES, "high": MOST_FRAMES}
    if several:
        return (
            _("25 plus a multiple of 4, from %(low)s to %(high)s, such as 57, 121, 241.") % limits
        )
    return _("25 plus a multiple of 4, from %(low)s to %(high)s. 121 frames are 5 s.") % limits
