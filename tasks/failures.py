"""Why a task failed, in plain words, and the next sensible step. The provider's own words stay
beneath.

Codes of Ark (volcengine.com/docs/82379/1299023) are told by how they begin, for their endings
multiply; a gateway that hands on words only is told by those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Step(StrEnum):
    """What a person can do about it."""

    CHANGE = "change"  # and make it again
    AGAIN = "again"  # as it is: another attempt may pass
    ACCOUNT = "account"  # in the provider's console
    LATER = "later"


@dataclass(frozen=True)
class Failure:
    sentence: Any
    step: Step


Holds = Callable[[str, str], bool]  # of a code and of words in lower case


def _code(*beginnings: str) -> Holds:
    return lambda code, words: code.startswith(beginnings)


def _code_with(beginning: str, *endings: str) -> Holds:
    return lambda code, words: code.startswith(beginning) and code.endswith(endings)


def _words(*parts: str) -> Holds:
    return lambda code, words: any(part in words for part in parts)


#: The first that holds is it; what is said most exactly stands first.
FAMILIES: Iterable[tuple[Holds, Failure]] = (
    (
        _code_with("Input", "PrivacyInformation"),
        Failure(
            _(
                "A given picture or video seems to show a real person, which the model refuses. "
                "Give another one, or one from the provider's library of portraits."
            ),
            Step.CHANGE,
        ),
    ),
    (
        _code_with("Input", "PolicyViolation"),
        Failure(
            _("What was given may touch somebody's copyright. Describe or show something else."),
            Step.CHANGE,
        ),
    ),
    (
        _code_with("Output", "PolicyViolation"),
        Failure(
            _(
                "The finished video may touch somebody's copyright, so the provider kept it back. "
                "Nothing is billed. Describe something further from what exists."
            ),
            Step.CHANGE,
        ),
    ),
    (
        _code("InputText", "SensitiveContentDetected", "ContentSecurityDetectionError"),
        Failure(
            _("The words were refused by the provider's moderation. Say it otherwise."), Step.CHANGE
        ),
    ),
    (
        _code("InputImage"),
        Failure(
            _("A given picture was refused by the provider's moderation. Give another."),
            Step.CHANGE,
        ),
    ),
    (
        _code("InputVideo"),
        Failure(
            _("A given video was refused by the provider's moderation. Give another."), Step.CHANGE
        ),
    ),
    (
        _code("InputAudio"),
        Failure(
            _("A given sound was refused by the provider's moderation. Give another."), Step.CHANGE
        ),
    ),
    (
        _code("Output"),
        Failure(
            _(
                "The finished video was kept back by the provider's moderation. Nothing is billed. "
                "Another attempt may pass; else say it otherwise."
            ),
            Step.AGAIN,
        ),
    ),
    (
        _code("InvalidParameter.TaskType"),
        Failure(
            _(
                "The settings do not fit what was given: this model wants the ratio, and for an "
                "edit the length, to follow the input."
            ),
            Step.CHANGE,
        ),
    ),
    (
        _code("InvalidImageURL"),
        Failure(
            _("The provider could not fetch a given picture. Its link must be open to everyone."),
            Step.CHANGE,
        ),
    ),
    (
        _code("MissingParameter", "InvalidParameter"),
        Failure(_("The provider does not accept one of the settings."), Step.CHANGE),
    ),
    (
        lambda code, words: code.startswith("QuotaExceeded") and _is_trial(words),
        Failure(
            _("The free trial's quota is used up. Switch to paid use in the provider's console."),
            Step.ACCOUNT,
        ),
    ),
    (
        lambda code, words: code.startswith("QuotaExceeded") and "queue" in words,
        Failure(
            _("Too many tasks of this account are queued. Wait until some are done."), Step.LATER
        ),
    ),
    (
        _code("QuotaExceeded", "RateLimitExceeded", "AccountRateLimitExceeded", "RequestBurst"),
        Failure(
            _("More was asked at once than this account may. Try it a little later."), Step.LATER
        ),
    ),
    (
        _code("SetLimitExceeded"),
        Failure(
            _("The account's own spending limit is reached. Raise it in the provider's console."),
            Step.ACCOUNT,
        ),
    ),
    (
        _code("AccountOverdueError", "OperationDenied.ServiceOverdue", "insufficient_user_quota"),
        Failure(_("The account owes money. Top it up in the provider's console."), Step.ACCOUNT),
    ),
    (
        _code(
            "ModelNotOpen",
            "InvalidEndpointOrModel",
            "UnsupportedModel",
            "OperationDenied.ServiceNotOpen",
        ),
        Failure(
            _("This model is not open to the account. Open it in the provider's console."),
            Step.ACCOUNT,
        ),
    ),
    (
        _code("InvalidEndpoint.ClosedEndpoint"),
        Failure(
            _("This endpoint is closed at the moment. Open it in the provider's console."),
            Step.ACCOUNT,
        ),
    ),
    (
        _code("ServerOverloaded", "InternalServiceError"),
        Failure(_("The provider had trouble of its own. Another attempt may pass."), Step.AGAIN),
    ),
    (
        _words("real person", "real people", "真人"),
        Failure(
            _(
                "A given picture or video seems to show a real person, which the model refuses. "
                "Give another one, or one from the provider's library of portraits."
            ),
            Step.CHANGE,
        ),
    ),
    (
        _words("copyright", "版权"),
        Failure(
            _("Something may touch somebody's copyright. Describe or show something else."),
            Step.CHANGE,
        ),
    ),
    (
        _words("sensitive", "敏感"),
        Failure(
            _("The provider's moderation refused this. Say or show it otherwise."), Step.CHANGE
        ),
    ),
    (
        _words("任务超时", "timed out", "timeout"),
        Failure(_("It was not finished in time. Another attempt may pass."), Step.AGAIN),
    ),
)


def _is_trial(words: str) -> bool:
    return any(word in words for word in ("trial", "free quota", "免费", "试用"))


def failure_of(code: str, message: str) -> Failure | None:
    """None for what nobody has explained yet; the provider's own words must do then."""
    words = message.lower()
    return next((failure for holds, failure in FAMILIES if holds(code, words)), None)
