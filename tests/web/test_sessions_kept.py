"""Sessions survive an upgrade."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from tests.web.conftest import ClientOf

migration: Any = import_module("tasks.migrations.0002_field_words")


def test_a_session_that_names_the_backend_of_0_1_0_stays_signed_in(
    client_of: ClientOf, member: User
) -> None:
    client: Client = client_of(member)
    session = client.session
    session["_auth_user_backend"] = "seedance_site.lookups.PersonBackend"
    session.save()
    assert client.get("/").status_code == 302, "nobody knows that backend any more"
    session.create()  # looking threw the row away
    client.cookies["dailies_session"] = session.session_key or ""
    migration.rename_backend_in_sessions(apps, SimpleNamespace(connection=connection))
    assert client.get("/").status_code == 200
    assert Session.objects.filter(session_key=session.session_key).exists()
