"""What asking one question finds out about a credential, step by step. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from tasks.providers.base import ProviderError, Trouble

WRONG_CLOCK = 60.0  # seconds; a Date has whole ones, and an answer takes its time


class Step(StrEnum):
    """In the order in which a request meets them."""

    ADDRESS = "address"  # may be asked at all
    REACHABLE = "reachable"  # its host is found, and takes a connection
    TLS = "tls"
    ANSWERS = "answers"  # as this provider does: the base URL is right
    KEY = "key"  # is accepted
    TRACKING = "tracking"  # the key may ask for tasks
    LIST = "list"  # many tasks can be asked for at once
    CLOCK = "clock"  # agrees with ours


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Reasons beside the troubles."""

    NO_SUCH_HOST = "no_such_host"
    PLAIN_HTTP = "plain_http"
    UNREADABLE = "unreadable"  # our own sealed key
    NO_LIST = "no_list"
    NO_DATE = "no_date"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`why` is a trouble or a Why; `words` are the provider's or the network's own."""

    step: Step
    state: State
    why: str = ""
    words: str = ""
    asked: str = ""  # the address, where it helps to see it
    seconds: float | None = None  # by which the provider's clock is ahead of ours

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**{**kept, "step": Step(kept["step"]), "state": State(kept["state"])})


class Journey(Protocol):
    """How far the request came."""

    connected: bool
    secured: bool
    no_such_host: bool


#: Where each trouble stands in the way. Whatever is not here is an answer nobody can use.
_AT = {
    Trouble.PRIVATE_ADDRESS: Step.ADDRESS,
    Trouble.ODD_ADDRESS: Step.ADDRESS,
    Trouble.TLS: Step.TLS,
    Trouble.UNAUTHORIZED: Step.KEY,
    Trouble.RATE_LIMITED: Step.KEY,
    Trouble.FORBIDDEN: Step.TRACKING,
    Trouble.OVERDUE: Step.TRACKING,
    Trouble.MODEL_NOT_OPEN: Step.TRACKING,
}
#: The first six hang on one question; each is only met where those before it are passed.
ON_THE_WAY = tuple(Step)[:6]


def on_the_way(error: ProviderError | None, journey: Journey, *, url: str) -> Iterator[Finding]:
    """What the question about nobody's task met; no error is as good as "no such task"."""
    is_answered = error is None or error.trouble == Trouble.NOT_FOUND
    at = None if is_answered or error is None else _place(error, journey, url)
    for step in ON_THE_WAY:
        if step == at:
            assert error
            yield _obstacle(step, error, journey, url)
        elif at is not None and _is_past(step, at, error):
            yield Finding(step=step, state=State.UNKNOWN)
        else:
            yield _passed(step, url)


def _place(error: ProviderError, journey: Journey, url: str) -> Step:
    if error.trouble in (Trouble.CONNECTION, Trouble.TIMEOUT) and error.status_code is None:
        if not journey.connected:
            return Step.REACHABLE
        return Step.ANSWERS if journey.secured or not _has_tls(url) else Step.TLS
    if error.trouble == Trouble.BAD_ADDRESS and error.status_code is None and not journey.connected:
        return Step.ADDRESS
    return _AT.get(error.trouble, Step.ANSWERS)


def _is_past(step: Step, at: Step, error: ProviderError | None) -> bool:
    """A key that no header can hold was never sent: then nothing before it is known either."""
    never_sent = at == Step.KEY and error is not None and error.status_code is None
    return never_sent or ON_THE_WAY.index(step) > ON_THE_WAY.index(at)


def _obstacle(step: Step, error: ProviderError, journey: Journey, url: str) -> Finding:
    why = Why.NO_SUCH_HOST if journey.no_such_host else error.trouble
    # An overloaded provider has not judged the key.
    state = State.UNKNOWN if error.trouble == Trouble.RATE_LIMITED else State.FAILED
    return Finding(step=step, state=state, why=str(why), words=str(error)[:500], asked=url)


def _passed(step: Step, url: str) -> Finding:
    if step == Step.TLS and not _has_tls(url):
        return Finding(step=step, state=State.WARNING, why=Why.PLAIN_HTTP)
    return Finding(step=step, state=State.OK)


def _has_tls(url: str) -> bool:
    return url.lower().startswith("https:")


def unreadable() -> list[Finding]:
    """Our own sealed key cannot be opened: nothing was asked."""
    failed = Finding(step=Step.KEY, state=State.FAILED, why=Why.UNREADABLE)
    return [failed if s == Step.KEY else Finding(step=s, state=State.UNKNOWN) for s in Step]


def of_list(error: ProviderError | None, *, url: str) -> Finding:
    """The sweep may just have used up the one list a second: then nothing is known."""
    if error is None:
        return Finding(step=Step.LIST, state=State.OK)
    state = State.UNKNOWN if error.trouble == Trouble.RATE_LIMITED else State.FAILED
    words = str(error)[:500]
    return Finding(step=Step.LIST, state=state, why=error.trouble, words=words, asked=url)


def no_list(why: Why | None) -> Finding:
    return Finding(step=Step.LIST, state=State.UNKNOWN, why=why or "")


def of_clock(ahead: float | None) -> Finding:
    if ahead is None:
        return Finding(step=Step.CLOCK, state=State.UNKNOWN, why=Why.NO_DATE)
    state = State.OK if abs(ahead) < WRONG_CLOCK else State.WARNING
    return Finding(step=Step.CLOCK, state=state, seconds=round(ahead, 1))


def is_well(findings: Iterable[Finding]) -> bool:
    """Nothing failed, and everything on the way to a task is known."""
    found = list(findings)
    known = {f.step for f in found if f.state in (State.OK, State.WARNING)}
    return known.issuperset(ON_THE_WAY) and all(f.state != State.FAILED for f in found)
