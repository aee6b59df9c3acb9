"""Pages by key: as fast at the millionth row as at the first, and stable while rows arrive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict

from tasks.models import Task, search
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.numbers import whole_number

ROWS = 50
LATEST = 10**17 - 1  # µs since 1970, which is in the year 5138
MOST_APART = 20  # projects that are read apart; a statement of SQLite joins at most 500
MOST_READ = 4_000  # rows that a page looks through where no index knows which ones fit


@dataclass(frozen=True)
class KeyPage:
    """The ids of a page, the newest first."""

    ids: list[int]
    is_first: bool
    older: int | None  # ?before= of the next page, where there is one
    newer: int | None  # ?after= of the page before, where there is one


@dataclass(frozen=True)
class TaskPage:
    """A page of tasks, the newest first."""

    tasks: list[Task]
    is_first: bool
    older: int | None  # ?before= of the next page, where there is one
    newer: int | None  # ?after= of the page before, where there is one


def task_page(
    tasks: TaskQuerySet,
    query: QueryDict,
    *,
    reader: Any,
    projects: Sequence[int] = (),
    among: TaskQuerySet | None = None,
) -> TaskPage:
    """The newest tasks, or those just older than ?before=, or those just newer than ?after=.

    They are read as a list shows them to the reader, who is a person or a `Sight`; the rest is
    said at `key_page`.

    The ids are read before the rows: with the joins of a row in the same query, SQLite starts from
    the projects and sorts all their tasks (more than 8 s for a member at a million, not 1 ms).
    """
    page = key_page(tasks, query, projects=projects, among=among)
    rows = list(Task.objects.for_list(reader).filter(pk__in=page.ids))
    return TaskPage(rows, is_first=page.is_first, older=page.older, newer=page.newer)


def key_page(
    rows: QuerySet[Any],
    query: QueryDict,
    *,
    projects: Sequence[int] = (),
    among: QuerySet[Any] | None = None,
) -> KeyPage:
    """The ids of the newest rows, or of those just older or newer than the key in the query.

    `projects`, where given, are the ids of all projects that the tasks can belong to; up to
    MOST_APART of them are read apart.

    `among`, where given, are the rows that must be read to find `rows` among them. Of those a page
    looks through MOST_READ only, so it may be short or empty; `older` leads to the rest.
    """
    after, before = whole_number(query.get("after", "")), whole_number(query.get("before", ""))
    if among is not None:
        return _page_of_read_rows(rows, before, projects, among)
    if after is not None:
        ids = _ids(search.bounded(rows, ">", after), projects, newest_first=False)
        if len(ids) > ROWS:
            return _page(ids[:ROWS][::-1], newer=True, older=True)
    elif before is not None:
        ids = _ids(search.bounded(rows, "<", before), projects)
        return _page(ids[:ROWS], newer=True, older=len(ids) > ROWS)
    ids = _ids(rows, projects)
    return _page(ids[:ROWS], newer=False, older=len(ids) > ROWS)


def _page_of_read_rows(
    rows: QuerySet[Any], before: int | None, projects: Sequence[int], among: QuerySet[Any]
) -> KeyPage:
    if before is not None:
        rows, among = (search.bounded(each, "<", before) for each in (rows, among))
    last = _last_to_read(among, projects)
    ids = _ids(search.bounded(rows, ">", last - 1) if last else rows, projects)
    older = ids[ROWS - 1] if len(ids) > ROWS else last
    return KeyPage(ids[:ROWS], is_first=before is None, older=older, newer=None)


def _last_to_read(
    among: QuerySet[Any], projects: Sequence[int], *, newest_first: bool = True
) -> int | None:
    """The id of the last row that a page looks at; None where it looks at all that there are."""
    if not 1 < len(projects) <= MOST_APART:
        return next(iter(_nth(among, MOST_READ, newest_first)), None)
    share = MOST_READ // len(projects)
    parts = [_nth(among.filter(project=pk), share, newest_first) for pk in projects]
    return (max if newest_first else min)(_union(parts), default=None)


def _nth(tasks: QuerySet[Any], number: int, newest_first: bool) -> QuerySet[Any, int]:
    ordered = search.in_order(tasks, newest_first=newest_first).values_list("pk", flat=True)
    return ordered[number - 1 : number]


def _ids(tasks: QuerySet[Any], projects: Sequence[int], *, newest_first: bool = True) -> list[int]:
    if not 1 < len(projects) <= MOST_APART:
        return list(_first(tasks, newest_first=newest_first))
    parts = [_first(tasks.filter(project=pk), newest_first=newest_first) for pk in projects]
    return sorted(_union(parts), reverse=newest_first)[: ROWS + 1]


def _first(tasks: QuerySet[Any], *, newest_first: bool) -> QuerySet[Any, int]:
    ordered = search.in_order(tasks, newest_first=newest_first)
    return ordered.values_list("pk", flat=True)[: ROWS + 1]


def _union(parts: Iterable[QuerySet[Any, int]]) -> list[int]:
    """All ids of the parts, in one statement.

    For all projects at once, a database walks either all tasks, which is slow where those of the
    projects are old, or all tasks of the projects, which is slow where they are many.
    """
    statements, parameters = [], []
    for tasks in parts:
        sql, values = tasks.query.get_compiler(connection=connection).as_sql()
        statements.append(f"SELECT * FROM ({sql}) AS project")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), parameters)
        return [row[0] for row in cursor.fetchall()]


def _page(ids: list[int], *, newer: bool, older: bool) -> KeyPage:
    return KeyPage(
        ids,
        is_first=not newer,
        older=ids[-1] if older and ids else None,
        newer=ids[0] if newer and ids else None,
    )


def neighbours(
    tasks: TaskQuerySet,
    pk: int,
    *,
    projects: Sequence[int] = (),
    among: TaskQuerySet | None = None,
) -> tuple[int | None, int | None]:
    """The ids just newer and just older than this one; None where there is none.

    `projects` and `among` are those of `task_page`. Two queries; four with `among`, of which the
    MOST_READ nearest rows are looked through on either side.
    """
    newer = _nearest(tasks, pk, projects, among, newest_first=False)
    return newer, _nearest(tasks, pk, projects, among, newest_first=True)


def _nearest(
    tasks: TaskQuerySet,
    pk: int,
    projects: Sequence[int],
    among: TaskQuerySet | None,
    *,
    newest_first: bool,
) -> int | None:
    beyond: Literal["<", ">"] = "<" if newest_first else ">"
    before: Literal["<", ">"] = ">" if newest_first else "<"
    tasks = search.bounded(tasks, beyond, pk)
    if among is not None:
        near = search.bounded(among, beyond, pk)
        last = _last_to_read(near, projects, newest_first=newest_first)
        if last is not None:
            tasks = search.bounded(tasks, before, last - 1 if newest_first else last + 1)
    is_apart = 1 < len(projects) <= MOST_APART and not tasks.query.is_empty()
    parts = [tasks.filter(project=each) for each in projects] if is_apart else [tasks]
    firsts = [_nth(part, 1, newest_first) for part in parts]
    return (max if newest_first else min)(
        _union(firsts) if is_apart else list(firsts[0]), default=None
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def key_of(at: datetime | None, pk: int) -> str:
    """The key of a row in an order of times, for a URL: µs, or "-" without a time, and the id."""
    return f"{'-' if at is None else (at - _EPOCH) // timedelta(microseconds=1)}.{pk}"


def read_key(key: str) -> tuple[datetime | None, int | None]:
    """The time and the id that `key_of` wrote; the id is None where it did not write this."""
    text, _dot, pk = key.partition(".")
    at = whole_number(text)
    if text == "-":
        return None, whole_number(pk)
    if at is None or at > LATEST:
        return None, None
    return _EPOCH + timedelta(microseconds=at), whole_number(pk)
