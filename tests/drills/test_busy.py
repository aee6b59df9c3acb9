"""A database that cannot be written: pages can be read, and writes are answered as busy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, ProgrammingError, connection
from django.test import Client
from django.urls import reverse

from tasks.models import Credential, Task
from tasks.web.database_errors import passes
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, client_of

__all__ = ["client_of"]

on_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database"
)
pytestmark = [on_sqlite, pytest.mark.django_db(transaction=True)]

TYPED = {"ids": "cgt-20261120120000-<b>aa", "step": "track"}


@pytest.fixture
def visitor(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task()


@pytest.fixture
def lock(visitor: Client, task: Task) -> Iterator[sqlite3.Connection]:
    """A lock on the database, held by a write that does not end."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.rollback()
    connection.close()


def ask_for_a_look(visitor: Client, task: Task, **headers: str) -> tuple[int, str]:
    answer = visitor.post(reverse("refresh_task", args=[task.pk]), headers=headers)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/tasks/{}/", "/live/", "/tasks/track/", "/archive/"])
def test_pages_can_still_be_read(
    path: str, visitor: Client, task: Task, lock: sqlite3.Connection
) -> None:
    assert visitor.get(path.format(task.pk)).status_code in (200, 204)


def test_a_write_is_answered_with_a_busy_database(
    visitor: Client, task: Task, lock: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    answer = visitor.post(reverse("refresh_task", args=[task.pk]))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was lost" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not [record for record in caplog.records if record.exc_info]


def test_a_page_in_use_stays_and_gets_a_note(
    visitor: Client, task: Task, lock: sqlite3.Connection
) -> None:
    """Answer htmx with a message, as it does not show responses with an error status."""
    status, output = ask_for_a_look(visitor, task, **{"HX-Request": "true"})
    assert status == 200
    assert 'hx-swap-oob="true"' in output and "The database is busy" in output


def test_what_was_typed_can_be_sent_again(
    visitor: Client, credential: Credential, lock: sqlite3.Connection
) -> None:
    typed = {**TYPED, "ids": "cgt-20261120120000-aaaaa", "credential": credential.pk}
    output = visitor.post(reverse("track"), typed).content.decode()
    assert 'name="ids" value="cgt-20261120120000-aaaaa"' in output
    lock.rollback()
    assert visitor.post(reverse("track"), typed).status_code == 302
    assert Task.objects.filter(remote_id=typed["ids"]).exists()


def test_a_password_is_never_put_into_a_page(client: Client, lock: sqlite3.Connection) -> None:
    typed = {"login": "member", "password": "a password of the tests"}
    answer = client.post(reverse("sign_in"), typed)
    assert answer.status_code == 503
    assert typed["password"] not in answer.content.decode()
    assert "What you typed is still there" in answer.content.decode()


def test_afterwards_it_works_again(visitor: Client, task: Task, lock: sqlite3.Connection) -> None:
    assert ask_for_a_look(visitor, task)[0] == 503
    lock.rollback()
    assert ask_for_a_look(visitor, task)[0] == 302


def test_a_bug_is_not_reported_as_a_busy_database() -> None:
    with pytest.raises(OperationalError) as missing, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM no_such_table")
    assert not passes(missing.value)
    assert not passes(ProgrammingError("near SELEC"))
