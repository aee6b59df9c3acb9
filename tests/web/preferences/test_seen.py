"""Being seen: noted now and then, and never at the cost of a page."""

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

from tasks.models import ChangeCounter, Profile
from tasks.models.profile import SEEN_EVERY
from tests.web.preferences.doing import seen

# What it costs


@pytest.mark.parametrize("said", [{}, {"language": "zh-hans", "time_zone": "Asia/Tokyo"}])
def test_a_profile_comes_with_its_person(
    desk: Client,
    member: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    said: dict[str, str],
) -> None:
    Profile.objects.remember(member, **said)
    number = ChangeCounter.objects.now()
    with django_assert_num_queries(3):  # session, person, last change
        assert desk.get(f"/live/?after={number}").status_code == 204


def test_health_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz")


# Last seen


def test_coming_in_is_being_seen(client: Client, member: User) -> None:
    client.force_login(member)
    assert timezone.now() - seen(member) < timedelta(minutes=1)


def test_looking_is_noted_once_in_five_minutes(desk: Client, member: User) -> None:
    lately, long_ago = (timezone.now() - SEEN_EVERY * part for part in (0.5, 2))
    Profile.objects.filter(user=member).update(seen_at=lately)
    desk.get("/")
    assert seen(member) == lately
    Profile.objects.filter(user=member).update(seen_at=long_ago)
    desk.get("/")
    assert seen(member) > lately


def test_a_person_without_a_profile_gets_one(desk: Client, member: User) -> None:
    Profile.objects.all().delete()
    desk.get("/")
    assert seen(member)


def test_a_page_in_the_background_is_not_a_person_who_looks(desk: Client, member: User) -> None:
    long_ago = timezone.now() - SEEN_EVERY * 2
    Profile.objects.filter(user=member).update(seen_at=long_ago)
    desk.get("/endings/?after=0")
    assert seen(member) == long_ago


def test_two_at_once_write_one_moment(member: User) -> None:
    now = timezone.now()
    early = Profile(user=member)
    Profile.objects.note_seen(early, now)
    Profile.objects.note_seen(Profile(user=member), now + timedelta(seconds=1))
    assert seen(member) == now
    Profile.objects.note_seen(Profile.objects.get(), now + timedelta(seconds=2))
    assert seen(member) == now


@pytest.mark.django_db(transaction=True)
def test_a_busy_database_costs_the_note_and_not_the_page(desk: Client, member: User) -> None:
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
    assert seen(member) == long_ago
    desk.get("/")
    assert seen(member) > long_ago
