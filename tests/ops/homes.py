"""Installations that do not run, on SQLite or, where the suite runs on it, on PostgreSQL."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from seedance_site import keys
from tests.processes.conftest import Installation

ON_POSTGRES = connection.vendor == "postgresql"


class Home(Installation):
    """An installation with a database of its own, on either engine."""

    def __init__(self, folder: Path, database_url: str = "", **more: str) -> None:
        super().__init__(folder)
        self.database_url, self.more = database_url, more

    def environment(self) -> dict[str, str]:
        found = super().environment() | self.more
        return found | ({"DATABASE_URL": self.database_url} if self.database_url else {})

    def shell(self, code: str) -> str:
        """Run a few lines of Python in the installation; return what they print."""
        status, output = self.run("shell", "-v0", "-c", code)
        assert status == 0, output
        return output

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        if not self.database_url:
            return super().ask(sql)
        import psycopg

        with psycopg.connect(self.database_url) as server:
            found = server.execute(sql.encode())
            return found.fetchall() if found.description else []

    def tables(self) -> set[str]:
        of_sqlite, of_postgres = "name FROM sqlite_master", "tablename FROM pg_tables"
        rows = self.ask(f"SELECT {of_postgres if self.database_url else of_sqlite}")
        return {name for (name,) in rows}

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table of a model, by the table's name."""
        tables = connection.introspection.django_table_names(include_views=False)
        return {name: sorted(self.ask(f'SELECT * FROM "{name}"'), key=repr) for name in tables}


class Homes:
    """homes(): a new installation each time; with keys and tables when `is_migrated`."""

    def __init__(self, folder: Path, furnished: Path, *, postgres: bool) -> None:
        self._folder, self._furnished, self._postgres = folder, furnished, postgres
        self._made: list[Home] = []
        self._databases: list[str] = []

    def __call__(
        self, *, is_migrated: bool = False, postgres: bool | None = None, **more: str
    ) -> Home:
        on_postgres = self._postgres if postgres is None else postgres
        url = self._new_database() if on_postgres else ""
        home = Home(self._folder / f"home{len(self._made)}", url, **more)
        self._made.append(home)
        if is_migrated:
            self._migrate(home)
        return home

    def _migrate(self, home: Home) -> None:
        """Make the tables, on SQLite by copying a migrated file, which saves 1.1 s of a core."""
        keys.make_missing(home.folder / "keys")
        if home.database_url:
            assert home.run("migrate", "-v0")[0] == 0, home.output()
        else:
            shutil.copy(self._furnished / "db.sqlite3", home.folder)

    def copy_of(self, home: Home) -> Home:
        """Copy an installation's folder and rows to a new place."""
        template = home.database_url.rpartition("/")[2]
        url = self._new_database(f"TEMPLATE {template}") if template else ""
        target = shutil.copytree(home.folder, self._folder / f"home{len(self._made)}")
        self._made.append(Home(target, url))
        return self._made[-1]

    def _new_database(self, how: str = "") -> str:
        name = f"test_ops_{secrets.token_hex(6)}"
        outside(f"CREATE DATABASE {name} {how}")
        self._databases.append(name)
        return _url(name)

    def end(self) -> None:
        for home in self._made:
            home.end()
        for name in self._databases:
            outside(f"DROP DATABASE {name} WITH (FORCE)")


def _url(name: str) -> str:
    place = connection.settings_dict
    password = f":{quote(place['PASSWORD'])}" if place["PASSWORD"] else ""
    return f"postgres://{place['USER']}{password}@{place['HOST']}:{place['PORT'] or 5432}/{name}"


def outside(statement: str) -> None:
    """Execute a statement outside of any transaction and of the test's own database."""
    import psycopg

    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        server.execute(statement)
