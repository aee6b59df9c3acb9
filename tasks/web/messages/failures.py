"""Explanations of failed tasks: the reason in plain words, and the next sensible step.

The provider's own words are shown beneath. Codes of Ark (volcengine.com/docs/82379/1299023) are
recognised by their beginnings, because new endings keep coming; a failure from a gateway that
passes on no code is recognised by its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class NextStep(StrEnum):
    """The next step that a person can take."""

    CHANGE = "change"  # change the request and make it again
    AGAIN = "again"  # make it again unchanged: another attempt may pass
    ACCOUNT = "account"  # go to the provider's console
    LATER = "later"  # wait


@dataclass(frozen=True)
class Failure:
    """The explanation of a family of failures."""

    sentence: Any  # lazy: it is translated when it is shown
    step: NextStep


Condition = Callable[[str, str], bool]  # takes the code, and the words in lower case


def _code_starts(*beginnings: str) -> Condition:
    return lambda code, words: code.startswith(beginnings)


def _code_starts_and_ends(beginning: str, *endings: str) -> Condition:
    return lambda code, words: code.startswith(beginning) and code.endswith(endings)


def _words_include(*parts: str) -> Condition:
    return lambda code, words: any(part in words for part in parts)


def _or(*conditions: Condition) -> Condition:
    return lambda code, words: any(condition(code, words) for condition in conditions)


_names_trial = _words_include("trial", "free quota", "免费", "试用")

#: The first family whose condition holds explains the failure, so the most exact ones come first.
FAMILIES: Iterable[tuple[Condition, Failure]] = (
    (
        _code_starts_and_ends("Input", "PrivacyInformation"),
        Failure(
            _(
                "A given picture or video seems to show a real person, which the model refuses. "
                "Give another one, or one from the provider's library of portraits."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts_and_ends("Input", "PolicyViolation"),
        Failure(
            _("What was given may touch somebody's copyright. Describe or show something else."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts_and_ends("Output", "PrivacyInformation"),
        Failure(
            _(
                "The finished video seems to show a real person, so the provider kept it back. "
                "Nothing is billed. Another attempt may pass; else describe somebody who resembles "
                "nobody."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _code_starts_and_ends("Output", "PolicyViolation"),
        Failure(
            _(
                "The finished video may touch somebody's copyright, so the provider kept it back. "
                "Nothing is billed. Describe something further from what exists."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputText", "SensitiveContentDetected", "ContentSecurityDetectionError"),
        Failure(
            _("The words were refused by the provider's moderation. Say it otherwise."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputImage"),
        Failure(
            _("A given picture was refused by the provider's moderation. Give another."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputVideo"),
        Failure(
            _("A given video was refused by the provider's moderation. Give another."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputAudio"),
        Failure(
            _("A given sound was refused by the provider's moderation. Give another."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("Output"),
        Failure(
            _(
                "The finished video was kept back by the provider's moderation. Nothing is billed. "
                "Another attempt may pass; else say it otherwise."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _code_starts("InvalidParameter.TaskType"),
        Failure(
            _(
                "The settings do not fit what was given: this model wants the ratio, and for an "
                "edit the length, to follow the input."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InvalidImageURL"),
        Failure(
            _("The provider could not fetch a given picture. Its link must be open to everyone."),
            NextStep.CHANGE,
        ),
    ),
    (
        _words_include("resource download failed"),
        Failure(
            _(
                "The provider could not fetch a given picture. Its link must be open to everyone, "
                "or give the picture itself."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InvalidAction"),
        Failure(
            _("The provider does not do this with a task in its present state. Look at it again."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts("InvalidResolutionParameter"),
        Failure(_("This model does not make this resolution. Choose another."), NextStep.CHANGE),
    ),
    (
        _code_starts("LastFrameNotSupported"),
        Failure(
            _("This model takes no last frame. Leave it out, or choose another model."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("RefImageNotSupported"),
        Failure(
            _("This model takes no reference pictures. Leave them out, or choose another model."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("ModelParameterNotSupported"),
        Failure(
            _("This model does not know one of the settings. Leave it out, or choose another."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("MediaInvalid"),
        Failure(
            _("A given picture, video or sound cannot be used. Give another file or format."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("PromptEmpty"),
        Failure(_("The prompt is empty. Say in words what is to be seen."), NextStep.CHANGE),
    ),
    (
        _code_starts("MissingParameter", "InvalidParameter"),
        Failure(_("The provider does not accept one of the settings."), NextStep.CHANGE),
    ),
    (
        _code_starts("AccountQuotaExceeded"),
        Failure(
            _(
                "The quota of the account's plan is used up. The provider says below when it is "
                "full again; until then, use another credential."
            ),
            NextStep.LATER,
        ),
    ),
    (
        lambda code, words: code.startswith("QuotaExceeded") and _names_trial(code, words),
        Failure(
            _("The free trial's quota is used up. Switch to paid use in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        lambda code, words: code.startswith("QuotaExceeded") and "queue" in words,
        Failure(
            _("Too many tasks of this account are queued. Wait until some are done."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts(
            "QuotaExceeded", "RateLimitExceeded", "AccountRateLimitExceeded", "RequestBurst"
        ),
        Failure(
            _("More was asked at once than this account may. Try it a little later."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts("SetLimitExceeded"),
        Failure(
            _("The account's own spending limit is reached. Raise it in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts(
            "AccountOverdueError", "OperationDenied.ServiceOverdue", "insufficient_user_quota"
        ),
        Failure(
            _("The account owes money. Top it up in the provider's console."), NextStep.ACCOUNT
        ),
    ),
    (
        _code_starts(
            "ModelNotOpen",
            "InvalidEndpointOrModel",
            "UnsupportedModel",
            "OperationDenied.ServiceNotOpen",
        ),
        Failure(
            _("This model is not open to the account. Open it in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts("InvalidEndpoint.ClosedEndpoint"),
        Failure(
            _("This endpoint is closed at the moment. Open it in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts("ServerOverloaded", "InternalServiceError"),
        Failure(
            _("The provider had trouble of its own. Another attempt may pass."), NextStep.AGAIN
        ),
    ),
    (
        _words_include("real person", "real people", "真人"),
        Failure(
            _(
                "A given picture or video seems to show a real person, which the model refuses. "
                "Give another one, or one from the provider's library of portraits."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _words_include("copyright", "版权"),
        Failure(
            _("Something may touch somebody's copyright. Describe or show something else."),
            NextStep.CHANGE,
        ),
    ),
    (
        _or(
            _code_starts("content_filter"),
            _words_include(
                "sensitive", "敏感", "content_filter", "审核未通过", "moderation", "flagged", "nsfw"
            ),
        ),
        Failure(
            _("The provider's moderation refused this. Say or show it otherwise."), NextStep.CHANGE
        ),
    ),
    (
        _words_include("unrecognized message"),
        Failure(
            _(
                "The gateway did not understand its own provider's answer, so the video may exist "
                "all the same. Look in the gateway's console before it is made again."
            ),
            NextStep.LATER,
        ),
    ),
    (
        _words_include("upstream returned error"),
        Failure(
            _("The gateway's own provider answered with an error. Another attempt may pass."),
            NextStep.AGAIN,
        ),
    ),
    (
        _words_include("model unavailable", "model is unavailable"),
        Failure(
            _("The provider does not have this model at the moment. Wait, or choose another."),
            NextStep.LATER,
        ),
    ),
    (
        _words_include("failed to get channel info"),
        Failure(
            _(
                "The gateway removed the channel that this task was made by. Another attempt takes "
                "another one; if it fails as well, tell the gateway's support."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _words_include("任务超时", "timed out", "timeout"),
        Failure(_("It was not finished in time. Another attempt may pass."), NextStep.AGAIN),
    ),
    (
        lambda code, words: words.partition("request id")[0].strip(" .!,;()") == "task failed",
        Failure(
            _("It failed, and the provider gives no reason. Another attempt may pass."),
            NextStep.AGAIN,
        ),
    ),
)


def failure_of(code: str, message: str) -> Failure | None:
    """The explanation of an error; None where we have none, and the provider's words must do."""
    words = message.lower()
    return next((failure for condition, failure in FAMILIES if condition(code, words)), None)
