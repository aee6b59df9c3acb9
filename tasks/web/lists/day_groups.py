"""The rows of a page as the reader sees them: divided by days, takes of one press stacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils import timezone

from tasks.web.lists.counts import CappedCount
from tasks.web.presenters.task import TaskPresenter


@dataclass(frozen=True)
class Row:
    """A task's row. Of a stack, which are takes of one press in a row, the first has the count."""

    presented: TaskPresenter
    stack: int | None = None  # the id of the task of its first row
    takes: int = 0  # in the stack, on its first row

    @property
    def is_folded(self) -> bool:
        """Whether the row is hidden until the stack is opened; without scripts it is not."""
        return self.stack is not None and not self.takes


@dataclass(frozen=True)
class DayGroup:
    """The rows of one day, in the reader's time zone."""

    day: date
    at: datetime  # of its first row
    clips: CappedCount  # of the page; a day that goes on on another page has more
    rows: list[Row]


def by_days(
    presented: list[TaskPresenter], *, begins: bool, ends: bool, stacks: bool
) -> list[DayGroup]:
    """The rows by day, in their order.

    `begins` and `ends` say whether the first and the last day are whole, as nothing is on a page
    before or after this one; `stacks` whether takes of one press are put together.
    """
    days: dict[date, list[TaskPresenter]] = {}
    for each in presented:
        days.setdefault(timezone.localdate(each.task.created_at), []).append(each)
    last = len(days) - 1
    return [
        DayGroup(
            day=day,
            at=timezone.localtime(own[0].task.created_at),
            clips=CappedCount(
                len(own), at_least=(number == 0 and not begins) or (number == last and not ends)
            ),
            rows=list(_stacked(own) if stacks else map(Row, own)),
        )
        for number, (day, own) in enumerate(days.items())
    ]


def _stacked(presented: list[TaskPresenter]) -> Iterator[Row]:
    for batch, run in groupby(presented, key=_batch_of):
        takes = list(run)
        if batch is None or len(takes) == 1:
            yield from map(Row, takes)
        else:
            stack = takes[0].task.pk
            yield Row(takes[0], stack=stack, takes=len(takes))
            yield from (Row(each, stack=stack) for each in takes[1:])


def _batch_of(presented: TaskPresenter) -> int | None:
    return presented.take.batch_id if presented.take else None
