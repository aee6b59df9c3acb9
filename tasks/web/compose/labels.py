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
    Mode.TEXT: gettext_lazy("Text to video"),
    Mode.FIRST_FRAME: gettext_lazy("First frame to video"),
    Mode.FIRST_AND_LAST_FRAME: gettext_lazy("First and last frames to video"),
    Mode.REFERENCE: gettext_lazy("References to video"),
    Mode.EDIT: gettext_lazy("Edit a video"),
    Mode.EXTEND: gettext_lazy("Extend a video"),
    Mode.FINAL: gettext_lazy("Final from draft"),
}
PARTS: Mapping[MediaRole, Any] = {
    MediaRole.FIRST_FRAME: gettext_lazy("First frame"),
    MediaRole.LAST_FRAME: gettext_lazy("Last frame"),
    MediaRole.REFERENCE_IMAGE: gettext_lazy("Reference images"),
    MediaRole.REFERENCE_VIDEO: gettext_lazy("Reference videos"),
    MediaRole.REFERENCE_AUDIO: gettext_lazy("Reference audio"),
}

#: What the prompt is to say where it does not describe the whole video.
PROMPTED: Mapping[Mode, Any] = {
    Mode.EDIT: gettext_lazy("Describe what to change"),
    Mode.EXTEND: gettext_lazy("Describe what happens next"),
}

#: Hints beside the seeds, by how they are given (model_options.Seeding).
SEED_HINTS: Mapping[str, Any] = {
    "chance": "",
    "same": gettext_lazy(
        "Differences then come from the settings alone. Leave empty for a random seed."
    ),
    "list": gettext_lazy("For example 11, 12, 13: three takes of each."),
}

_SENTENCES: Mapping[Rule, Any] = {
    Rule.UNKNOWN_MODEL: gettext_lazy("Choose one of this provider's models."),
    Rule.NOT_THIS_MODE: gettext_lazy("This model doesn't support this mode."),
    Rule.NEEDS_PROMPT: gettext_lazy("Describe the video in words."),
    Rule.NEEDS_MEDIUM: gettext_lazy("Add at least one."),
    Rule.TOO_MANY: gettext_lazy("Add at most %(high)s."),
    Rule.NOT_IN_THIS_MODE: gettext_lazy("Not available in this mode."),
    Rule.ONLY_ASSETS: gettext_lazy(
        "For this model, the provider accepts only material from its own library: asset://…"
    ),
    Rule.NOT_ALONE: gettext_lazy(
        "This model can't work from audio alone. Add a picture or a video."
    ),
    Rule.NEEDS_DRAFT: gettext_lazy("Enter the draft this is the final of."),
    Rule.NOT_OF_MODEL: gettext_lazy("This model doesn't support that."),
    Rule.NOT_FORWARDED: gettext_lazy("This provider doesn't pass this on to the model."),
    Rule.ONE_OF: gettext_lazy("Possible values: %(options)s."),
    Rule.BETWEEN: gettext_lazy("Between %(low)s and %(high)s."),
    Rule.FRAMES_STEP: gettext_lazy(
        "25 plus a multiple of 4, from %(low)s to %(high)s: 29, 33, 37 …"
    ),
    Rule.ADAPTIVE_ONLY: gettext_lazy("Here this model follows its input. Choose “Same as input”."),
    Rule.MODEL_CHOOSES_ONLY: gettext_lazy("An edited video is as long as the original."),
    Rule.DRAFT_480P: gettext_lazy("A draft is always 480p."),
    Rule.NOT_OF_A_DRAFT: gettext_lazy("Not available for drafts."),
    Rule.NO_1080P_REFERENCES: gettext_lazy(
        "1080p isn't available with reference images. Use 720p or lower."
    ),
    Rule.ONLY_FROM_TEXT: gettext_lazy("Only available with a text prompt alone."),
    Rule.ONLY_RESOLUTION_OF_FINALS: gettext_lazy(
        "The final video of a draft with this model can only be %(options)s."
    ),
    Rule.NEEDS_LINK: gettext_lazy("Enter a video as a public link or asset://…"),
    Rule.GIVEN_LENGTH: gettext_lazy("Each must be %(low)s to %(high)s s long for this model."),
    Rule.GIVEN_LENGTHS: gettext_lazy(
        "Together, they can be at most %(high)s s long for this model."
    ),
    Rule.ENDED: gettext_lazy("This model was retired here on %(day)s."),
    Rule.ENDED_AND_REPLACED: gettext_lazy(
        "This model was retired here on %(day)s. Use %(options)s instead."
    ),
}

_CAUTIONS: Mapping[Caution, Any] = {
    Caution.MAY_FAIL_LATER: gettext_lazy(
        "With a video as input, setting a ratio or length can make this model's task fail "
        "minutes later. “Same as input” and “Model decides” are safe."
    ),
    Caution.GIVEN_VIDEO_LENGTH: gettext_lazy("A video to edit must be 4 to 30 seconds long."),
}

_LIMITS: Mapping[str, Any] = {
    PictureLimit.TOO_LARGE: gettext_lazy("The file is %(is)s MB. It must be under %(allowed)s MB."),
    PictureLimit.TOO_SHORT: gettext_lazy(
        "The shorter side is %(is)s pixels. The minimum is %(allowed)s."
    ),
    PictureLimit.TOO_LONG: gettext_lazy(
        "The longer side is %(is)s pixels. The maximum is %(allowed)s."
    ),
    PictureLimit.TOO_NARROW: gettext_lazy(
        "The width-to-height ratio is %(is)s. The minimum is %(allowed)s."
    ),
    PictureLimit.TOO_WIDE: gettext_lazy(
        "The width-to-height ratio is %(is)s. The maximum is %(allowed)s."
    ),
    MaterialLimit.TOO_BRIEF: gettext_lazy("It is %(is)s s long. The minimum is %(allowed)s s."),
    MaterialLimit.TOO_LENGTHY: gettext_lazy(
        "It is %(is)s s long. The maximum is %(allowed)s s. Trim it, then add it again."
    ),
    MaterialLimit.TOO_SLOW: gettext_lazy("The frame rate is %(is)s. The minimum is %(allowed)s."),
    MaterialLimit.TOO_FAST: gettext_lazy("The frame rate is %(is)s. The maximum is %(allowed)s."),
    MaterialLimit.TOO_FEW_PIXELS: gettext_lazy(
        "A frame is %(is)s pixels. The minimum is %(allowed)s, as in 640 × 640."
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
    return _("Model decides") if number < 0 else _("%(number)s s") % {"number": number}
