"""The time of a person's last visit: noted now and then, never at the cost of a page."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Profile
from tasks.models.profile import SEEN_EVERY
from tests.web.preferences.doing import last_visit

# Queries


@pytest.mark.parametrize("chosen", [{}, {"language": "zh-hans", "time_zone": "Asia/Tokyo"}])
def test_a_profile_comes_with_its_person(
    desk: Client,
    member: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    chosen: dict[str, str],
) -> None:
    Profile.objects.remember(member, **chosen)
    quiet = desk.get("/").context["feed"].url
    with django_assert_num_queries(2):  # session with person, last change
        assert desk.get(quiet).status_code == 204


def test_health_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz")


# Last visit


def test_signing_in_counts_as_a_visit(client: Client, member: User) -> None:
    client.force_login(member)
    assert timezone.now() - last_visit(member) < timedelta(minutes=1)


def test_visits_are_noted_once_in_five_minutes(desk: Client, member: User) -> None:
    lately, long_ago = (timezone.now() - SEEN_EVERY * part for part in (0.5, 2))
    Profile.objects.filter(user=member).update(seen_at=lately)
    desk.get("/")
    assert last_visit(member) == lately
    Profile.objects.filter(user=member).update(seen_at=long_ago)
    desk.get("/")
    assert last_visit(member) > lately


def test_a_person_without_a_profile_gets_one(desk: Client, member: User) -> None:
    Profile.objects.all().delete()
    desk.get("/")
    assert last_visit(member)


def test_a_background_poll_is_not_a_visit(desk: Client, member: User) -> None:
    long_ago = timezone.now() - SEEN_EVERY * 2
    Profile.objects.filter(user=member).update(seen_at=long_ago)
    desk.get("/notifications/?after=0")
    assert last_visit(member) == long_ago


def test_two_requests_at_once_write_one_visit(member: User) -> None:
    now = timezone.now()
    early = Profile(user=member)
    Profile.objects.note_seen(early, now)
    Profile.objects.note_seen(Profile(user=member), now + timedelta(seconds=1))
    assert last_visit(member) == now
    Profile.objects.note_seen(Profile.objects.get(), now + timedelta(seconds=2))
    assert last_visit(member) == now


@pytest.mark.django_db(transaction=True)
def test_a_busy_database_loses_the_visit_but_not_the_page(desk: Client, member: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("Elsewhere a writer locks rows, not the database.")
    long_ago = timezone.now() - SEEN_EVERY * 2
    Profile.objects.filter(user=member).update(seen_at=long_ago)
    name = Path(settings.DATABASES["default"]["TEST"]["NAME"])
    writer = sqlite3.connect(name, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert desk.get("/").status_code == 200
    finally:
        writer.close()
    assert last_visit(member) == long_ago
    desk.get("/")
    assert last_visit(member) > long_ago
