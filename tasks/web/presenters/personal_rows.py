"""Rows that every page reads for its person: the statement is put together once for each of them.

Putting such a statement together takes ten times as long as asking it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from tasks.models.access import administers, token_of
from tasks.models.statement import NOW, Statement
from tasks.web.shared import Shared

statements: Shared[Statement | None] = Shared(600.0)


def personal_rows(
    name: str,
    person: Any,
    query: Callable[[], QuerySet[Any, Any]],
    now: datetime | None = None,
    *after_now: timedelta,
) -> list[tuple[Any, ...]]:
    """The rows of a query of values, read anew each time; `now` and the rest are its `Statement`'s.

    It may depend on the person alone, by subqueries or joins: what it looks up while it is made,
    such as the ids of their projects, would stay as it was.
    """
    key = (name, person.pk, administers(person), person.is_active, token_of(person))
    statement = statements.get(key, lambda: _put_together(query(), *after_now))
    return list(statement.rows(now or NOW)) if statement else []


def _put_together(query: QuerySet[Any, Any], *after_now: timedelta) -> Statement | None:
    """The statement; None for a query that finds nothing, whatever the database holds."""
    try:
        return Statement.of(query, *after_now)
    except EmptyResultSet:
        return None
