"""Messages about the test of a connection: the result of each step, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.providers import Trouble
from tasks.providers.transport.connection_check import (
    CheckReason,
    CheckResult,
    CheckState,
    CheckStep,
    is_working,
)
from tasks.team.credentials import looks_like
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence

TITLES = {
    CheckStep.ADDRESS: gettext_lazy("Address allowed"),
    CheckStep.REACHABLE: gettext_lazy("Reachable"),
    CheckStep.TLS: gettext_lazy("Secure connection"),
    CheckStep.ANSWERS: gettext_lazy("Base URL"),
    CheckStep.KEY: gettext_lazy("API key"),
    CheckStep.TRACKING: gettext_lazy("Tracking allowed"),
    CheckStep.LIST: gettext_lazy("List of tasks"),
    CheckStep.CLOCK: gettext_lazy("Clock"),
}
STATES = {
    CheckState.OK: gettext_lazy("fine"),
    CheckState.WARNING: gettext_lazy("check this"),
    CheckState.FAILED: gettext_lazy("failed"),
    CheckState.UNKNOWN: gettext_lazy("unknown"),
}
PASSED = {
    CheckStep.ADDRESS: gettext_lazy("This address can be reached from here."),
    CheckStep.REACHABLE: gettext_lazy("The host was found and accepts connections."),
    CheckStep.TLS: gettext_lazy("Its certificate is valid."),
    CheckStep.ANSWERS: gettext_lazy("It answers the way this provider does."),
    CheckStep.KEY: gettext_lazy("The provider accepts the key."),
    CheckStep.TRACKING: gettext_lazy("The key can look up tasks."),
    CheckStep.LIST: gettext_lazy("Many tasks can be looked up at once."),
}
#: Sentences that replace those of everyday checking for a person who has just typed something.
REASONS: dict[str, str | Promise] = {
    Trouble.RATE_LIMITED: gettext_lazy(
        "The provider answers but is limiting requests, so the key couldn't be checked. Test "
        "again in a minute."
    ),
    Trouble.SERVER: gettext_lazy(
        "The provider had an error of its own, so the key couldn't be checked. Test again in a "
        "few minutes."
    ),
    Trouble.MODEL_NOT_OPEN: gettext_lazy(
        "The key is accepted, but the account doesn't have this model. Activate it in the "
        "provider's console."
    ),
    Trouble.EMPTY: gettext_lazy(
        "The answer was empty. Compare the base URL with the provider's documentation."
    ),
    Trouble.WRONG_TASK: gettext_lazy(
        "The answer was about another task. Check that the credential has the right provider."
    ),
    Trouble.TIMEOUT: gettext_lazy(
        "No answer in time. Check the base URL and whether this server can reach the provider."
    ),
    CheckReason.NO_SUCH_HOST: gettext_lazy(
        "There's no host with this name. Check the spelling of the base URL and this server's DNS."
    ),
    CheckReason.PLAIN_HTTP: gettext_lazy("With http://, the key is sent unencrypted."),
    CheckReason.UNREADABLE: gettext_lazy("The stored key can't be read. Enter it again."),
    CheckReason.NO_LIST: gettext_lazy(
        "This provider has no task list. Tasks are looked up one by one."
    ),
    CheckReason.NO_DATE: gettext_lazy("The provider doesn't report its time."),
}
#: Sentences about the list of tasks, where the same reason means something else.
LIST_REASONS: dict[str, str | Promise] = {
    Trouble.RATE_LIMITED: gettext_lazy(
        "The provider is limiting requests. Another check may have just used its one list "
        "request per second."
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckMessage:
    """One step of the test; `detail` is the provider's or the network's answer, and the request."""

    step: CheckStep
    state: CheckState
    title: str
    word: str
    sentence: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """All steps, and the one sentence that matters most."""

    ok: bool
    sentence: str
    detail: str = ""
    steps: tuple[CheckMessage, ...] = ()
    clock_ahead: float | None = None  # seconds

    def __str__(self) -> str:
        return f"{self.sentence} ({self.detail})" if self.detail else self.sentence


def diagnose(results: Iterable[CheckResult]) -> Diagnosis:
    """The diagnosis that the results of all steps amount to."""
    checks = list(results)
    steps = tuple(_message(each) for each in checks)
    ahead = next((each.seconds for each in checks if each.step == CheckStep.CLOCK), None)
    if is_working(checks):
        sentence = _("Connected, and the key works.")
        return Diagnosis(ok=True, sentence=sentence, steps=steps, clock_ahead=ahead)
    failed = (step for step in steps if step.state == CheckState.FAILED)
    unknown = (step for step in steps if step.state == CheckState.UNKNOWN)
    worst = next(failed, None) or next(unknown)
    other = next((looks_like(each.suggests) for each in checks if each.suggests), "")
    return Diagnosis(
        ok=False,
        sentence=other or worst.sentence,
        detail=worst.detail,
        steps=steps,
        clock_ahead=ahead,
    )


def _message(result: CheckResult) -> CheckMessage:
    answer = trouble_detail(result.why, result.words)
    request = f"GET {result.asked}" if result.asked else ""
    return CheckMessage(
        step=result.step,
        state=result.state,
        title=str(TITLES[result.step]),
        word=str(STATES[result.state]),
        sentence=_sentence(result),
        detail=" · ".join(filter(None, [answer, request])),
    )


def _sentence(result: CheckResult) -> str:
    if result.step == CheckStep.CLOCK and result.seconds is not None:
        return _clock_sentence(result.state, result.seconds)
    if result.why:
        special = LIST_REASONS.get(result.why) if result.step == CheckStep.LIST else None
        return str(special or REASONS.get(result.why) or trouble_sentence(result.why))
    if result.state == CheckState.UNKNOWN:
        return _("An earlier step failed.")
    return str(PASSED[result.step])


def _clock_sentence(state: CheckState, seconds: float) -> str:
    if state == CheckState.OK:
        return _("The provider's clock and this server's agree.")
    sentence = (
        _("The provider's clock is %(seconds)s s ahead of this server's.")
        if seconds > 0
        else _("The provider's clock is %(seconds)s s behind this server's.")
    )
    advice = _("If other providers show the same, set this server's clock.")
    return f"{sentence % {'seconds': round(abs(seconds))}} {advice}"
