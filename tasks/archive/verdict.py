"""After a try that failed: when to try again, whether to ask for another link, when it is over."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from enum import Enum, auto

from tasks.archive.errand import Snag
from tasks.models import Copy, CopyTrouble, Task
from tasks.providers import Trouble

READY_PATIENCE = timedelta(minutes=10)  # after the success a missing file is only late
RECORD_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1521309: afterwards nobody is to ask
ANSWER_SECONDS = 20.0  # within which the sweep has asked about a task, and written down the answer
LONGEST_WAIT = 600.0  # seconds
LATE_WAIT = 30.0  # seconds at most, while the file is not ready yet
CLOCK_DOUBT = timedelta(days=1)  # by which our own clock may be ahead, where no host tells the time
LOCAL_WAIT = 20.0  # seconds, while it is our own disk or storage that has no room
FIRST_WAIT = 4.0
#: These say nothing of the host.
LOCAL = frozenset({CopyTrouble.DISK_FULL, CopyTrouble.STORAGE})


class Step(Enum):
    WAIT = auto()
    ASK = auto()  # the provider, for another link; and wait
    GIVE_UP = auto()


def is_late(copy: Copy, snag: Snag, now: datetime) -> bool:
    """Not ready yet, by the host's own words or as far as anybody can know."""
    if snag.trouble == Trouble.NOT_READY:
        return True
    # Our own clock, for the provider's may be hours off.
    since = copy.task.ended_at or copy.created_at
    is_absent = snag.status == 404 and not snag.is_permanent
    return is_absent and now < since + READY_PATIENCE and not _seems_ended(copy, snag, now)


def next_step(copy: Copy, snag: Snag, now: datetime) -> Step:
    """What to do about the copy, whose `trouble` is still that of the try before this one."""
    if trouble(copy, snag, now) != CopyTrouble.LINK_DEAD:
        return Step.WAIT
    if not _may_be_asked(copy.task, snag.host_time or now):
        return Step.GIVE_UP if _is_over(copy, snag, now) else Step.WAIT
    if copy.trouble != CopyTrouble.LINK_DEAD:
        return Step.ASK
    if not _has_answered(copy.task, now):
        return Step.WAIT if _is_asked(copy.task, now) else Step.ASK
    return Step.GIVE_UP if _is_over(copy, snag, now) else Step.WAIT


def looks_dead(copy: Copy, snag: Snag, now: datetime) -> bool:
    """The host says so, or it fails in whatever way after the link's own end."""
    return snag.trouble == Trouble.LINK_DEAD or _seems_ended(copy, snag, now)


def _seems_ended(copy: Copy, snag: Snag, now: datetime) -> bool:
    """Reason enough to ask for another link: asking harms nobody where our own clock is wrong."""
    return (snag.host_time or now) >= _end(copy)


def _has_ended(copy: Copy, snag: Snag, now: datetime) -> bool:
    """Reason enough to give up: by the host's own clock, which also judges the link's signature."""
    return (snag.host_time or now - CLOCK_DOUBT) >= _end(copy)


def _end(copy: Copy) -> datetime:
    return copy.link_ends_at or copy.task.born_at + RECORD_LIFE


def _is_over(copy: Copy, snag: Snag, now: datetime) -> bool:
    """A host's 403 or 404 may pass; it is believed at the link's own end, if that is known."""
    if snag.trouble == Trouble.LINK_DEAD and (snag.is_permanent or copy.link_ends_at is None):
        return True
    return _has_ended(copy, snag, now)


def _may_be_asked(task: Task, now: datetime) -> bool:
    return now < task.born_at + RECORD_LIFE


def _is_asked(task: Task, now: datetime) -> bool:
    """It is due, or the answer is on its way."""
    if task.check_after is not None:
        return True
    return task.asked_at is not None and now - task.asked_at < timedelta(seconds=ANSWER_SECONDS)


def _has_answered(task: Task, now: datetime) -> bool:
    """To the question that was put when the link died; else it would have brought another one."""
    return not _is_asked(task, now) and task.trouble in ("", Trouble.NOT_FOUND)


def trouble(copy: Copy, snag: Snag, now: datetime) -> str:
    """What is shown of it."""
    if snag.trouble in LOCAL:
        return str(snag.trouble)
    if is_late(copy, snag, now):
        return CopyTrouble.NOT_READY
    return CopyTrouble.LINK_DEAD if looks_dead(copy, snag, now) else str(snag.trouble)


def wait(copy: Copy, snag: Snag, now: datetime) -> float:
    """Seconds until the next try; `copy.tries` counts this one."""
    if snag.trouble in LOCAL:
        return LOCAL_WAIT
    longest = LATE_WAIT if is_late(copy, snag, now) else LONGEST_WAIT
    seconds = min(longest, FIRST_WAIT * 2.0 ** min(copy.tries - 1, 12))
    seconds = max(seconds * random.uniform(0.7, 1.0), min(snag.retry_after or 0.0, LONGEST_WAIT))
    return max(2.0, min(seconds, _last_chances(copy, now)))


def _last_chances(copy: Copy, now: datetime) -> float:
    """The nearer the link's end, the sooner: a quarter of what is left."""
    if copy.link_ends_at is None or copy.link_ends_at <= now:
        return LONGEST_WAIT
    return (copy.link_ends_at - now).total_seconds() / 4
