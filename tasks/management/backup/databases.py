"""Dump a database into one file, as it was at one moment, and put such a file in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction

from tasks.management.backup.archive import BackupError

Query = Callable[[str], Iterator[Sequence[Any]]]
ASIDE = "before_restore_"


def current() -> Sqlite | Postgres:
    return Postgres() if connection.vendor == "postgresql" else Sqlite()


def known_tables() -> set[str]:
    """The tables of this release; an older one may lack some of them."""
    models = apps.get_models(include_auto_created=True)
    return {m._meta.db_table for m in models if m._meta.managed and not m._meta.proxy}


def count_rows(query: Query, tables: Iterable[str]) -> dict[str, int]:
    return {table: next(query(f'SELECT count(*) FROM "{table}"'))[0] for table in sorted(tables)}


class Sqlite:
    engine, file_name = "sqlite", "database.sqlite3"
    all_tables = "SELECT name FROM sqlite_master WHERE type = 'table'"

    @property
    def path(self) -> Path:
        return Path(str(connection.settings_dict["NAME"]))

    @contextmanager
    def dump(self, path: Path) -> Iterator[Query]:
        """SQLite's own online backup: one read transaction, which in WAL stops no writer.

        Yields a function that queries what was dumped. Raises BackupError.
        """
        try:
            source = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=20)
            with closing(source), closing(sqlite3.connect(path)) as target:
                source.backup(target)
                _require_whole(target)
                yield target.execute
        except sqlite3.Error as error:
            raise BackupError(f"SQLite could not save {self.path}: {error}") from None

    def check_dump(self, path: Path, rows: dict[str, int]) -> None:
        """Raise BackupError unless the file is whole and its tables have these numbers of rows."""
        with closing(sqlite3.connect(path)) as dumped:
            _require_whole(dumped)
            try:
                found = count_rows(dumped.execute, rows)
            except sqlite3.Error as error:
                raise BackupError(f"The backup's database cannot be read: {error}") from None
        if wrong := [table for table, number in rows.items() if found[table] != number]:
            raise BackupError(f"Rows are missing from the backup's tables {', '.join(wrong)}.")

    def restore(self, path: Path, *, stamp: str, keep: bool) -> str:
        """Put the dump in place; tell where the old database now is, if it was to be kept.

        The old one's log goes with it: SQLite would play it into the new one.
        """
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        aside = self.path.with_name(f"{self.path.name}.{ASIDE}{stamp}")
        for tail in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{tail}").rename(f"{aside}{tail}")
        shutil.move(path, self.path)
        if not keep:
            for tail in ("-wal", "-shm", ""):
                Path(f"{aside}{tail}").unlink(missing_ok=True)
        return str(aside) if keep and aside.exists() else ""


def _require_whole(database: sqlite3.Connection) -> None:
    try:
        [answer] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise BackupError(f"The database is damaged: {answer}")


class Postgres:
    engine, file_name = "postgresql", "database.dump"
    all_tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

    @contextmanager
    def dump(self, path: Path) -> Iterator[Query]:
        """Run pg_dump in a snapshot that our own queries share, so all tell of one moment.

        Yields a function that queries what was dumped. Raises BackupError.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            options = ["--format=custom", f"--exclude-schema={ASIDE}*", f"--file={path}"]
            _run("pg_dump", *options, *_NO_OWNER, f"--snapshot={cursor.fetchone()[0]}")
            yield _query

    def check_dump(self, path: Path, rows: dict[str, int]) -> None:
        """Raise BackupError unless pg_restore can read the file; rows are not in its list."""
        _run("pg_restore", "--list", str(path), connect=False)

    def restore(self, path: Path, *, stamp: str, keep: bool) -> str:
        """Put the dump into an empty schema; tell where the old one is, if it was to be kept.

        The old schema is renamed whole, and comes back if this fails.
        """
        _require_ours_alone()
        aside = f"{ASIDE}{stamp}".replace("-", "_")
        had_tables = bool(connection.introspection.table_names())
        if had_tables:
            _move_aside(aside)
        connection.close()
        try:
            _run("pg_restore", "--single-transaction", "--exit-on-error", *_NO_OWNER, str(path))
        except BackupError:
            if had_tables:
                back = f'ALTER SCHEMA "{aside}" RENAME TO public'
                _execute("DROP SCHEMA public CASCADE", back)
            raise
        if had_tables and not keep:
            _execute(f'DROP SCHEMA "{aside}" CASCADE')
        return f"the schema {aside}" if had_tables and keep else ""


_NO_OWNER = ("--no-owner", "--no-privileges", "--no-comments")


def _query(sql: str) -> Iterator[Sequence[Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(2_000):
            yield from found


def _require_ours_alone() -> None:
    ours = {"auth", "django", "tasks", "account", "mfa", "usersessions", "socialaccount"}
    names = connection.introspection.table_names()
    foreign = [name for name in names if name.partition("_")[0] not in ours]
    if foreign:
        raise BackupError(
            f"The database also holds tables of others ({', '.join(sorted(foreign)[:5])}). "
            "Restore into a database of its own."
        )


def _move_aside(aside: str) -> None:
    """Rename the schema. Extensions stay: the dump only makes those that are missing."""
    extensions = _query(
        "SELECT extname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
        " WHERE nspname = 'public'"
    )
    moves = [f'ALTER EXTENSION "{name}" SET SCHEMA public' for (name,) in extensions]
    _execute(f'ALTER SCHEMA public RENAME TO "{aside}"', "CREATE SCHEMA public", *moves)


def _execute(*statements: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        raise BackupError(f"PostgreSQL refused: {' '.join(str(error).split())}") from None


def _run(tool: str, *options: str, connect: bool = True) -> None:
    """Run one of PostgreSQL's tools; the password goes by the environment, never by `ps`."""
    if shutil.which(tool) is None:
        raise BackupError(
            f"{tool} is not on this machine. Install PostgreSQL's client tools, of the server's "
            "version or newer (on Debian and Ubuntu: postgresql-client)."
        )
    where, environment = _address()
    done = subprocess.run(
        [tool, *(where if connect else ()), *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[:500] or f"exit code {done.returncode}"
        raise BackupError(f"{tool} failed: {reason}")


def _address() -> tuple[list[str], dict[str, str]]:
    """Django's options for psql, changed for tools that want the database's name as an option."""
    arguments, environment = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    _psql, *where, name = arguments
    return [*where, f"--dbname={name}"], environment or {}
