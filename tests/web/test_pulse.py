"""The header's pulse: what is at risk, and which process is silent."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Lease
from tasks.showing.pulse import Pulse
from tests.conftest import MakeTask
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
    said = text(reader, "/")
    assert "2 at risk" in said
    assert 'href="/archive/?state=at_risk"' in said
    assert f'data-until="{(now + timedelta(minutes=20)).isoformat()}"' in said
    assert "at risk" not in text(client_of(stranger), "/")


def test_the_longest_queue_is_counted_within_bounds_and_says_so(
    make_task: MakeTask, member: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.showing.pulse.WINDOW", 2)
    for _ in range(3):
        copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    pulse = Pulse.read(member, now)
    assert (pulse.at_risk, pulse.at_least) == (2, True)


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
    said = text(client_of(stranger), "/")
    assert words in said
    assert ("last seen" in said) is bool(words)
    assert ("0:40</time> ago" in said) is bool(words)


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
    first = reader.get("/pulse/")
    asks = first.content.decode().split('hx-get="')[1].split('"')[0]
    beat("sweep", 1)
    with django_assert_num_queries(4):
        assert reader.get(asks).status_code == 204
    copy_of(make_task(status="succeeded"), link_ends_at=now + NEAR)
    assert b"1 at risk" in reader.get(asks).content


def test_nobody_signed_in_is_told_nothing(client: Client, db: None) -> None:
    assert client.get("/pulse/").status_code == 204
