"""Statements that are put together once, for pages that ask the same again and again.

The ORM takes longer to write some of them than the database to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

#: Stands for the moment of asking in a query that a `Statement` is made of.
NOW = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Statement:
    """The text of a query about a moment, and what makes its answer Python's again.

    What else the query depends on, such as the person who asks, stays as it was.
    """

    sql: str
    values: tuple[Any, ...]
    moments: tuple[tuple[Any, timedelta], ...]  # as they stand among the values, and after NOW
    converters: dict[int, tuple[list[Any], Any]]

    @classmethod
    def of(cls, query: QuerySet[Any, Any], *after_now: timedelta) -> Statement:
        """Put a query of NOW and of these times after it together."""
        compiler = query.query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        moments = tuple((_adapted(NOW + each), each) for each in (timedelta(), *after_now))
        return cls(sql, tuple(values), moments, converters)

    def rows(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        """Ask it of this moment."""
        moments = {stands: _adapted(now + after) for stands, after in self.moments}
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [moments.get(value, value) for value in self.values])
            yield from map(self._converted, cursor.fetchall())

    def _converted(self, row: Iterable[Any]) -> tuple[Any, ...]:
        found = list(row)
        for place, (converters, expression) in self.converters.items():
            for convert in converters:
                found[place] = convert(found[place], expression, connection)
        return tuple(found)


def _adapted(at: datetime) -> Any:
    """The moment as the database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(at)
