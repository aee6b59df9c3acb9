"""What machines ask: does it run, can it work, how does it fare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tasks import jobs, refresh
from tasks.condition import SWEEP, Condition
from tasks.models import Copy, Credential, Lease
from tasks.status import Status
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

TOKEN = "a token of the tests"


def test_health_asks_the_database_nothing(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"ok"


def test_ready_when_all_migrations_are_applied(db: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_not_ready_while_a_migration_is_missing(db: None) -> None:
    newest = MigrationRecorder.Migration.objects.filter(app="tasks").order_by("-name")[0]
    newest.delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, b"manage.py migrate" in answer.content) == (503, True)


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_a_database_and_ready_again_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.close()
    name = connection.settings_dict["NAME"]
    try:
        connection.settings_dict["NAME"] = "/nowhere/at/all"
        answer = Client().get("/readyz")
    finally:
        connection.settings_dict["NAME"] = name
        connection.close()
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.")
    assert Client().get("/readyz").status_code == 200


def bearing(token: str, kind: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{kind} {token}"}


def test_the_token_opens_the_status_and_nothing_else(db: None, settings: Settings) -> None:
    settings.STATUS_TOKEN = TOKEN
    assert Client().get("/statusz", headers=bearing(TOKEN)).status_code == 200
    assert Client().get("/", headers=bearing(TOKEN)).status_code == 302


@pytest.mark.parametrize("token", ["", " ", TOKEN[:-1], TOKEN + "x", "é", "\0"])
def test_another_token_opens_nothing(db: None, settings: Settings, token: str) -> None:
    settings.STATUS_TOKEN = TOKEN
    answer = Client().get("/statusz", headers=bearing(token))
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert Client().get("/statusz", headers=bearing(TOKEN, "Basic")).status_code == 401


def test_without_a_token_of_ours_an_empty_one_opens_nothing(db: None, settings: Settings) -> None:
    settings.STATUS_TOKEN = ""
    assert Client().get("/statusz", headers=bearing("")).status_code == 401


def status(client: Client) -> dict[str, Any]:
    answer = client.get("/statusz")
    assert "no-store" in answer["Cache-Control"]
    found: dict[str, Any] = answer.json()
    return found


def test_an_empty_installation_is_only_silent(client_of: ClientOf, staff: User) -> None:
    found = status(client_of(staff))
    assert found["concerns"] == ["sweep_heartbeat_age", "archive_heartbeat_age"]
    assert found["sweep_heartbeat_age"] is None and found["oldest_due_check_age"] is None
    assert found["tasks_live"] == found["copies_unsaved"] == found["copies_at_risk"] == 0
    assert found["disk_free"] > 0


def test_the_numbers_are_what_is_there(
    client_of: ClientOf, staff: User, make_task: MakeTask
) -> None:
    now = timezone.now()
    Lease.objects.take(SWEEP, "a sweep", now=now - timedelta(minutes=3), seconds=10)
    Lease.objects.take("archive", "an archive", now=now, seconds=10)
    make_task(check_after=now - timedelta(minutes=10))
    ended = now + timedelta(hours=1)
    task = make_task(
        status=Status.SUCCEEDED, check_after=None, video_url="https://v/1.mp4", link_ends_at=ended
    )
    Copy.objects.follow([task], now)
    jobs.ensure_sweep()
    found = status(client_of(staff))
    assert 180 <= found["sweep_heartbeat_age"] < 240 and found["archive_heartbeat_age"] < 60
    assert 600 <= found["oldest_due_check_age"] < 660
    assert (found["tasks_live"], found["queue_depth"]) == (1, 1)
    assert (found["copies_unsaved"], found["copies_at_risk"]) == (1, 1)
    assert found["first_deadline"][:19] == ended.isoformat()[:19]
    assert found["concerns"] == ["sweep_heartbeat_age", "oldest_due_check_age", "copies_at_risk"]


def test_tasks_of_a_credential_that_is_off_are_not_overdue(
    credential: Credential, make_task: MakeTask
) -> None:
    make_task(check_after=timezone.now() - timedelta(days=1))
    Credential.objects.update(active=False)
    assert Condition.read(timezone.now()).oldest_due_check_age is None


def test_a_clock_that_was_set_back_makes_no_age_negative(make_task: MakeTask) -> None:
    now = timezone.now()
    Lease.objects.take(SWEEP, "a sweep", now=now + timedelta(hours=1), seconds=10)
    make_task(check_after=now)
    found = Condition.read(now)
    assert (found.sweep_heartbeat_age, found.oldest_due_check_age) == (0.0, 0.0)


def test_the_heartbeat_is_that_of_the_sweep(db: None) -> None:
    refresh.sweep(0)
    assert SWEEP == refresh.LEASE
    assert Condition.read(timezone.now()).sweep_heartbeat_age is not None


def test_the_condition_costs_few_questions(
    make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_task()
    with django_assert_num_queries(7):
        Condition.read(timezone.now())
