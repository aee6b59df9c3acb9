"""A database that is away, restarted or damaged: a clear page that keeps what was typed, no 500."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, close_old_connections, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tasks.management.doctor.database_checks import database
from tasks.management.doctor.report import Level
from tasks.models import Lease
from tasks.monitoring import SWEEP, damage
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, client_of
from tests.web.entering import sign_in

__all__ = ["client_of"]

pytestmark = pytest.mark.django_db(transaction=True)
ON_SQLITE = connection.vendor == "sqlite"
TYPED = "cgt-20261120120000-<b>aa"


@pytest.fixture
def visitor(client_of: ClientOf, member: User) -> Client:
    """A member's browser, which is shown an error page where the site has one."""
    client = client_of(member)
    client.raise_request_exception = False
    return client


@contextmanager
def away() -> Iterator[None]:
    """Have every new connection refused, and close the one that is there."""
    place = connection.settings_dict
    name, port = place["NAME"], place["PORT"]
    place["NAME"], place["PORT"] = ("/nowhere/at/all", "") if ON_SQLITE else (name, "1")
    connection.close()
    try:
        yield
    finally:
        place["NAME"], place["PORT"] = name, port
        connection.close()


@pytest.mark.parametrize("path", ["/", "/archive/", "/settings/", "/no-such-page/", "/admin/"])
def test_pages_of_a_person_are_a_503_while_it_is_away(
    path: str, visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with away():
        answer = visitor.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "answer" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not [record for record in caplog.records if record.exc_info]


def test_what_was_typed_can_be_sent_again_when_it_is_back(visitor: Client) -> None:
    with away():
        answer = visitor.post(reverse("track"), {"ids": TYPED, "step": "track"})
    assert answer.status_code == 503
    assert 'name="ids" value="cgt-20261120120000-&lt;b&gt;aa"' in answer.content.decode()
    assert visitor.get("/").status_code == 200


def test_a_page_in_use_gets_a_note_also_where_the_person_cannot_be_read(visitor: Client) -> None:
    with away():
        answer = visitor.post(reverse("track"), {"ids": TYPED}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "The database is busy" in answer.content.decode()


def test_a_session_that_cannot_be_saved_is_no_bad_request_and_offers_no_second_post(
    member: User,
) -> None:
    def refuse(execute: Any, sql: str, *others: Any) -> Any:
        if sql.startswith("UPDATE") and "django_session" in sql:
            raise OperationalError("the connection is closed")
        return execute(sql, *others)

    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(refuse):
        answer = sign_in(client, "member")
    assert answer.status_code == 503
    assert "<form" not in answer.content.decode()


def test_redis_away_is_a_503_too(client: Client, settings: Settings) -> None:
    away = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1",
    }
    settings.CACHES = settings.CACHES | {"default": away}
    assert sign_in(client, "member", "wrong").status_code == 503


@pytest.mark.skipif(ON_SQLITE, reason="only a server is restarted")
def test_the_first_requests_after_a_restart_of_the_server_are_answered(
    visitor: Client,
) -> None:
    """End our connections from outside, as a server does that ends."""
    assert visitor.get("/").status_code == 200
    mine = connection.cursor().execute("SELECT pg_backend_pid()").fetchone()[0]
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])
    close_old_connections()  # as each request does, except those of the tests' browser
    assert [visitor.get("/").status_code for _ in range(3)] == [200] * 3


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has no copies that may only be read")
def test_a_server_that_may_only_be_read_is_a_503_too(visitor: Client, make_task: MakeTask) -> None:
    task = make_task()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        assert visitor.post(reverse("refresh_task", args=[task.pk])).status_code == 503
    finally:
        connection.close()


# A page of the file that cannot be read


@pytest.fixture
def broken(visitor: Client, make_task: MakeTask, tmp_path: Path) -> Iterator[Path]:
    """Use a copy of the database of which the first page of all tasks is overwritten."""
    if not ON_SQLITE:
        pytest.skip("a page of SQLite's file")
    make_task()
    place, copy = connection.settings_dict, tmp_path / "broken.sqlite3"
    with closing(sqlite3.connect(copy)) as target:
        connection.ensure_connection()
        connection.connection.backup(target)
    overwrite(copy, "tasks_task")
    name = place["NAME"]
    connection.close()
    place["NAME"] = str(copy)
    yield copy
    connection.close()
    place["NAME"] = name


def overwrite(path: Path, table: str) -> None:
    """Fill the first page of a table with nonsense."""
    with closing(sqlite3.connect(path)) as file:
        root = file.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table])
        [page], [size] = root.fetchone(), file.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as pages:
        pages.seek((page - 1) * size)
        pages.write(b"\xff" * size)


@pytest.fixture(autouse=True)
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(damage, "NOTE", tmp_path / "run" / "damaged")
    return damage.NOTE


def test_a_broken_page_is_told_on_the_page_that_needs_it(visitor: Client, broken: Path) -> None:
    answer = visitor.get("/")
    assert (answer.status_code, "Retry-After" in answer) == (503, False)
    assert "The database is damaged" in answer.content.decode()
    assert visitor.get("/settings/").status_code == 200


def test_a_broken_page_is_told_to_monitors(
    client_of: ClientOf, staff: User, visitor: Client, broken: Path
) -> None:
    visitor.get("/")  # has met it
    found = client_of(staff).get("/statusz").json()
    assert "database_damage" in found["concerns"] and "malformed" in found["database_damage"]


def test_monitors_are_told_where_their_own_numbers_cannot_be_read(
    client_of: ClientOf, staff: User, broken: Path
) -> None:
    client = client_of(staff)
    Lease.objects.take(SWEEP, "a sweep", now=timezone.now(), seconds=10)
    connection.close()
    overwrite(broken, "tasks_lease")
    answer = client.get("/statusz")
    assert (answer.status_code, answer.json()["concerns"]) == (503, ["database"])
    assert "malformed" in answer.json()["database_damage"]


def test_a_broken_page_is_told_by_the_doctor_with_what_to_do(broken: Path) -> None:
    found = [each for each in database() if each.level is Level.BROKEN]
    assert "damaged" in found[0].text and "manage.py restore" in found[0].advice


def test_a_broken_page_that_nobody_needed_is_found_by_the_check(broken: Path) -> None:
    assert damage.check() and damage.noted()
    connection.close()
    shutil.copy(damage_free(broken), broken)
    assert damage.check() == "" and damage.noted() == ""


def damage_free(broken: Path) -> Path:
    whole = broken.with_name("whole.sqlite3")
    with closing(sqlite3.connect(whole)) as file:
        file.execute("CREATE TABLE one (id)")
    return whole
