"""A session is read together with the person it was last known to belong to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from tasks.models import Profile
from tasks.team.signin import auth
from tasks.team.signin.auth import PersonBackend, SessionStore
from tests.web.conftest import ClientOf


def who_is(client: Client) -> Any:
    return client.get("/").context["user"]


def change_owner(client: Client, person: User) -> None:
    """Make the session another person's, as another process does that signs them in."""
    session = client.session
    session[SESSION_KEY] = str(person.pk)
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()


def test_a_session_that_has_become_somebody_elses_is_theirs_at_once(
    client_of: ClientOf, member: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(member)
    assert who_is(client) == member
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(auth, "_owners", {})
        change_owner(client, manager)
    assert auth._owners[client.session.session_key] == member.pk
    assert who_is(client) == manager
    assert who_is(client) == manager


def test_what_changed_of_a_person_holds_for_their_next_request(
    client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    assert who_is(client).first_name == ""
    User.objects.filter(pk=member.pk).update(first_name="Ada")
    Profile.objects.remember(member, language="zh-hans")
    found = who_is(client)
    assert (found.first_name, found.profile.language) == ("Ada", "zh-hans")
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get("/").status_code == 302


def test_a_person_is_read_as_django_reads_them(client_of: ClientOf, member: User) -> None:
    User.objects.filter(pk=member.pk).update(last_login=timezone.now(), email="m@example.com")
    Profile.objects.remember(member, time_zone="Asia/Tokyo", shortcuts=False)
    client = client_of(member)
    who_is(client)  # which notes that they were here
    expected = User.objects.select_related("profile").get(pk=member.pk)
    for found in (who_is(client), PersonBackend().get_user(member.pk)):
        for field in User._meta.concrete_fields:
            value = getattr(found, field.attname)
            assert value == getattr(expected, field.attname), field.name
            assert type(value) is type(getattr(expected, field.attname)), field.name
        for field in Profile._meta.concrete_fields:
            value = getattr(found.profile, field.attname)
            assert value == getattr(expected.profile, field.attname), field.name


def test_a_person_read_for_one_request_is_not_used_by_the_next(
    client_of: ClientOf, member: User
) -> None:
    store = SessionStore(client_of(member).session.session_key)
    assert store[SESSION_KEY] == str(member.pk)  # read, and nobody asked who it is
    User.objects.filter(pk=member.pk).update(first_name="Ada")
    Client().get("/healthz")
    assert PersonBackend().get_user(member.pk).first_name == "Ada"


def test_only_so_many_owners_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MOST_OWNERS", 10)
    monkeypatch.setattr(auth, "_owners", {})
    for number in range(25):
        auth._note_owner(f"key-{number}", number)
    assert len(auth._owners) <= 10


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server")
def test_a_connection_that_the_server_ended_is_not_usable(transactional_db: None) -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert not connection.is_usable()
    connection.close()
