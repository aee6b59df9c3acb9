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
                "An input picture or video seems to show a real person, which the model refuses. "
                "Use another one, or one from the provider's portrait library."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts_and_ends("Input", "PolicyViolation"),
        Failure(
            _("The input may infringe a copyright. Describe or show something else."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts_and_ends("Output", "PrivacyInformation"),
        Failure(
            _(
                "The finished video seems to show a real person, so the provider withheld it. "
                "You aren't charged. Try again, or describe a person who doesn't resemble anyone "
                "real."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _code_starts_and_ends("Output", "PolicyViolation"),
        Failure(
            _(
                "The finished video may infringe a copyright, so the provider withheld it. You "
                "aren't charged. Describe something less like existing works."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputText", "SensitiveContentDetected", "ContentSecurityDetectionError"),
        Failure(
            _("The provider's moderation rejected the prompt. Rephrase it."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputImage"),
        Failure(
            _("The provider's moderation rejected an input picture. Use another one."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputVideo"),
        Failure(
            _("The provider's moderation rejected an input video. Use another one."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InputAudio"),
        Failure(
            _("The provider's moderation rejected an input audio file. Use another one."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("Output"),
        Failure(
            _(
                "The provider's moderation withheld the finished video. You aren't charged. Try "
                "again, or rephrase the prompt."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _code_starts("InvalidParameter.TaskType"),
        Failure(
            _(
                "The settings don't fit the input. This model needs the ratio, and for editing "
                "the length, to be “Same as input”."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InvalidImageURL"),
        Failure(
            _("The provider couldn't fetch an input picture. Its link must be public."),
            NextStep.CHANGE,
        ),
    ),
    (
        _words_include("resource download failed"),
        Failure(
            _(
                "The provider couldn't fetch an input picture. Make its link public, or upload "
                "the picture."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("InvalidAction"),
        Failure(
            _("The provider doesn't allow this in the task's current state. Check the task again."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts("InvalidResolutionParameter"),
        Failure(
            _("This model doesn't support this resolution. Choose another one."), NextStep.CHANGE
        ),
    ),
    (
        _code_starts("LastFrameNotSupported"),
        Failure(
            _("This model doesn't support a last frame. Remove it, or choose another model."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("RefImageNotSupported"),
        Failure(
            _(
                "This model doesn't support reference pictures. Remove them, or choose another "
                "model."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("ModelParameterNotSupported"),
        Failure(
            _(
                "This model doesn't support one of the settings. Remove it, or choose another "
                "value."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("MediaInvalid"),
        Failure(
            _("An input picture, video or audio file can't be used. Use another file or format."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("PromptEmpty"),
        Failure(_("The prompt is empty. Describe the video in words."), NextStep.CHANGE),
    ),
    (
        _code_starts("MissingParameter", "InvalidParameter"),
        Failure(
            _("The provider doesn't accept one of the settings. Change it and try again."),
            NextStep.CHANGE,
        ),
    ),
    (
        _code_starts("AccountQuotaExceeded"),
        Failure(
            _(
                "The account's plan has used up its quota. The provider's message below says "
                "when it resets. Until then, use another credential."
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
            _("Too many tasks of this account are queued. Wait until some have finished."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts(
            "QuotaExceeded", "RateLimitExceeded", "AccountRateLimitExceeded", "RequestBurst"
        ),
        Failure(
            _("This exceeds the account's concurrency limit. Try again a little later."),
            NextStep.LATER,
        ),
    ),
    (
        _code_starts("SetLimitExceeded"),
        Failure(
            _(
                "The account has reached its own spending limit. Raise it in the provider's "
                "console."
            ),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts(
            "AccountOverdueError", "OperationDenied.ServiceOverdue", "insufficient_user_quota"
        ),
        Failure(
            _("The account has an overdue balance. Top it up in the provider's console."),
            NextStep.ACCOUNT,
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
            _("The account doesn't have this model. Activate it in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts("InvalidEndpoint.ClosedEndpoint"),
        Failure(
            _("This endpoint is closed. Open it in the provider's console."),
            NextStep.ACCOUNT,
        ),
    ),
    (
        _code_starts("ServerOverloaded", "InternalServiceError"),
        Failure(_("The provider had an error of its own. Try again."), NextStep.AGAIN),
    ),
    (
        _words_include("real person", "real people", "真人"),
        Failure(
            _(
                "An input picture or video seems to show a real person, which the model refuses. "
                "Use another one, or one from the provider's portrait library."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _words_include("copyright", "版权"),
        Failure(
            _("This may infringe a copyright. Describe or show something else."),
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
            _(
                "The provider's moderation rejected this. Rephrase the prompt or use other "
                "material."
            ),
            NextStep.CHANGE,
        ),
    ),
    (
        _words_include("unrecognized message"),
        Failure(
            _(
                "The gateway didn't understand its provider's answer, so the video may exist. "
                "Check the gateway's console before generating again."
            ),
            NextStep.LATER,
        ),
    ),
    (
        _words_include("upstream returned error"),
        Failure(
            _("The gateway's own provider returned an error. Try again."),
            NextStep.AGAIN,
        ),
    ),
    (
        _words_include("model unavailable", "model is unavailable"),
        Failure(
            _("The provider doesn't offer this model right now. Wait, or choose another one."),
            NextStep.LATER,
        ),
    ),
    (
        _words_include("failed to get channel info"),
        Failure(
            _(
                "The gateway removed the channel this task used. Another attempt uses another "
                "channel. If it also fails, contact the gateway's support."
            ),
            NextStep.AGAIN,
        ),
    ),
    (
        _words_include("任务超时", "timed out", "timeout"),
        Failure(_("The task didn't finish in time. Try again."), NextStep.AGAIN),
    ),
    (
        lambda code, words: words.partition("request id")[0].strip(" .!,;()") == "task failed",
        Failure(
            _("The task failed, and the provider gave no reason. Try again."),
            NextStep.AGAIN,
        ),
    ),
)


def failure_of(code: str, message: str) -> Failure | None:
    """The explanation of an error; None where we have none, and the provider's words must do."""
    words = message.lower()
    return next((failure for condition, failure in FAMILIES if condition(code, words)), None)
