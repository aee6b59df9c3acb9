"""A database as one file, as it was at one moment; and one file as the database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.db import DatabaseError, connection, transaction

Ask = Callable[[str], Iterator[Sequence[Any]]]
ASIDE = "before_restore_"


class CannotDo(Exception):
    """Why the database could not be saved or put in place; its words are for a person."""


class Database(Protocol):
    engine: str
    file_name: str
    all_tables: str  # the question for their names

    def saved_to(self, path: Path) -> Any:
        """Save it there, and ask questions of what was saved, while writers write on."""
        ...

    def check(self, path: Path, rows: dict[str, int]) -> None:
        """That the file is whole, as far as can be told before it is in place."""
        ...

    def replaced_by(self, path: Path, *, stamp: str, keep: bool) -> str:
        """Put the file in place; where the old one now is, if it was to be kept."""
        ...


def current() -> Database:
    return Postgres() if connection.vendor == "postgresql" else Sqlite()


def tables() -> set[str]:
    """Those of this release."""
    models = apps.get_models(include_auto_created=True)
    return {m._meta.db_table for m in models if m._meta.managed and not m._meta.proxy}


def count_rows(ask: Ask, found: set[str]) -> dict[str, int]:
    """Of our tables among those that were found: an older release has not all of them."""
    ours = sorted(found & tables())
    return {table: next(ask(f'SELECT count(*) FROM "{table}"'))[0] for table in ours}


class Sqlite:
    engine, file_name = "sqlite", "database.sqlite3"
    all_tables = "SELECT name FROM sqlite_master WHERE type = 'table'"

    @property
    def _place(self) -> Path:
        return Path(str(connection.settings_dict["NAME"]))

    @contextmanager
    def saved_to(self, path: Path) -> Iterator[Ask]:
        """SQLite's own online backup: one read transaction, which in WAL stops no writer."""
        try:
            source = sqlite3.connect(f"{self._place.as_uri()}?mode=ro", uri=True, timeout=20)
            with closing(source), closing(sqlite3.connect(path)) as target:
                source.backup(target)
                _require_whole(target)
                yield lambda sql: iter(target.execute(sql))
        except sqlite3.Error as error:
            raise CannotDo(f"SQLite could not save {self._place}: {error}") from None

    def check(self, path: Path, rows: dict[str, int]) -> None:
        with closing(sqlite3.connect(path)) as found:
            _require_whole(found)
            for table, number in rows.items():
                if found.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] != number:
                    raise CannotDo(f"The backup's table {table} does not have {number} rows.")

    def replaced_by(self, path: Path, *, stamp: str, keep: bool) -> str:
        """The log of the old one goes with it: SQLite would play it into the new one."""
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        aside = self._place.with_name(f"{self._place.name}.{ASIDE}{stamp}")
        for tail in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self._place}{tail}").rename(f"{aside}{tail}")
        shutil.move(path, self._place)
        if not keep:
            for tail in ("-wal", "-shm", ""):
                Path(f"{aside}{tail}").unlink(missing_ok=True)
        return str(aside) if keep and aside.exists() else ""


def _require_whole(database: sqlite3.Connection) -> None:
    try:
        [said] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise CannotDo(f"The database is damaged: {said}")


class Postgres:
    engine, file_name = "postgresql", "database.dump"
    all_tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

    @contextmanager
    def saved_to(self, path: Path) -> Iterator[Ask]:
        """pg_dump and our own questions share one snapshot, so they tell of the same moment."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            options = ["--format=custom", f"--exclude-schema={ASIDE}*", f"--file={path}"]
            _run("pg_dump", *options, *_NO_OWNER, f"--snapshot={cursor.fetchone()[0]}")
            yield _asked

    def check(self, path: Path, rows: dict[str, int]) -> None:
        _run("pg_restore", "--list", str(path), connect=False)

    def replaced_by(self, path: Path, *, stamp: str, keep: bool) -> str:
        """Into an empty schema; the old one is put aside whole, and back if this fails."""
        _require_ours_alone()
        aside = f"{ASIDE}{stamp}".replace("-", "_")
        had_tables = bool(connection.introspection.table_names())
        if had_tables:
            _put_aside(aside)
        connection.close()
        try:
            options = ["--single-transaction", "--exit-on-error", *_NO_OWNER]
            _run("pg_restore", *options, str(path))
        except CannotDo:
            if had_tables:
                _put_back(aside)
            raise
        if had_tables and not keep:
            _execute(f'DROP SCHEMA "{aside}" CASCADE')
        return f"the schema {aside}" if had_tables and keep else ""


_NO_OWNER = ("--no-owner", "--no-privileges", "--no-comments")


def _asked(sql: str) -> Iterator[Sequence[Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(2_000):
            yield from found


def _require_ours_alone() -> None:
    ours = {"auth", "django", "tasks", "account", "mfa", "usersessions", "socialaccount"}
    names = connection.introspection.table_names()
    foreign = [name for name in names if name.partition("_")[0] not in ours]
    if foreign:
        raise CannotDo(
            f"The database also holds what is not ours ({', '.join(sorted(foreign)[:5])}). "
            "Restore into a database of its own."
        )


def _put_aside(aside: str) -> None:
    """Extensions stay: the dump only makes those that are missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
            " WHERE nspname = 'public'"
        )
        extensions = [name for (name,) in cursor.fetchall()]
    moves = [f'ALTER EXTENSION "{name}" SET SCHEMA public' for name in extensions]
    _execute(f'ALTER SCHEMA public RENAME TO "{aside}"', "CREATE SCHEMA public", *moves)


def _put_back(aside: str) -> None:
    _execute("DROP SCHEMA public CASCADE", f'ALTER SCHEMA "{aside}" RENAME TO public')


def _execute(*statements: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        raise CannotDo(f"PostgreSQL refused: {' '.join(str(error).split())}") from None


def _run(tool: str, *options: str, connect: bool = True) -> None:
    """One of PostgreSQL's own tools; the password goes by the environment, never by `ps`."""
    if shutil.which(tool) is None:
        raise CannotDo(
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
        said = " ".join(done.stderr.split())[:500]
        raise CannotDo(f"{tool} could not do it: {said or f'exit code {done.returncode}'}")


def _address() -> tuple[list[str], dict[str, str]]:
    """As Django's own dbshell has it, for tools that want the database's name as an option."""
    arguments, environment = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    _psql, *where, name = arguments
    return [*where, f"--dbname={name}"], environment or {}
