"""Installations for benchmarks: keys, a data folder and an empty database, all gone afterwards.

The database is migrated and the static files are collected once, in a template; each benchmark
gets a copy of it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from seedance_site.keys import new_credential_key

ROOT = Path(__file__).parent.parent
POSTGRES = "postgres://root@127.0.0.1:5432/test"
NAME, FEW = "dailies_bench", "_few"
PREPARE = """
import django, sys
django.setup()
from django.core.management import call_command
for command in ("migrate", "collectstatic"):
    call_command(command, interactive=False, verbosity=0)
"""


@dataclass(frozen=True)
class Template:
    folder: Path
    database: str  # PostgreSQL's name of it; "" means SQLite in the folder
    environment: dict[str, str]


@contextmanager
def template(kind: str, checkout: Path = ROOT) -> Iterator[Template]:
    """Prepare an installation of the code in `checkout`; `kind` is "sqlite" or "postgres"."""
    database = f"{NAME}_{os.getpid()}" if kind == "postgres" else ""
    with tempfile.TemporaryDirectory(prefix="dailies-bench-") as folder, _created(database):
        Path(folder, "static").mkdir()
        environment = os.environ | {
            "DAILIES_SECRET_KEY": "a key for benchmarks, and for nothing else",
            "DAILIES_CREDENTIAL_KEYS": new_credential_key(),
            "DAILIES_WORKERS": "2",
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "PYTHONPATH": str(checkout),
            "REDIS_URL": "",
        }
        environment |= _place(folder, database)
        prepare = [sys.executable, "-c", PREPARE]
        subprocess.run(prepare, cwd=checkout, env=environment, check=True)
        yield Template(Path(folder), database, environment)


_numbers = itertools.count()


@contextmanager
def copy_of(original: Template) -> Iterator[dict[str, str]]:
    """Copy the template; yields the environment of processes that live in the copy."""
    database = f"{original.database}_{next(_numbers)}" if original.database else ""
    with (
        tempfile.TemporaryDirectory(prefix="dailies-bench-") as folder,
        _created(database, original.database),
    ):
        shutil.copytree(original.folder, folder, dirs_exist_ok=True)
        yield original.environment | _place(folder, database)


def _place(folder: str, database: str) -> dict[str, str]:
    url = urlunsplit(urlsplit(_server())._replace(path=f"/{database}")) if database else ""
    return {"DAILIES_DATA": folder, "DATABASE_URL": url}


def _server() -> str:
    return os.environ.get("DATABASE_URL") or POSTGRES


@contextmanager
def _created(database: str, original: str = "") -> Iterator[None]:
    if not database:
        yield
        return
    _execute(f'CREATE DATABASE "{database}"' + (f' TEMPLATE "{original}"' if original else ""))
    try:
        yield
    finally:
        for each in (database, database + FEW):
            _execute(f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)')


def _execute(statement: str) -> None:
    import psycopg  # an extra of the project: only those who measure PostgreSQL need it

    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(statement.encode())
