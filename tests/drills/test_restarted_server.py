"""A PostgreSQL of the test's own is restarted under a connection that is kept open."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from seedance_site import environment
from tasks.web.database_errors import passes
from tests.processes.conftest import free_port

pytestmark = pytest.mark.process
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


class Server:
    """A PostgreSQL in a folder, which refuses to run as root."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder, self._programs = folder, PROGRAMS[-1].parent
        self._account = "postgres" if os.geteuid() == 0 else None
        if self._account:
            os.chown(folder, pwd.getpwnam(self._account).pw_uid, -1)
        self._run("initdb", "--username=tester", "--auth=trust", "--no-sync")

    def control(self, *what: str) -> None:
        """Run pg_ctl, and wait until it is done."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-o", options, "-l", f"{self._folder}/log", *what)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", f"{self._folder}/data", *arguments]
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            user=self._account,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    if not PROGRAMS:
        pytest.skip("needs PostgreSQL's own programs")
    folder = Path(tempfile.mkdtemp(prefix="dailies-postgres-"))  # where its account may look
    found = Server(folder)
    found.control("start")
    yield found
    found.control("stop", "-m", "immediate")
    shutil.rmtree(folder)


def test_a_kept_connection_is_made_anew_after_a_restart_of_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    monkeypatch.setenv("TESTS_URL", f"postgres://tester@127.0.0.1:{server.port}/postgres")
    connections = ConnectionHandler({"default": environment.database("TESTS_URL", Path())})
    connection = connections["default"]

    def ask() -> object:
        connection.close_if_unusable_or_obsolete()  # as at the beginning of each request
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()

    with django_db_blocker.unblock():
        assert ask() == (1,)
        server.control("restart", "-m", "immediate")
        assert ask() == (1,)
        server.control("stop", "-m", "fast")
        with pytest.raises(OperationalError) as away:
            ask()
        assert passes(away.value)
        server.control("start")
        assert ask() == (1,)
        connection.close()
