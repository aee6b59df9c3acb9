"""The rest of a running task's time, by recent takes of its kind: "about 40 s left".

time-left.js goes on with the same sums, so that a page ticks without asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tasks.models import Task
from tasks.models.run_times import Kind, kind_of, usual_seconds
from tasks.providers.status import Status
from tasks.web.shared import Shared

#: Open pages share the usual run times, and read them anew each minute.
shared: Shared[dict[Kind, tuple[int, ...]]] = Shared(60.0)
NEVER_FULL = 95  # percent, however long it takes
SOON = 5.0  # seconds
MINUTE = 57.5  # seconds, from which minutes are told: rounded to five, it would be 60
CLOSE = 1.5  # a range that ends at most so many times after its beginning is told as one number


@dataclass(frozen=True)
class TimeLeft:
    """The rest of a running task, out of equally likely run times of its kind."""

    elapsed: float  # seconds
    usual: tuple[int, ...]  # seconds, in ascending order

    @classmethod
    def of(cls, task: Task, now: datetime) -> TimeLeft | None:
        """The rest of this task; None where it does not run, tells itself, or is too rare."""
        if task.status != Status.RUNNING or task.running_at is None or task.progress is not None:
            return None
        usual = shared.get("", lambda: usual_seconds(now)).get(kind_of(task))
        elapsed = max(0.0, (now - task.running_at).total_seconds())
        return cls(elapsed, usual) if usual else None

    @property
    def percent(self) -> int:
        """The share of the median that has passed."""
        median = self.usual[len(self.usual) // 2]
        return min(NEVER_FULL, int(100 * self.elapsed / max(1, median)))

    @property
    def words(self) -> str:
        return words([each - self.elapsed for each in self.usual if each > self.elapsed])


def words(left: Sequence[float]) -> str:
    """The rest in words; `left` has equally likely rests in seconds, in ascending order."""
    if not left:
        return _("taking longer than usual")
    last = len(left) - 1
    least, median, most = (left[int(last * share)] for share in (0.2, 0.5, 0.8))
    if median < SOON:
        return _("a few seconds left")
    if most <= least * CLOSE:
        return _about(median)
    return _range(least, most)


def _about(seconds: float) -> str:
    if seconds < MINUTE:
        return _("about {number} s left").format(number=_by_five(seconds))
    return _("about {number} min left").format(number=_minutes(seconds))


def _range(least: float, most: float) -> str:
    if most < MINUTE:
        ends = {"least": _by_five(least), "most": _by_five(most)}
        return _("{least}–{most} s left").format(**ends)
    if least < MINUTE:
        return _("up to {number} min left").format(number=_minutes(most))
    ends = {"least": _minutes(least), "most": _minutes(most)}
    if ends["least"] == ends["most"]:
        return _about(most)
    return _("{least}–{most} min left").format(**ends)


def _by_five(seconds: float) -> int:
    return max(5, 5 * int(seconds / 5 + 0.5))


def _minutes(seconds: float) -> int:
    return int(seconds / 60 + 0.5)
