"""The words of making: modes, parts, settings, and what stands against a wish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.providers.pictures import Broken, Limit
from tasks.providers.rules import Objection, Why
from tasks.providers.wish import Mode, Part

MODES: Mapping[Mode, Any] = {
    Mode.TEXT: gettext_lazy("From text"),
    Mode.FIRST_FRAME: gettext_lazy("From a first frame"),
    Mode.FIRST_AND_LAST_FRAME: gettext_lazy("From first and last frame"),
    Mode.REFERENCE: gettext_lazy("With references"),
    Mode.EDIT: gettext_lazy("Edit a video"),
    Mode.EXTEND: gettext_lazy("Extend a video"),
    Mode.FINAL: gettext_lazy("Final of a draft"),
}
PARTS: Mapping[Part, Any] = {
    Part.FIRST_FRAME: gettext_lazy("First frame"),
    Part.LAST_FRAME: gettext_lazy("Last frame"),
    Part.REFERENCE_IMAGE: gettext_lazy("Reference images"),
    Part.REFERENCE_VIDEO: gettext_lazy("Reference videos"),
    Part.REFERENCE_AUDIO: gettext_lazy("Reference sounds"),
}

#: By how the seeds are given, which fields.py has the words for.
SEED_HELP: Mapping[str, Any] = {
    "chance": "",
    "same": gettext_lazy("What differs then comes of the settings. Empty: one by chance."),
    "list": gettext_lazy("Such as 11, 12, 13: three takes of each."),
}

_SENTENCES: Mapping[Why, Any] = {
    Why.UNKNOWN_MODEL: gettext_lazy("Choose one of this provider's models."),
    Why.NOT_THIS_MODE: gettext_lazy("This model does not work in this way."),
    Why.NEEDS_PROMPT: gettext_lazy("Say in words what is to be seen."),
    Why.NEEDS_MEDIUM: gettext_lazy("Give at least one."),
    Why.TOO_MANY: gettext_lazy("At most %(high)s of these."),
    Why.NOT_IN_THIS_MODE: gettext_lazy("Not together with this way of making a video."),
    Why.ONLY_ASSETS: gettext_lazy(
        "For this model the provider takes only what is in its own library: asset://…"
    ),
    Why.NOT_ALONE: gettext_lazy(
        "Sound alone is not enough for this model: add a picture or video."
    ),
    Why.NEEDS_DRAFT: gettext_lazy("Say of which draft this is to be the final video."),
    Why.NOT_OF_MODEL: gettext_lazy("This model cannot do that."),
    Why.NOT_HANDED_ON: gettext_lazy("This provider does not hand that on to the model."),
    Why.ONE_OF: gettext_lazy("Possible here: %(options)s."),
    Why.BETWEEN: gettext_lazy("From %(low)s to %(high)s."),
    Why.FRAMES_STEP: gettext_lazy("25 and a multiple of 4, from %(low)s to %(high)s: 29, 33, 37 …"),
    Why.ADAPTIVE_ONLY: gettext_lazy("This model follows its input here: choose “as the input”."),
    Why.MODEL_CHOOSES_ONLY: gettext_lazy("An edited video is as long as the given one."),
    Why.DRAFT_480P: gettext_lazy("A draft is always 480p."),
    Why.NOT_OF_A_DRAFT: gettext_lazy("Not together with a draft."),
    Why.NO_1080P_REFERENCES: gettext_lazy("No 1080p with reference images; 720p at most."),
    Why.ONLY_FROM_TEXT: gettext_lazy("Only where nothing but text is given."),
}


_BROKEN: Mapping[Limit, Any] = {
    Limit.TOO_LARGE: gettext_lazy("It has %(is)s MB; it must have less than %(allowed)s MB."),
    Limit.TOO_SHORT: gettext_lazy(
        "Its shorter side has %(is)s pixels; it must have %(allowed)s at least."
    ),
    Limit.TOO_LONG: gettext_lazy("Its longer side has %(is)s pixels; %(allowed)s are the most."),
    Limit.TOO_NARROW: gettext_lazy(
        "It is %(is)s times as wide as high; it must be %(allowed)s times at least."
    ),
    Limit.TOO_WIDE: gettext_lazy(
        "It is %(is)s times as wide as high; %(allowed)s times are the most."
    ),
}


def broken(limit: Broken) -> str:
    """Which limit a picture breaks, and by how much."""
    exact = {"is": _rounded(limit.is_), "allowed": _rounded(limit.allowed)}
    return str(_BROKEN[limit.limit]) % exact


def _rounded(number: float) -> str:
    return f"{number:.4g}" if number < 1_000 else f"{number:.0f}"


def sentence(objection: Objection) -> str:
    """What to do about it, for the person who fills in the form."""
    values = {
        "low": objection.low,
        "high": objection.high,
        "options": ", ".join(objection.options),
    }
    return str(_SENTENCES[objection.why]) % values


def is_to_be_said_early(objection: Objection) -> bool:
    """Whether it would be nagging to say before the person has had the time to fill it in."""
    return objection.why not in (Why.NEEDS_PROMPT, Why.NEEDS_MEDIUM, Why.NEEDS_DRAFT)


def seconds(number: int) -> str:
    return _("the model chooses") if number < 0 else _("%(number)s s") % {"number": number}
