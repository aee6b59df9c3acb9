"""Decisions after a failed try: which link to try next and when, to ask for others, to give up.

The links of a copy are tried in turn. Only after the last of them it is decided what to do about
all: wait and begin again with the first, ask the provider for others, or give up.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from tasks.archive.job import DownloadError
from tasks.models import Copy, CopyTrouble, Task
from tasks.models.copy_links import CopyLink, current
from tasks.providers import Trouble

READY_PATIENCE = timedelta(minutes=10)  # after the success a missing file is only late
RECORD_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1521309: afterwards nobody is to ask
ANSWER_SECONDS = 20.0  # within which the sweep has asked about a task, and written down the answer
LONGEST_WAIT = 600.0  # seconds
LATE_WAIT = 30.0  # seconds at most, while the file is not ready yet
CLOCK_DOUBT = timedelta(days=1)  # by which our own clock may be ahead, where no host tells the time
LOCAL_WAIT = 20.0  # seconds, while it is our own disk or storage that has no room
FIRST_WAIT = 4.0
PATIENCE = 3  # tries of one link in troubles that pass, before the next one has its turn …
LONG_PATIENCE = 12  # … where a part of the file has come
#: Troubles of our own, which say nothing about the host.
LOCAL = frozenset({CopyTrouble.DISK_FULL, CopyTrouble.STORAGE})
#: Troubles of a host that usually pass soon.
PASSING = frozenset(
    {
        *(Trouble.RATE_LIMITED, Trouble.SERVER, Trouble.TIMEOUT, Trouble.CONNECTION),
        CopyTrouble.CUT_OFF,
    }
)
#: Troubles of links that we do not ask for, or that lead to something else, whatever the task is.
HOPELESS = frozenset(
    {
        *(Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS, Trouble.BAD_ADDRESS, Trouble.BAD_REDIRECT),
        CopyTrouble.NOT_A_VIDEO,
    }
)


class Step(Enum):
    """The next step after a failed try."""

    REPEAT = auto()  # this link, later
    NEXT = auto()  # the next link, at once
    WAIT = auto()  # and begin again with the first link
    ASK = auto()  # the provider, for other links; and wait
    GIVE_UP = auto()


def is_late(copy: Copy, error: DownloadError, now: datetime) -> bool:
    """Whether the file is not ready yet, by the host's words or as far as anybody can know."""
    if error.trouble == Trouble.NOT_READY:
        return True
    # Our own clock, for the provider's may be hours off.
    since = copy.task.ended_at or copy.created_at
    is_absent = error.status == 404 and not error.is_permanent
    return is_absent and now < since + READY_PATIENCE and not _seems_ended(copy, error, now)


def after_try(copy: Copy, link: CopyLink, error: DownloadError, now: datetime) -> CopyLink:
    """Return the link that was tried with what its failure says of it."""
    kind = trouble(copy, error, now)
    return replace(
        link.after_try(now, kind, str(error)[:500]),
        is_over=kind == CopyTrouble.LINK_DEAD and _is_over(copy, error, now),
        is_hopeless=error.trouble in HOPELESS,
        is_asked=link.is_asked and kind == CopyTrouble.LINK_DEAD,
    )


def next_step(
    copy: Copy, links: Sequence[CopyLink], tried: CopyLink, error: DownloadError, now: datetime
) -> Step:
    """Decide what to do about the copy; `tried` is the one of its links that just failed."""
    if error.trouble in LOCAL:
        return Step.REPEAT
    if len(links) > 1 and _has_another_turn(copy, tried):
        return Step.REPEAT
    if tried is not links[-1]:
        return Step.NEXT
    return _after_all(copy, _hopeful(links), error, now)


def _has_another_turn(copy: Copy, tried: CopyLink) -> bool:
    """Whether a link is tried again before the next, which would begin the file anew."""
    patience = LONG_PATIENCE if copy.bytes_done else PATIENCE
    times = tried.tries[-1].times if tried.tries else 0
    return tried.trouble in PASSING and times % patience != 0


def _hopeful(links: Sequence[CopyLink]) -> Sequence[CopyLink]:
    """The links that decide; all of them where none is any good, for a person may allow one."""
    return [link for link in links if not link.is_hopeless] or links


def _after_all(copy: Copy, links: Sequence[CopyLink], error: DownloadError, now: datetime) -> Step:
    """Decide what to do once all links were tried in vain."""
    dead = [link for link in links if link.trouble == CopyTrouble.LINK_DEAD]
    may_be_asked = _may_be_asked(copy.task, error.host_time or now)
    if may_be_asked and not all(link.is_asked for link in dead):
        return Step.ASK
    if len(dead) < len(links):
        return Step.WAIT
    if may_be_asked and not _has_answered(copy.task, now):
        return Step.WAIT if _is_asked(copy.task, now) else Step.ASK
    return Step.GIVE_UP if all(link.is_over for link in dead) else Step.WAIT


def shown(links: Sequence[CopyLink]) -> CopyLink:
    """The link whose trouble is shown for the copy once all were tried: one that may pass."""
    hopeful = _hopeful(links)
    passing = (link for link in hopeful if link.trouble not in ("", CopyTrouble.LINK_DEAD))
    return next(passing, hopeful[-1])


def looks_dead(copy: Copy, error: DownloadError, now: datetime) -> bool:
    """Whether the host calls the link dead, or it fails in whatever way after the link's end."""
    return error.trouble == Trouble.LINK_DEAD or _seems_ended(copy, error, now)


def _seems_ended(copy: Copy, error: DownloadError, now: datetime) -> bool:
    """Whether to ask for another link: asking harms nobody where our own clock is wrong."""
    return (error.host_time or now) >= _end(copy)


def _has_ended(copy: Copy, error: DownloadError, now: datetime) -> bool:
    """Whether to give up, by the host's own clock, which also judges the link's signature."""
    return (error.host_time or now - CLOCK_DOUBT) >= _end(copy)


def _end(copy: Copy) -> datetime:
    return copy.link_ends_at or copy.task.born_at + RECORD_LIFE


def _is_over(copy: Copy, error: DownloadError, now: datetime) -> bool:
    """Whether the link is over. Where its end is known, a 403 or 404 before that may pass."""
    if error.trouble == Trouble.LINK_DEAD and (error.is_permanent or copy.link_ends_at is None):
        return True
    return _has_ended(copy, error, now)


def _may_be_asked(task: Task, now: datetime) -> bool:
    return now < task.born_at + RECORD_LIFE


def _is_asked(task: Task, now: datetime) -> bool:
    """Whether the task is due to be asked about, or the answer is on its way."""
    if task.check_after is not None:
        return True
    return task.asked_at is not None and now - task.asked_at < timedelta(seconds=ANSWER_SECONDS)


def _has_answered(task: Task, now: datetime) -> bool:
    """Whether the provider has answered since the link died, and had no other link."""
    return not _is_asked(task, now) and task.trouble in ("", Trouble.NOT_FOUND)


def trouble(copy: Copy, error: DownloadError, now: datetime) -> str:
    """The trouble of the copy's link that was tried."""
    if error.trouble in LOCAL:
        return str(error.trouble)
    if is_late(copy, error, now):
        return CopyTrouble.NOT_READY
    return CopyTrouble.LINK_DEAD if looks_dead(copy, error, now) else str(error.trouble)


def wait(copy: Copy, kind: str, error: DownloadError, now: datetime) -> float:
    """Return the seconds until the next try in this trouble; `copy.tries` counts the failed ones.

    Of several links that were tried in turn it counts the turns.
    """
    if error.trouble in LOCAL:
        return LOCAL_WAIT
    longest = LATE_WAIT if kind == CopyTrouble.NOT_READY else LONGEST_WAIT
    turns = -(-copy.tries // len(current(copy.every_link)))
    seconds = min(longest, FIRST_WAIT * 2.0 ** min(turns - 1, 12))
    seconds = max(seconds * random.uniform(0.7, 1.0), min(error.retry_after or 0.0, LONGEST_WAIT))
    return max(2.0, min(seconds, _last_chances(copy, now)))


def _last_chances(copy: Copy, now: datetime) -> float:
    """A quarter of the time that the link still has, in seconds."""
    if copy.link_ends_at is None or copy.link_ends_at <= now:
        return LONGEST_WAIT
    return (copy.link_ends_at - now).total_seconds() / 4
