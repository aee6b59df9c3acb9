"""Installations that earlier releases left, and what their tables and columns are called now."""

from __future__ import annotations

import re
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ops.homes import Home

HERE = Path(__file__).parent
RELEASES = sorted(path.parent.name for path in HERE.glob("*/sqlite.tar.gz"))

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Renames:
    """Names that a release's tables, columns and values have today; the others are unchanged.

    `columns` and `values` are keyed by the old names: ("tasks_submission", "wish"): "request" and
    ("tasks_submission", "state"): {"made": "created"}. Columns in `moved` and tables in `recounted`
    are looked at by tests of their own.
    """

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[tuple[str, str], dict[Any, Any]] = field(default_factory=dict)
    moved: frozenset[tuple[str, str]] = frozenset()  # to rows of another table
    recounted: frozenset[str] = frozenset()  # from what they are sums of

    def table(self, old: str) -> str:
        return self.tables.get(old, old)

    def column(self, table: str, old: str) -> str:
        return self.columns.get((table, old), old)

    def row(self, table: str, old: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in old.items():
            if (table, name) in self.moved:
                continue
            values = self.values.get((table, name), {})
            is_word = isinstance(value, str)
            found[self.column(table, name)] = values.get(value, value) if is_word else value
        return found


#: A project's budget became a row of its own, and spending is added up by day.
BUDGETS: dict[str, Any] = {
    "moved": frozenset({("tasks_budget", "unit"), ("tasks_budget", "limit")}),
    "recounted": frozenset({"tasks_spending"}),
}
RENAMES = {
    "0.1.0": Renames(
        tables={
            "tasks_inquiry": "tasks_createlookup",
            "tasks_found": "tasks_untrackedtask",
            "tasks_budget": "tasks_takelimits",
        },
        columns={
            ("tasks_inquiry", "looks"): "attempts",
            ("tasks_inquiry", "looked_at"): "attempted_at",
            ("tasks_candidate", "inquiry_id"): "lookup_id",
            ("tasks_submission", "wish"): "request",
            ("tasks_submission", "kinship"): "relation",
        },
        values={
            ("tasks_submission", "state"): {"made": "created", "given_up": "not_created"},
            ("tasks_charge", "state"): {"held": "reserved"},
        },
        **BUDGETS,
    ),
    "0.2.0": Renames(tables={"tasks_budget": "tasks_takelimits"}, **BUDGETS),
}


def renames(release: str) -> Renames:
    return RENAMES.get(release, Renames())


def backup_of(release: str, home: Home) -> Path:
    """The release's backup, of the database that the home has."""
    return HERE / release / f"{'postgresql' if home.database_url else 'sqlite'}.tar.gz"


def move_in(release: str, home: Home) -> Home:
    """Turn an empty home into what the release's code left: its database, keys and files."""
    home.folder.mkdir(mode=0o700, exist_ok=True)
    with tarfile.open(backup_of(release, home)) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            target = home.folder / re.sub("^media/", "videos/", member.name)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.write_bytes(content.read() if content else b"")
            target.chmod(0o600)
    if home.database_url:
        dump, options = home.folder / "database.dump", ["--no-owner", "--exit-on-error"]
        where = f"--dbname={home.database_url}"
        subprocess.run(["pg_restore", *options, where, str(dump)], check=True)
    else:
        (home.folder / "database.sqlite3").rename(home.folder / "db.sqlite3")
    return home


def contents(home: Home) -> dict[str, Rows]:
    """Each table's rows in an order of their own; what full-text search keeps is left out."""
    found = {}
    for table in sorted(_tables(home)):
        names = columns(home, table)
        rows = home.ask(f'SELECT {", ".join(_quoted(names))} FROM "{table}"')
        found[table] = sorted((dict(zip(names, row, strict=True)) for row in rows), key=repr)
    return found


#: Django adds to these after each migration; a migration of ours adds a schedule.
ADDED_TO = {"django_migrations", "django_content_type", "auth_permission", "django_q_schedule"}


def assert_kept(before: dict[str, Rows], after: dict[str, Rows], release: str) -> None:
    """Every row of before is there after, value by value, under today's names."""
    known = renames(release)
    for table, rows in before.items():
        if table in known.recounted:
            continue
        expected = [known.row(table, row) for row in rows]
        names = expected[0].keys()
        found = [{name: row[name] for name in names} for row in after[known.table(table)]]
        if table in ADDED_TO:
            assert {row["id"] for row in expected} <= {row["id"] for row in found}, table
        else:
            assert sorted(found, key=repr) == sorted(expected, key=repr), table


def columns(home: Home, table: str) -> list[str]:
    if home.database_url:
        sql = (
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            f" AND table_name = '{table}' ORDER BY ordinal_position"
        )
    else:
        sql = f"SELECT name FROM pragma_table_info('{table}')"
    return [name for (name,) in home.ask(sql)]


def _tables(home: Home) -> list[str]:
    if home.database_url:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name for (name,) in home.ask(sql) if not name.startswith("tasks_search")]


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def schema(home: Home) -> dict[str, str]:
    """Every table, index, trigger and function by its definition, columns in their order."""
    if not home.database_url:
        found = home.ask("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master")
        return {name: " ".join(sql.split()) for name, sql in found}
    options = ["--schema-only", "--no-owner", "--no-comments"]
    dump = ["pg_dump", *options, f"--dbname={home.database_url}"]
    output = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    parts = re.split(r"^-- Name: ", output, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0]: _definition(part) for part in parts}


def _definition(part: str) -> str:
    """One statement of a dump, without what the tool says about itself.

    Casts and brackets are left out: PostgreSQL writes those of an index's condition in another way
    once it has been restored.
    """
    lines = [line for line in part.splitlines()[1:] if not line.startswith(("--", "\\"))]
    return re.sub(r"::(character varying|text)(\[\])?|[()]", "", " ".join(" ".join(lines).split()))
