"""The addresses for machines: /healthz and the status with its token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tasks import jobs
from tasks.models import Copy, Credential, Lease
from tasks.monitoring import SWEEP, InstallationStatus
from tasks.providers.status import Status
from tasks.tracking import refresh
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

TOKEN = "a token of the tests"


def test_health_asks_the_database_nothing(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"ok"


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
    assert InstallationStatus.read(timezone.now()).oldest_due_check_age is None


def test_a_clock_that_was_set_back_makes_no_age_negative(make_task: MakeTask) -> None:
    now = timezone.now()
    Lease.objects.take(SWEEP, "a sweep", now=now + timedelta(hours=1), seconds=10)
    make_task(check_after=now)
    found = InstallationStatus.read(now)
    assert (found.sweep_heartbeat_age, found.oldest_due_check_age) == (0.0, 0.0)


def test_the_heartbeat_is_that_of_the_sweep(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "IDLE_SLICE", 0.01)
    refresh.sweep(0)
    assert SWEEP == refresh.LEASE
    assert InstallationStatus.read(timezone.now()).sweep_heartbeat_age is not None


def test_the_condition_costs_few_questions(
    make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_task()
    with django_assert_num_queries(11):
        InstallationStatus.read(timezone.now())


def test_lost_files_and_a_storage_that_is_away_are_concerns(
    client_of: ClientOf, staff: User, make_task: MakeTask
) -> None:
    now = timezone.now()
    for state, damage in (("gone", "missing"), ("waiting", "changed"), ("saved", "suspected")):
        known = {"state": state, "damage": damage, "checked_at": now - timedelta(hours=2)}
        Copy.objects.create(task=make_task(), kind="video", created_at=now, **known)
    Copy.objects.create(task=make_task(), kind="video", state="gone", created_at=now)
    beat = {"until": now, "beat_at": now - timedelta(minutes=4)}
    Lease.objects.create(name="storage", **beat)
    found = status(client_of(staff))
    assert (found["copies_missing"], found["copies_changed"], found["copies_gone"]) == (1, 1, 1)
    assert found["copies_saved"] == 1
    assert 7200 <= found["oldest_file_check_age"] < 7260
    assert 240 <= found["storage_heartbeat_age"] < 300
    assert {"copies_missing", "copies_changed", "storage_heartbeat_age"} <= set(found["concerns"])
    Lease.objects.update(beat_at=None)
    Copy.objects.filter(state="saved").update(saved_at=now - timedelta(hours=1))
    assert status(client_of(staff))["storage_heartbeat_age"] >= 3600
