"""Tables as the migrations left them, after a test that committed its transactions.

Django's own way truncates every table and makes content types and permissions anew. PostgreSQL then
throws away some three hundred files and makes as many: 1 to 2 s a test. Here only rows that are
there are deleted, and those that migrations made are put back as they were.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

#: What Django writes after the migrations, and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
#: PostgreSQL refuses to delete from these, as it should.
ONLY_ADDED_TO = {"tasks_auditentry"}

_first_rows: dict[str, list[tuple[Any, ...]]] = {}


def remember_first_rows() -> None:
    """Remember the rows that the migrations made; call it right after them."""
    with connection.cursor() as cursor:
        for table in _with_rows(cursor):
            cursor.execute(f"SELECT * FROM {_quoted(table)}")
            _first_rows[table] = cursor.fetchall()


def empty_the_tables(_case: Any = None) -> None:
    """Empty all tables in one transaction, within which foreign keys may point nowhere."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in sorted(_with_rows(cursor), key=lambda name: name not in ONLY_ADDED_TO):
            cursor.execute(_statement(table))
        for table, rows in _first_rows.items():
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {_quoted(table)} VALUES ({places})", rows)


def _with_rows(cursor: Any) -> list[str]:
    tables = set(connection.introspection.django_table_names(include_views=False)) - KEPT
    each = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {_quoted(name)})" for name in tables]
    cursor.execute(" UNION ALL ".join(each))
    return [name for (name,) in cursor.fetchall()]


def _statement(table: str) -> str:
    if table in ONLY_ADDED_TO and connection.vendor == "postgresql":
        return f"TRUNCATE {_quoted(table)}"
    return f"DELETE FROM {_quoted(table)}"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
