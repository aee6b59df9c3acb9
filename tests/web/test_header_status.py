"""The header's status: videos at risk, and processes that are silent."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Credential, Lease, Task
from tasks.web.presenters.header_status import HeaderStatus
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf
from tests.web.copies import copy_of, now, reader, text

__all__ = ["now", "reader"]
NEAR = timedelta(minutes=90)


def beat(name: str, ago: float) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    Lease.objects.update_or_create(name=name, defaults={"until": at, "beat_at": at})


def test_the_header_counts_what_is_at_risk_down_to_the_first_end(
    reader: Client, client_of: ClientOf, stranger: User, make_task: MakeTask, now: datetime
) -> None:
    assert "at risk" not in text(reader, "/")
    for minutes in (50, 20, 600):
        copy_of(make_task(status="succeeded"), link_ends_at=now + timedelta(minutes=minutes))
    copy_of(make_task(status="succeeded"), state="saved", link_ends_at=now + NEAR)
    page_text = text(reader, "/")
    assert "2 at risk" in page_text
    assert 'href="/archive/?state=at_risk"' in page_text
    assert f'data-until="{(now + timedelta(minutes=20)).isoformat()}"' in page_text
    assert "at risk" not in text(client_of(stranger), "/")


def test_the_longest_queue_is_counted_within_bounds_and_says_so(
    make_task: MakeTask, member: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.web.presenters.header_status.WINDOW", 2)
    for _ in range(3):
        copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    header_status = HeaderStatus.read(member, now)
    assert (header_status.at_risk, header_status.at_least) == (2, True)


@pytest.mark.parametrize(
    ("sweep", "archive", "words"),
    [
        (5, 5, ""),
        (40, 5, "Worker last seen"),
        (5, 40, "Archive last seen"),
        (40, 40, "Worker last seen"),
    ],
)
def test_a_silent_process_is_told_to_everyone_who_is_signed_in(
    client_of: ClientOf, stranger: User, sweep: float, archive: float, words: str
) -> None:
    beat("sweep", sweep)
    beat("archive", archive)
    page_text = text(client_of(stranger), "/")
    assert words in page_text
    assert ("last seen" in page_text) is bool(words)
    assert ("0:40</time> ago" in page_text) is bool(words)


def test_a_worker_that_never_ran_is_told_too(reader: Client) -> None:
    assert "Worker last seen never" in text(reader, "/")


def test_the_pulse_is_silent_while_nothing_is_new(
    reader: Client,
    make_task: MakeTask,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    beat("sweep", 3)
    beat("archive", 3)
    first = reader.get("/header-status/")
    asks = first.content.decode().split('hx-get="')[1].split('"')[0]
    beat("sweep", 1)
    some_seconds_later()
    with django_assert_num_queries(3):
        assert reader.get(asks).status_code == 204
    copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    with django_assert_num_queries(1):  # session and person: another page of theirs has just asked
        assert reader.get(asks).status_code == 204
    some_seconds_later()
    assert b"1 at risk" in reader.get(asks).content


def test_nobody_signed_in_is_told_nothing(client: Client, db: None) -> None:
    asked = client.get("/header-status/", headers={"hx-request": "true"})
    assert (asked.status_code, asked.content) == (401, b"")


def test_many_broken_credentials_are_one_line(client: Client, member: User) -> None:
    for name in ("First", "Second", "Third"):
        Credential.objects.create(
            name=name, provider="volcengine", trouble="unauthorized", trouble_since=timezone.now()
        )
    client.force_login(member)
    page = client.get("/").content.decode()
    assert "3 credentials need attention" in page
    assert page.count('<details class="troubles">') == 1


def lose(task: Task, **fields: Any) -> None:
    known: dict[str, Any] = {"state": "gone", "damage": "missing", "damaged_at": timezone.now()}
    copy_of(task, **known | fields)
    beat("damage", 0)


def test_lost_files_are_told_on_every_page_of_those_who_may_see_them(
    reader: Client, client_of: ClientOf, stranger: User, make_task: MakeTask, now: datetime
) -> None:
    assert "lost" not in text(reader, "/settings/")
    lose(make_task(status="succeeded"))
    lose(make_task(status="succeeded"), damage="changed")
    lose(make_task(status="succeeded"), damaged_at=now - timedelta(days=8))
    lose(make_task(status="succeeded"), state="saved", damage="suspected")
    page_text = text(reader, "/settings/")
    assert "2 saved files lost" in page_text and 'href="/archive/?state=lost"' in page_text
    assert "saved files lost" not in text(client_of(stranger), "/settings/")


def test_nothing_is_asked_about_lost_files_while_there_are_none(
    member: User, make_task: MakeTask, now: datetime, django_assert_num_queries: Any
) -> None:
    before = HeaderStatus.read(member, now).digest
    with django_assert_num_queries(2):
        HeaderStatus.read(member, now)
    lose(make_task(status="succeeded"), damaged_at=now)
    with django_assert_num_queries(3):
        assert HeaderStatus.read(member, now).digest != before


@pytest.mark.parametrize(
    ("ago", "is_told"), [(None, False), (20, False), (170, False), (200, True)]
)
def test_a_storage_that_was_not_seen_for_minutes_is_told(
    reader: Client, ago: float | None, is_told: bool
) -> None:
    beat("sweep", 0)
    beat("archive", 0)
    if ago is not None:
        beat("storage", ago)
    assert ("Video storage last seen" in text(reader, "/settings/")) is is_told


def test_a_storage_that_was_away_from_the_first_look_on_is_told(reader: Client) -> None:
    for name in ("sweep", "archive", "storage"):
        beat(name, 0)
    Lease.objects.filter(name="storage").update(beat_at=None)
    assert "Video storage last seen never" in text(reader, "/settings/")


def test_the_statement_that_is_kept_is_asked_of_each_moment(
    make_task: MakeTask, member: User, now: datetime
) -> None:
    ends_at = now + timedelta(hours=10)
    copy_of(make_task(status="succeeded"), link_ends_at=ends_at)
    read = [HeaderStatus.read(member, now + timedelta(hours=hours)) for hours in (0, 9, 11)]
    assert [(each.at_risk, each.deadline) for each in read] == [(0, None), (1, ends_at), (1, None)]
