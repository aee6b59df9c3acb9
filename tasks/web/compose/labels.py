"""Labels and sentences of the compose form: modes, media roles, and violated rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.providers.catalog.material_limits import MaterialLimit
from tasks.providers.catalog.picture_limits import LimitViolation, PictureLimit
from tasks.providers.catalog.request import MediaRole, Mode
from tasks.providers.catalog.rules import Caution, Rule, RuleViolation

MODES: Mapping[Mode, Any] = {
    Mode.TEXT: gettext_lazy("From text"),
    Mode.FIRST_FRAME: gettext_lazy("From a first frame"),
    Mode.FIRST_AND_LAST_FRAME: gettext_lazy("From first and last frame"),
    Mode.REFERENCE: gettext_lazy("With references"),
    Mode.EDIT: gettext_lazy("Edit a video"),
    Mode.EXTEND: gettext_lazy("Extend a video"),
    Mode.FINAL: gettext_lazy("Final of a draft"),
}
PARTS: Mapping[MediaRole, Any] = {
    MediaRole.FIRST_FRAME: gettext_lazy("First frame"),
    MediaRole.LAST_FRAME: gettext_lazy("Last frame"),
    MediaRole.REFERENCE_IMAGE: gettext_lazy("Reference images"),
    MediaRole.REFERENCE_VIDEO: gettext_lazy("Reference videos"),
    MediaRole.REFERENCE_AUDIO: gettext_lazy("Reference sounds"),
}

#: What the prompt is to say where it does not describe the whole video.
PROMPTED: Mapping[Mode, Any] = {
    Mode.EDIT: gettext_lazy("Describe what to change"),
    Mode.EXTEND: gettext_lazy("Describe what happens next"),
}

#: Hints beside the seeds, by how they are given (model_options.Seeding).
SEED_HINTS: Mapping[str, Any] = {
    "chance": "",
    "same": gettext_lazy("What differs then comes of the settings. Empty: one by chance."),
    "list": gettext_lazy("Such as 11, 12, 13: three takes of each."),
}

_SENTENCES: Mapping[Rule, Any] = {
    Rule.UNKNOWN_MODEL: gettext_lazy("Choose one of this provider's models."),
    Rule.NOT_THIS_MODE: gettext_lazy("This model does not work in this mode."),
    Rule.NEEDS_PROMPT: gettext_lazy("Say in words what is to be seen."),
    Rule.NEEDS_MEDIUM: gettext_lazy("Give at least one."),
    Rule.TOO_MANY: gettext_lazy("At most %(high)s of these."),
    Rule.NOT_IN_THIS_MODE: gettext_lazy("Not together with this mode."),
    Rule.ONLY_ASSETS: gettext_lazy(
        "For this model the provider takes only what is in its own library: asset://…"
    ),
    Rule.NOT_ALONE: gettext_lazy(
        "Sound alone is not enough for this model: add a picture or video."
    ),
    Rule.NEEDS_DRAFT: gettext_lazy("Say of which draft this is to be the final video."),
    Rule.NOT_OF_MODEL: gettext_lazy("This model cannot do that."),
    Rule.NOT_FORWARDED: gettext_lazy("This provider does not hand that on to the model."),
    Rule.ONE_OF: gettext_lazy("Possible here: %(options)s."),
    Rule.BETWEEN: gettext_lazy("From %(low)s to %(high)s."),
    Rule.FRAMES_STEP: gettext_lazy(
        "25 and a multiple of 4, from %(low)s to %(high)s: 29, 33, 37 …"
    ),
    Rule.ADAPTIVE_ONLY: gettext_lazy("This model follows its input here: choose “as the input”."),
    Rule.MODEL_CHOOSES_ONLY: gettext_lazy("An edited video is as long as the given one."),
    Rule.DRAFT_480P: gettext_lazy("A draft is always 480p."),
    Rule.NOT_OF_A_DRAFT: gettext_lazy("Not together with a draft."),
    Rule.NO_1080P_REFERENCES: gettext_lazy("No 1080p with reference images; 720p at most."),
    Rule.ONLY_FROM_TEXT: gettext_lazy("Only where nothing but text is given."),
    Rule.ONLY_RESOLUTION_OF_FINALS: gettext_lazy(
        "The final video of this model's drafts is %(options)s."
    ),
    Rule.NEEDS_LINK: gettext_lazy("A video is given by a public link or asset://…"),
    Rule.GIVEN_LENGTH: gettext_lazy("Each must last from %(low)s to %(high)s s for this model."),
    Rule.GIVEN_LENGTHS: gettext_lazy("Together they may last %(high)s s for this model."),
    Rule.ENDED: gettext_lazy("This model ended here on %(day)s."),
    Rule.ENDED_AND_REPLACED: gettext_lazy(
        "This model ended here on %(day)s. %(options)s replaces it."
    ),
}

_CAUTIONS: Mapping[Caution, Any] = {
    Caution.MAY_FAIL_LATER: gettext_lazy(
        "A ratio or a length beside a given video may fail this model's task minutes later. "
        "“As the input” and “the model chooses” are safe."
    ),
    Caution.GIVEN_VIDEO_LENGTH: gettext_lazy("A video to be edited has 4 to 30 seconds."),
}

_LIMITS: Mapping[str, Any] = {
    PictureLimit.TOO_LARGE: gettext_lazy(
        "It has %(is)s MB; it must have less than %(allowed)s MB."
    ),
    PictureLimit.TOO_SHORT: gettext_lazy(
        "Its shorter side has %(is)s pixels; it must have %(allowed)s at least."
    ),
    PictureLimit.TOO_LONG: gettext_lazy(
        "Its longer side has %(is)s pixels; %(allowed)s are the most."
    ),
    PictureLimit.TOO_NARROW: gettext_lazy(
        "It is %(is)s times as wide as high; it must be %(allowed)s times at least."
    ),
    PictureLimit.TOO_WIDE: gettext_lazy(
        "It is %(is)s times as wide as high; %(allowed)s times are the most."
    ),
    MaterialLimit.TOO_BRIEF: gettext_lazy(
        "It lasts %(is)s s; it must last %(allowed)s s at least."
    ),
    MaterialLimit.TOO_LENGTHY: gettext_lazy(
        "It lasts %(is)s s; %(allowed)s s are the most. Trim it, then give it again."
    ),
    MaterialLimit.TOO_SLOW: gettext_lazy(
        "It has %(is)s frames a second; it must have %(allowed)s at least."
    ),
    MaterialLimit.TOO_FAST: gettext_lazy(
        "It has %(is)s frames a second; %(allowed)s are the most."
    ),
    MaterialLimit.TOO_FEW_PIXELS: gettext_lazy(
        "Its frames have %(is)s pixels; they must have %(allowed)s at least, as 640 × 640 has."
    ),
}


def no_sharing_sentence() -> str:
    """The sentence that says why no video files are taken here, and what would change it."""
    return _(
        "Video files can't be used here: a provider fetches them by a link, and this installation "
        "shares none. Set DAILIES_SHARES_UPLOADS=1 and an https DAILIES_PUBLIC_URL to allow it."
    )


def limit_sentence(limit: LimitViolation) -> str:
    """The sentence on a limit that a file exceeds, with both numbers."""
    numbers = {"is": _rounded(limit.is_), "allowed": _rounded(limit.allowed)}
    return str(_LIMITS[limit.limit]) % numbers


def _rounded(number: float) -> str:
    return f"{number:.4g}" if number < 1_000 else f"{number:.0f}"


def violation_sentence(violation: RuleViolation) -> str:
    """The sentence on a violated rule, which tells the person how to correct the form."""
    values = {
        "low": violation.low,
        "high": violation.high,
        "options": ", ".join(violation.options),
        "day": violation.day.isoformat() if violation.day else "",
    }
    return str(_SENTENCES[violation.rule]) % values


def caution_sentence(caution: Caution) -> str:
    """The sentence on what may fail a task after its create was accepted."""
    return str(_CAUTIONS[caution])


def is_shown_early(violation: RuleViolation) -> bool:
    """Whether the preview shows the violation; it shows none to fields that are merely empty."""
    return violation.rule not in (Rule.NEEDS_PROMPT, Rule.NEEDS_MEDIUM, Rule.NEEDS_DRAFT)


def seconds(number: int) -> str:
    return _("the model chooses") if number < 0 else _("%(number)s s") % {"number": number}
