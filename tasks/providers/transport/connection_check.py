"""Results of a credential's connection test, step by step, judged from one request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from tasks.providers.answers import ProviderError, Trouble

WRONG_CLOCK = 60.0  # seconds; a Date header has whole seconds, and an answer takes time


class CheckStep(StrEnum):
    """A step of the test. A request meets them in this order."""

    ADDRESS = "address"  # the address may be asked at all
    REACHABLE = "reachable"  # its host is found and accepts a connection
    TLS = "tls"
    ANSWERS = "answers"  # the answer is this provider's, so the base URL is right
    KEY = "key"  # the key is accepted
    TRACKING = "tracking"  # the key may ask for tasks
    LIST = "list"  # many tasks can be asked for at once
    CLOCK = "clock"  # the provider's clock agrees with ours


class CheckState(StrEnum):
    """The outcome of a step; UNKNOWN where the request did not get so far."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CheckReason(StrEnum):
    """A reason for an outcome that no Trouble covers."""

    NO_SUCH_HOST = "no_such_host"
    PLAIN_HTTP = "plain_http"
    UNREADABLE = "unreadable"  # our own sealed key
    NO_LIST = "no_list"
    NO_DATE = "no_date"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """The outcome of one step, in the form in which it is stored.

    `why` is a Trouble or a CheckReason; `words` are the provider's or the network's own;
    `suggests` is the slug of the provider that this looks like, where another one is chosen.
    """

    step: CheckStep
    state: CheckState
    why: str = ""
    words: str = ""
    asked: str = ""  # the address, where it helps to see it
    seconds: float | None = None  # by which the provider's clock is ahead of ours
    suggests: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        steps = {"step": CheckStep(stored["step"]), "state": CheckState(stored["state"])}
        return cls(**{**stored, **steps})


class ConnectionProgress(Protocol):
    """The progress of a request, as `client.RequestTrace` records it."""

    connected: bool
    secured: bool
    no_such_host: bool


#: The step at which each trouble is met. Any other trouble is an answer of no use.
_STEPS = {
    Trouble.PRIVATE_ADDRESS: CheckStep.ADDRESS,
    Trouble.ODD_ADDRESS: CheckStep.ADDRESS,
    Trouble.TLS: CheckStep.TLS,
    Trouble.UNAUTHORIZED: CheckStep.KEY,
    Trouble.RATE_LIMITED: CheckStep.KEY,
    Trouble.FORBIDDEN: CheckStep.TRACKING,
    Trouble.OVERDUE: CheckStep.TRACKING,
    Trouble.QUOTA_USED_UP: CheckStep.TRACKING,
    Trouble.MODEL_NOT_OPEN: CheckStep.TRACKING,
}
#: The six steps that one request tests; each is met only after those before it have passed.
REQUEST_STEPS = tuple(CheckStep)[:6]


def check_request(
    error: ProviderError | None, trace: ConnectionProgress, *, url: str
) -> Iterator[CheckResult]:
    """Yield the outcome of each of REQUEST_STEPS, judged from a request for an unknown task.

    No error is as good as "no such task".
    """
    if error is None or error.trouble == Trouble.NOT_FOUND:
        yield from (_passed(step, url) for step in REQUEST_STEPS)
        return
    failed = _failed_step(error, trace, url)
    # A key that no header can hold was never sent, so the steps before it are unknown too.
    never_sent = failed == CheckStep.KEY and error.status_code is None
    for number, step in enumerate(REQUEST_STEPS):
        if step == failed:
            why = CheckReason.NO_SUCH_HOST if trace.no_such_host else error.trouble
            yield _failure(step, error, why=why, url=url)
        elif never_sent or number > REQUEST_STEPS.index(failed):
            yield CheckResult(step=step, state=CheckState.UNKNOWN)
        else:
            yield _passed(step, url)


def _failed_step(error: ProviderError, trace: ConnectionProgress, url: str) -> CheckStep:
    if error.trouble in (Trouble.CONNECTION, Trouble.TIMEOUT) and error.status_code is None:
        if not trace.connected:
            return CheckStep.REACHABLE
        return CheckStep.ANSWERS if trace.secured or not _has_tls(url) else CheckStep.TLS
    if error.trouble == Trouble.BAD_ADDRESS and error.status_code is None and not trace.connected:
        return CheckStep.ADDRESS
    return _STEPS.get(error.trouble, CheckStep.ANSWERS)


def _failure(step: CheckStep, error: ProviderError, *, why: str, url: str) -> CheckResult:
    # An overloaded provider has judged nothing.
    state = CheckState.UNKNOWN if error.trouble == Trouble.RATE_LIMITED else CheckState.FAILED
    return CheckResult(step=step, state=state, why=str(why), words=str(error)[:500], asked=url)


def _passed(step: CheckStep, url: str) -> CheckResult:
    if step == CheckStep.TLS and not _has_tls(url):
        return CheckResult(step=step, state=CheckState.WARNING, why=CheckReason.PLAIN_HTTP)
    return CheckResult(step=step, state=CheckState.OK)


def _has_tls(url: str) -> bool:
    return url.lower().startswith("https:")


def key_unreadable() -> list[CheckResult]:
    """Return the results where our own sealed key cannot be opened: nothing was sent."""
    failed = CheckResult(step=CheckStep.KEY, state=CheckState.FAILED, why=CheckReason.UNREADABLE)
    return [
        failed if s == CheckStep.KEY else CheckResult(step=s, state=CheckState.UNKNOWN)
        for s in CheckStep
    ]


def check_list(error: ProviderError | None, *, url: str) -> CheckResult:
    """Judge a request for the list.

    A rate limit tells nothing: the sweep may just have used up the one list a second.
    """
    if error is None:
        return CheckResult(step=CheckStep.LIST, state=CheckState.OK)
    return _failure(CheckStep.LIST, error, why=error.trouble, url=url)


def list_not_checked(why: CheckReason | None) -> CheckResult:
    """Return the result where no list was asked for."""
    return CheckResult(step=CheckStep.LIST, state=CheckState.UNKNOWN, why=why or "")


def check_clock(ahead: float | None) -> CheckResult:
    """Judge a clock by the seconds that it is ahead of ours; None if the provider gave no time."""
    if ahead is None:
        return CheckResult(step=CheckStep.CLOCK, state=CheckState.UNKNOWN, why=CheckReason.NO_DATE)
    state = CheckState.OK if abs(ahead) < WRONG_CLOCK else CheckState.WARNING
    return CheckResult(step=CheckStep.CLOCK, state=state, seconds=round(ahead, 1))


def is_working(results: Iterable[CheckResult]) -> bool:
    """Whether no step failed and every step of the request is known to have passed."""
    every = list(results)
    known = {r.step for r in every if r.state in (CheckState.OK, CheckState.WARNING)}
    return known.issuperset(REQUEST_STEPS) and all(r.state != CheckState.FAILED for r in every)
