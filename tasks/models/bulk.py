"""Updating many rows with different values in one statement.

Django's bulk_update builds a CASE per row and column: slow to build, and on SQLite split every 999
parameters. Here all values travel as one JSON parameter, which the database unpacks.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def write(
    rows: Sequence[models.Model], fields: Sequence[str], *, unless_moved: str = ""
) -> set[int]:
    """Update these fields of these rows; return the ids of the rows that were written.

    With `unless_moved` (the name of a field) a row is written only if that field in the database
    still has the value in the row's `moved_from`: a claim by conditional update.
    """
    if not rows:
        return set()
    meta = rows[0]._meta
    columns = [meta.get_field(name) for name in fields]
    guard = meta.get_field(unless_moved) if unless_moved else None
    values: list[Any] = [_values(row, columns, guard) for row in rows]
    if connection.vendor != "sqlite":
        values = [dict(enumerate(row)) for row in values]
    with connection.cursor() as cursor:
        parameter = json.dumps(values, cls=_ExactTimeEncoder)
        cursor.execute(_statement(meta.db_table, columns, guard), [parameter])
        return {pk for (pk,) in cursor.fetchall()}


def _values(row: Any, columns: list[Any], guard: Any) -> list[Any]:
    """One row in the database's own types: id, the guard's old value, then the new values."""
    values = [row.pk]
    if guard:
        values.append(guard.get_db_prep_save(row.moved_from, connection))
    new = (column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns)
    return [*values, *new]


class _ExactTimeEncoder(json.JSONEncoder):
    """Encoder with microseconds: a claim compares times exactly, and Django's own cuts them."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else super().default(value)


def _statement(table: str, columns: list[Any], guard: Any) -> str:
    first = 2 if guard else 1
    sets = ", ".join(f'"{c.column}" = v.c{n}' for n, c in enumerate(columns, start=first))
    where = f'"{table}".id = v.c0'
    if guard:
        same = "IS" if connection.vendor == "sqlite" else "IS NOT DISTINCT FROM"  # NULL is NULL
        where += f' AND "{table}"."{guard.column}" {same} v.c1'
    source = _source([*([guard] if guard else []), *columns])
    return f'UPDATE "{table}" SET {sets} FROM {source} WHERE {where} RETURNING "{table}".id'


def _source(columns: list[Any]) -> str:
    if connection.vendor == "sqlite":
        picks = ", ".join(f"json_extract(value, '$[{n}]') AS c{n}" for n in range(len(columns) + 1))
        return f"(SELECT {picks} FROM json_each(%s)) AS v"
    types = ", ".join(f'"{n}" {c.db_type(connection)}' for n, c in enumerate(columns, start=1))
    names = ", ".join(f"c{n}" for n in range(len(columns) + 1))
    rows = f'jsonb_to_recordset(%s::jsonb) AS r("0" bigint, {types})'
    return f"(SELECT * FROM {rows}) AS v({names})"
