"""The time of a task's next check. Pure: a task and the time go in, a time comes out.

A provider allows 20 checks a second for a whole account, a gateway refreshes its own copy each
15 s, a flex task takes hours, and after 7 days the record is gone: so a task is checked often
while it is young and ever more seldom as it ages.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Protocol

from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.status import ENDED, Status

GROWTH = 0.02  # of a task's age: 2 s at 100 s, a minute at 50 minutes, 2.4 h at 5 days
SLOWEST = 6 * 3600.0
FLEX_FASTEST = 60.0
UNKNOWN_WORD_FASTEST = 30.0
MISSING_VIDEO_PATIENCE = timedelta(minutes=30)
BELIEVE_NOT_FOUND_AFTER = 3  # answers in a row: a gateway's row appears after its create's answer
BELIEVE_NOT_FOUND_AGE = timedelta(minutes=2)
LONGEST_BACK_OFF = 75.0  # of one task; a provider that is away is given longer pauses as a whole


class Checked(Protocol):
    """The part of a task that the time of its next check depends on."""

    provider: str
    status: str
    status_word: str
    service_tier: str
    video_url: str
    created_at: datetime
    ended_at: datetime | None
    troubles_in_a_row: int
    not_founds: int

    @property
    def born_at(self) -> datetime: ...


def interval(task: Checked, now: datetime, *, fixed: float | None = None) -> float:
    """Seconds between two checks, before jitter; `fixed` is the credential's own setting."""
    if fixed is not None:
        return fixed
    age = max(0.0, (now - task.born_at).total_seconds())
    return min(max(_fastest(task), age * GROWTH), SLOWEST)


def _fastest(task: Checked) -> float:
    """The shortest interval of this task, in seconds."""
    fastest = provider(task.provider).fastest_check
    if task.service_tier == "flex":
        return max(fastest, FLEX_FASTEST)
    if task.status == Status.UNKNOWN and task.status_word:
        return max(fastest, UNKNOWN_WORD_FASTEST)
    return fastest


def next_check(task: Checked, now: datetime, *, fixed: float | None = None) -> datetime | None:
    """The next check after an answer; None if there is nothing more to ask."""
    if not _needs_checks(task, now):
        return None
    seconds = interval(task, now, fixed=fixed) * random.uniform(0.9, 1.1)
    return now + timedelta(seconds=seconds)


def _needs_checks(task: Checked, now: datetime) -> bool:
    """Whether it is live, or succeeded without a link: some gateways give that a little later."""
    if task.status == Status.SUCCEEDED and not task.video_url and task.ended_at is not None:
        return now < task.ended_at + MISSING_VIDEO_PATIENCE
    return task.status not in ENDED


def next_check_after_trouble(task: Checked, error: ProviderError, now: datetime) -> datetime | None:
    """The next check after an error: exponential back-off with jitter, or when the provider says.

    It is never sooner than the provider asked for; None for an ended task.
    """
    if not _needs_checks(task, now):  # an ended task that somebody asked about again
        return None
    back_off = min(LONGEST_BACK_OFF, _fastest(task) * 2.0 ** min(task.troubles_in_a_row, 12))
    if error.trouble == Trouble.NOT_FOUND:
        back_off = min(back_off, 60.0)
    seconds = max(back_off * random.uniform(0.5, 1.0), error.retry_after or 0.0)
    return now + timedelta(seconds=seconds)


def not_found_is_believed(task: Checked, now: datetime) -> bool:
    return (
        task.not_founds >= BELIEVE_NOT_FOUND_AFTER
        and now >= task.created_at + BELIEVE_NOT_FOUND_AGE
    )
