"""The rows of a page as the reader sees them: divided by days, takes of one press stacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.web.lists.counts import CappedCount
from tasks.web.presenters.billing import sums_of
from tasks.web.presenters.task import TaskPresenter


@dataclass(frozen=True)
class Row:
    """A task's row. Of a stack, which are takes of one press side by side, the top one counts."""

    presented: TaskPresenter
    stack: int | None = None  # the id of the task on top
    takes: int = 0  # in the stack, on its top row
    is_open: bool = False  # from the first, as some of the takes are still being made

    @property
    def is_folded(self) -> bool:
        """Whether the row is hidden unless the stack is open; without scripts it never is."""
        return self.stack is not None and not self.takes


@dataclass(frozen=True)
class DayGroup:
    """The rows of one day, in the reader's time zone."""

    day: date
    at: datetime  # of its first row
    clips: CappedCount  # of the page; a day that goes on on another page has more
    rows: list[Row]
    starred: int  # of these clips, by the reader
    sums: list[str]  # what these took by currency, as far as it is known and the reader may see it

    @property
    def money(self) -> str:
        """The sums in a line; of a day that goes on on another page they are at least so much."""
        more = "+" if self.clips.at_least else ""
        return " · ".join(f"{each}{more}" for each in self.sums)

    @property
    def starred_words(self) -> str:
        return _("{number} starred").format(number=self.starred) if self.starred else ""


def by_days(
    presented: list[TaskPresenter], *, begins: bool, ends: bool, stacks: bool
) -> list[DayGroup]:
    """The rows by day, in their order.

    `begins` and `ends` say whether the first and the last day are whole, as nothing is on a page
    before or after this one; `stacks` whether takes of one press are put together.
    """
    days: dict[date, list[TaskPresenter]] = {}
    zone = timezone.get_current_timezone()
    for each in presented:
        days.setdefault(each.task.created_at.astimezone(zone).date(), []).append(each)
    last = len(days) - 1
    return [
        DayGroup(
            day=day,
            at=timezone.localtime(own[0].task.created_at),
            clips=CappedCount(
                len(own), at_least=(number == 0 and not begins) or (number == last and not ends)
            ),
            rows=list(_stacked(own) if stacks else map(Row, own)),
            starred=sum(each.is_starred for each in own),
            sums=sums_of(each.paid for each in own if each.paid),
        )
        for number, (day, own) in enumerate(days.items())
    ]


def _stacked(presented: list[TaskPresenter]) -> Iterator[Row]:
    for batch, run in groupby(presented, key=_batch_of):
        takes = list(run)
        if batch is None or len(takes) == 1:
            yield from map(Row, takes)
        else:
            yield from _stack(takes)


def _stack(takes: list[TaskPresenter]) -> Iterator[Row]:
    """The rows of a stack; once all takes have ended, one with a picture is on top."""
    is_open = any(each.task.is_live for each in takes)
    pictured = (each for each in takes if each.screen.name == "film" and not is_open)
    top = next(pictured, takes[0])
    stack = top.task.pk
    yield Row(top, stack, takes=len(takes), is_open=is_open)
    yield from (Row(each, stack, is_open=is_open) for each in takes if each is not top)


def _batch_of(presented: TaskPresenter) -> int | None:
    return presented.take.batch_id if presented.take else None
