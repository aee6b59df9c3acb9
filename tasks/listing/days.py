"""The list by days: which ids a span of days has, found without an index of times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from tasks import search
from tasks.models.task_queries import TaskQuerySet

CLOSE = 1_000  # ids; nearer than that a bound is not looked for
#: Ids follow time, except where a clock was put right: by so much, and no more.
ASTRAY = timedelta(hours=2)
_ISO = re.compile(r"(20|21)\d\d-\d\d-\d\d", re.ASCII)

# All tasks up to `low` were made before the moment, all after `high` not before it; each step
# halves what lies between. An index of times would tempt SQLite into sorting a whole month by id.
_HALVING = """
WITH RECURSIVE newest(id) AS (SELECT coalesce(max(id), 0) FROM tasks_task),
walk(side, moment, low, high) AS (
    SELECT 0, {moment}, cast(0 AS bigint), id FROM newest
    UNION ALL SELECT 1, {moment}, cast(0 AS bigint), id FROM newest
    UNION ALL SELECT side, moment,
        CASE WHEN created_at < moment THEN tasks_task.id ELSE low END,
        CASE WHEN created_at < moment THEN high ELSE (low + high) / 2 END
    FROM walk JOIN tasks_task ON tasks_task.id =
        (SELECT min(id) FROM tasks_task WHERE id > (low + high) / 2)
    WHERE high - low > %s
) SELECT max(low), min(high) FROM walk GROUP BY side ORDER BY side"""


@dataclass(frozen=True)
class Span:
    """From one moment to another, and between which ids the tasks of that time are."""

    start: datetime
    end: datetime
    above: int
    upto: int

    @classmethod
    def of(cls, since: date | None, until: date | None) -> Span:
        """Whole days as the reader's zone has them, both included."""
        start = _midnight(since or date(2000, 1, 1))
        end = _midnight((until or date(2199, 12, 31)) + timedelta(days=1))
        above, upto = _ids_between(start - ASTRAY, end + ASTRAY)
        return cls(start, end, above, upto)

    def narrow(self, tasks: TaskQuerySet) -> TaskQuerySet:
        made_then = tasks.filter(created_at__gte=self.start, created_at__lt=self.end)
        return search.bounded(search.bounded(made_then, ">", self.above), "<", self.upto + 1)


def read_day(text: str) -> date | None:
    """2026-11-17, and nothing else."""
    try:
        return date.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _ids_between(start: datetime, end: datetime) -> tuple[int, int]:
    """20 to 30 rows are looked at among a million: one statement of less than a millisecond."""
    moment = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    moments = [connection.ops.adapt_datetimefield_value(each) for each in (start, end)]
    with connection.cursor() as cursor:
        cursor.execute(_HALVING.format(moment=moment), [*moments, CLOSE])
        (above, _), (_, upto) = cursor.fetchall()
    return above, upto
