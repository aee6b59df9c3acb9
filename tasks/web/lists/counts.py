"""The number of tasks of each status, counted without reading a whole table.

Two bounds hold for every filter: a status is counted up to CAP, and where something else narrows
the list, ended tasks are counted among the newest WINDOW ids only, so that a rare combination
cannot become a scan. A count that reached a bound says so: "999+", "12+".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from django.db import connection, models
from django.utils import timezone

from tasks.models import Task, search
from tasks.models.access import administers
from tasks.models.sight import Sight
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.status import LIVE, Status
from tasks.web.lists.filters import Filters
from tasks.web.shared import Shared

CAP = 999
SHARED_SECONDS = 1.0  # for which open pages that ask the same use the same counts
WINDOW = 20_000
READ_WINDOW = 2_500  # ids, where each row among them is read: for a text, a model, a resolution …


@dataclass(frozen=True)
class CappedCount:
    """A count that may have reached a bound."""

    number: int
    at_least: bool  # a bound was reached: there may be more

    def __add__(self, other: CappedCount) -> CappedCount:
        number = self.number + other.number
        return CappedCount(min(number, CAP), number > CAP or self.at_least or other.at_least)

    def __str__(self) -> str:
        if self.at_least and not self.number:
            return ""
        return f"{self.number}+" if self.at_least else str(self.number)


def within(
    filters: Filters, tasks: TaskQuerySet, *, user: Any, newest: int
) -> dict[str, CappedCount]:
    """The count of every status among the tasks that the filters leave. One query."""
    below = floor(user, filters, newest)
    return _by_text_index(tasks, below) if filters.q else _by_status(tasks, below)


def digest(tally: dict[str, CappedCount]) -> str:
    """A digest of the counts, so that they are only swapped when one has changed."""
    text = " ".join(f"{status}{count}" for status, count in tally.items())
    return blake2b(text.encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class SharedCounts:
    """The counts that open pages with the same filters share, at most a second old."""

    change: int  # the last change that they surely know of
    tally: dict[str, CappedCount]
    digest: str
    newest: int  # the highest id of all tasks

    @classmethod
    def read(cls, filters: Filters, sight: Sight, user: Any) -> SharedCounts:
        """The counts of pages that people with the same projects have of the same tasks."""
        same = replace(filters, status=(), more=0, view="")
        person = user.pk if filters.starred else None
        zone = timezone.get_current_timezone_name() if filters.since or filters.until else ""
        key = (sight.projects, sight.detailed, same, person, zone)
        return shared.get(key, lambda: cls._count(same, sight, user))

    @classmethod
    def _count(cls, filters: Filters, sight: Sight, user: Any) -> SharedCounts:
        newest = newest_id()
        visible = Task.objects.in_sight(sight, details=filters.asks_details)
        tasks = filters.narrow(visible, user)
        tally = within(filters, tasks, user=user, newest=newest)
        return cls(sight.last_change, tally, digest(tally), newest)


shared: Shared[SharedCounts] = Shared(SHARED_SECONDS)


def _by_status(tasks: TaskQuerySet, floor: int) -> dict[str, CappedCount]:
    """Counts by the index of each status; ended tasks are counted above the id `floor` only.

    Live tasks are few, so they are selected first and narrowed then. Otherwise SQLite goes through
    all tasks of a person, which took 1.1 s for 400,000.
    """
    live = Task.objects.filter(status=ANY_STATUS).order_by().values("pk")
    of_live = _capped(tasks.filter(pk__in=live))
    of_ended = _capped(tasks.filter(status=ANY_STATUS, pk__gt=floor))
    numbers = _numbers({s: of_live if s in LIVE else of_ended for s in Status})
    return {
        status: CappedCount(
            min(number, CAP), at_least=number > CAP or (floor > 0 and status not in LIVE)
        )
        for status, number in zip(Status, numbers, strict=True)
    }


def _by_text_index(tasks: TaskQuerySet, floor: int) -> dict[str, CappedCount]:
    """Counts by one walk of the text index for all statuses, because each walk costs the same."""
    narrowed = search.bounded(tasks, ">", floor).order_by()
    numbers = dict(narrowed.values_list("status").annotate(number=models.Count("pk")))
    return {
        status: CappedCount(
            min(numbers.get(status, 0), CAP), at_least=floor > 0 or numbers.get(status, 0) > CAP
        )
        for status in Status
    }


def floor(user: Any, filters: Filters, newest: int) -> int:
    """The id below which ended tasks are not counted; 0 where all are counted."""
    newest = min(newest, filters.span.upto) if filters.span else newest
    if filters.q or filters.reads_rows:
        return max(0, newest - READ_WINDOW)
    narrowed = filters.without("status").chosen or not administers(user)
    return max(0, newest - WINDOW) if narrowed else 0


def of_new(tasks: TaskQuerySet, *, newest: int, cap: int = 99) -> CappedCount:
    """The number of tasks that came after the page was made."""
    number = search.bounded(tasks, ">", newest).order_by()[: cap + 1].count()
    return CappedCount(min(number, cap), at_least=number > cap)


def newest_id() -> int:
    """The highest id of all tasks; 0 where there are none. A raw statement, for every page asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM tasks_task")
        return cursor.fetchone()[0] or 0


#: Stands for a status in a statement that is put together once for all of them: eleven times took
#: a tenth of a whole page.
ANY_STATUS = "any status"

Statement = tuple[str, list[Any]]  # its text and its parameters


def _capped(tasks: TaskQuerySet) -> Statement:
    """Put together the statement that counts these tasks up to the bound."""
    capped = tasks.order_by().values("pk")[: CAP + 1]
    sql, values = capped.query.get_compiler(connection=connection).as_sql()
    return f"(SELECT count(*) FROM ({sql}) AS capped)", list(values)


def _numbers(statements: dict[Status, Statement]) -> list[int]:
    """The numbers that these statements give for their statuses, all read at once."""
    parameters = [
        str(status) if value == ANY_STATUS else value
        for status, (_sql, values) in statements.items()
        for value in values
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(sql for sql, _ in statements.values())}", parameters)
        return list(cursor.fetchone())
