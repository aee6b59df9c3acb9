"""Pages by key: as quick at the millionth row as at the first, and steady while rows arrive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict

from tasks import search
from tasks.models import Task
from tasks.models.task_queries import TaskQuerySet

ROWS = 50
MOST_APART = 20  # projects; a statement of SQLite joins at most 500


@dataclass(frozen=True)
class Page:
    tasks: list[Task]
    is_first: bool
    older: int | None  # ?before= of the next page, where there is one
    newer: int | None  # ?after= of the page before, where there is one


def page_of(tasks: TaskQuerySet, query: QueryDict, *, projects: Sequence[int] = ()) -> Page:
    """The newest, or those just older than `before`, or just newer than `after`.

    `projects`, where given, are all that the tasks can be of; few enough are gone through apart.

    Ids first, rows then: with the joins of a row in the same query, SQLite starts from the
    projects and sorts all their tasks (more than 8 s for a member at a million, instead of 1 ms).
    """
    after, before = _key(query.get("after", "")), _key(query.get("before", ""))
    if after is not None:
        found = _ids(search.bounded(tasks, ">", after), projects, newest_first=False)
        if len(found) > ROWS:
            return _page(found[:ROWS][::-1], newer=True, older=True)
    elif before is not None:
        found = _ids(search.bounded(tasks, "<", before), projects)
        return _page(found[:ROWS], newer=True, older=len(found) > ROWS)
    found = _ids(tasks, projects)
    return _page(found[:ROWS], newer=False, older=len(found) > ROWS)


def _ids(tasks: TaskQuerySet, projects: Sequence[int], *, newest_first: bool = True) -> list[int]:
    if not 1 < len(projects) <= MOST_APART:
        return list(_first(tasks, newest_first=newest_first))
    each = [_first(tasks.filter(project=pk), newest_first=newest_first) for pk in projects]
    return sorted(_all_of(each), reverse=newest_first)[: ROWS + 1]


def _first(tasks: TaskQuerySet, *, newest_first: bool) -> QuerySet[Task, int]:
    ordered = search.in_order(tasks, newest_first=newest_first)
    return ordered.values_list("pk", flat=True)[: ROWS + 1]


def _all_of(each: Iterable[QuerySet[Task, int]]) -> list[int]:
    """In one statement. Asked for all projects at once, a database walks either all tasks, which
    is slow where theirs are old, or all of theirs, which is slow where they are many.
    """
    statements, parameters = [], []
    for tasks in each:
        sql, values = tasks.query.get_compiler(connection=connection).as_sql()
        statements.append(f"SELECT * FROM ({sql}) AS project")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), parameters)
        return [row[0] for row in cursor.fetchall()]


def _page(ids: list[int], *, newer: bool, older: bool) -> Page:
    return Page(
        tasks=list(Task.objects.for_list().filter(pk__in=ids)),
        is_first=not newer,
        older=ids[-1] if older and ids else None,
        newer=ids[0] if newer and ids else None,
    )


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
