"""The findings of a test, in words: what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.providers import Trouble
from tasks.providers.findings import Finding, State, Step, Why, is_well
from tasks.sentences import trouble_sentence, words_beside

TITLES = {
    Step.ADDRESS: gettext_lazy("Address allowed"),
    Step.REACHABLE: gettext_lazy("Reachable"),
    Step.TLS: gettext_lazy("Secure connection"),
    Step.ANSWERS: gettext_lazy("Base URL"),
    Step.KEY: gettext_lazy("Key"),
    Step.TRACKING: gettext_lazy("Tracking allowed"),
    Step.LIST: gettext_lazy("List of tasks"),
    Step.CLOCK: gettext_lazy("Clock"),
}
STATES = {
    State.OK: gettext_lazy("fine"),
    State.WARNING: gettext_lazy("worth a look"),
    State.FAILED: gettext_lazy("failed"),
    State.UNKNOWN: gettext_lazy("not known"),
}
PASSED = {
    Step.ADDRESS: gettext_lazy("It is one that may be asked from here."),
    Step.REACHABLE: gettext_lazy("The host is found, and takes connections."),
    Step.TLS: gettext_lazy("Its certificate is accepted."),
    Step.ANSWERS: gettext_lazy("It answers as this provider does."),
    Step.KEY: gettext_lazy("The provider accepts it."),
    Step.TRACKING: gettext_lazy("The key may ask for tasks."),
    Step.LIST: gettext_lazy("Many tasks can be asked for at once."),
}
#: Where the sentence of everyday checking would not fit a person who just typed something.
REASONS: dict[str, str | Promise] = {
    Trouble.RATE_LIMITED: gettext_lazy(
        "The provider answers, but asks for fewer requests, so the key could not be judged. "
        "Test again in a minute."
    ),
    Trouble.SERVER: gettext_lazy(
        "The provider has an error of its own, so the key could not be judged. "
        "Test again in a few minutes."
    ),
    Trouble.MODEL_NOT_OPEN: gettext_lazy(
        "The key is accepted, but the model is not open to this account. Open it in the "
        "provider's console."
    ),
    Trouble.EMPTY: gettext_lazy(
        "The answer was empty. Compare the base URL with the provider's documentation."
    ),
    Trouble.WRONG_TASK: gettext_lazy(
        "The answer was about another task. Check that the credential is set to the right provider."
    ),
    Trouble.TIMEOUT: gettext_lazy(
        "No answer in time. Check the base URL, and whether this server can reach the provider."
    ),
    Why.NO_SUCH_HOST: gettext_lazy(
        "There is no host of this name. Check the spelling of the base URL, and whether this "
        "server can look names up."
    ),
    Why.PLAIN_HTTP: gettext_lazy("With http:// the key travels in the open."),
    Why.UNREADABLE: gettext_lazy("The stored key cannot be read: type it again."),
    Why.NO_LIST: gettext_lazy("This provider offers none; tasks are asked for one by one."),
    Why.NO_DATE: gettext_lazy("The provider does not say what time it is."),
}
#: The same of the list, where it means something else.
OF_THE_LIST: dict[str, str | Promise] = {
    Trouble.RATE_LIMITED: gettext_lazy(
        "The provider asks for fewer requests; perhaps a check has just used its one list a second."
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One step. `detail` is the provider's or the network's own word, and what was asked."""

    step: Step
    state: State
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
    lines: tuple[Line, ...] = ()
    clock_ahead: float | None = None  # seconds

    def __str__(self) -> str:
        return f"{self.sentence} ({self.detail})" if self.detail else self.sentence


def diagnose(findings: Iterable[Finding]) -> Diagnosis:
    found = list(findings)
    lines = tuple(_line(each) for each in found)
    ahead = next((each.seconds for each in found if each.step == Step.CLOCK), None)
    if is_well(found):
        sentence = _("The provider answers and accepts the key.")
        return Diagnosis(ok=True, sentence=sentence, lines=lines, clock_ahead=ahead)
    worst = _worst(lines)
    return Diagnosis(
        ok=False, sentence=worst.sentence, detail=worst.detail, lines=lines, clock_ahead=ahead
    )


def _worst(lines: tuple[Line, ...]) -> Line:
    """What failed, or else the first that is not known for a reason."""
    failed = (line for line in lines if line.state == State.FAILED)
    return next(failed, None) or next(line for line in lines if line.state == State.UNKNOWN)


def _line(finding: Finding) -> Line:
    words = words_beside(finding.why, finding.words)
    asked = f"GET {finding.asked}" if finding.asked else ""
    return Line(
        step=finding.step,
        state=finding.state,
        title=str(TITLES[finding.step]),
        word=str(STATES[finding.state]),
        sentence=_sentence(finding),
        detail=" · ".join(filter(None, [words, asked])),
    )


def _sentence(finding: Finding) -> str:
    if finding.step == Step.CLOCK and finding.seconds is not None:
        return _of_the_clock(finding)
    if finding.why:
        special = OF_THE_LIST.get(finding.why) if finding.step == Step.LIST else None
        return str(special or REASONS.get(finding.why) or trouble_sentence(finding.why))
    if finding.state == State.UNKNOWN:
        return _("An earlier step is in the way.")
    return str(PASSED[finding.step])


def _of_the_clock(finding: Finding) -> str:
    seconds = finding.seconds or 0.0
    if finding.state == State.OK:
        return _("The provider's and this server's agree.")
    sentence = (
        _("The provider's is %(seconds)s s ahead of this server's.")
        if seconds > 0
        else _("The provider's is %(seconds)s s behind this server's.")
    )
    advice = _("If other providers agree with it, set this server's clock.")
    return f"{sentence % {'seconds': round(abs(seconds))}} {advice}"
