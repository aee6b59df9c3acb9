"""An installation of its own for each benchmark: keys, a data folder, an empty database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from seedance_site.keys import new_credential_key

POSTGRES = "postgres://root@127.0.0.1:5432/test"
NAME, FEW = "dailies_bench", "_few"


@contextmanager
def place(database: str) -> Iterator[dict[str, str]]:
    """The environment of processes that live there; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dailies-bench-") as folder, _url(database) as url:
        Path(folder, "static").mkdir()
        yield os.environ | {
            "DAILIES_DATA": folder,
            "DAILIES_SECRET_KEY": "a key for benchmarks, and for nothing else",
            "DAILIES_CREDENTIAL_KEYS": new_credential_key(),
            "DAILIES_WORKERS": "2",
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "REDIS_URL": "",
        }


@contextmanager
def _url(database: str) -> Iterator[str]:
    """The empty string means SQLite in the data folder."""
    if database == "sqlite":
        yield ""
        return
    server = os.environ.get("DATABASE_URL") or POSTGRES
    name = f"{NAME}_{os.getpid()}"
    _execute(server, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        for each in (name, name + FEW):
            _execute(server, f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)')


def _execute(server: str, statement: str) -> None:
    import psycopg  # an extra of the project: only those who measure PostgreSQL need it

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
