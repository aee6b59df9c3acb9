"""How many tasks there are of each status, without ever counting a whole table.

Two bounds hold whatever the filters are: a status is counted up to CAP, and where something
else narrows the list, ended tasks are counted among its newest WINDOW ids only, so that a rare
combination cannot become a scan. A count that met a bound says so: "999+", "12+".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from tasks import search
from tasks.listing.filters import Filters
from tasks.models import Task
from tasks.models.task_queries import TaskQuerySet
from tasks.status import LIVE, Status

CAP = 999
WINDOW = 20_000
TEXT_WINDOW = 2_500  # each match in it is looked up


@dataclass(frozen=True)
class Count:
    number: int
    at_least: bool  # a bound was met: there may be more

    def __str__(self) -> str:
        if self.at_least and not self.number:
            return ""
        return f"{self.number}+" if self.at_least else str(self.number)


def within(filters: Filters, tasks: TaskQuerySet, *, user: Any, newest: int) -> dict[str, Count]:
    """Every status, counted among the tasks the filters leave: one query."""
    below = floor(user, filters, newest)
    return _in_one_walk(tasks, below) if filters.q else _each(tasks, below)


def _each(tasks: TaskQuerySet, floor: int) -> dict[str, Count]:
    """Of ended tasks only those above `floor` are looked at."""
    found = _capped([_of_status(tasks, status, floor) for status in Status])
    return {
        status: Count(min(number, CAP), at_least=number > CAP or (floor > 0 and status not in LIVE))
        for status, number in zip(Status, found, strict=True)
    }


def _of_status(tasks: TaskQuerySet, status: Status, floor: int) -> TaskQuerySet:
    """Live ones are few, so they come first and are narrowed then.

    Else SQLite would go through all tasks of a person, and did: 1.1 s of 400,000.
    """
    if status in LIVE:
        return tasks.filter(pk__in=Task.objects.filter(status=status).order_by().values("pk"))
    return tasks.filter(status=status, pk__gt=floor)


def _in_one_walk(tasks: TaskQuerySet, floor: int) -> dict[str, Count]:
    """The index of words is walked once for all statuses; each walk costs the same."""
    narrowed = search.bounded(tasks, ">", floor).order_by()
    found = dict(narrowed.values_list("status").annotate(number=models.Count("pk")))
    return {
        status: Count(
            min(found.get(status, 0), CAP), at_least=floor > 0 or found.get(status, 0) > CAP
        )
        for status in Status
    }


def floor(user: Any, filters: Filters, newest: int) -> int:
    """Below this id ended tasks are not counted. Nothing is below 0."""
    newest = min(newest, filters.span.upto) if filters.span else newest
    if filters.q:
        return max(0, newest - TEXT_WINDOW)
    narrowed = filters.without("status").chosen or not user.is_staff
    return max(0, newest - WINDOW) if narrowed else 0


def of_new(tasks: TaskQuerySet, *, newest: int, cap: int = 99) -> Count:
    """Those that came after the page was made."""
    number = search.bounded(tasks, ">", newest).order_by()[: cap + 1].count()
    return Count(min(number, cap), at_least=number > cap)


def newest_id() -> int:
    return Task.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _capped(each: list[TaskQuerySet]) -> list[int]:
    statements, parameters = [], []
    for tasks in each:
        capped = tasks.order_by().values("pk")[: CAP + 1]
        sql, values = capped.query.get_compiler(connection=connection).as_sql()
        statements.append(f"(SELECT count(*) FROM ({sql}) AS capped)")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(statements)}", parameters)
        return list(cursor.fetchone())
