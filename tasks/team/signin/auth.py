"""Session and person of a request in one raw statement: open pages cost it each two seconds.

Processor time of a quiet live request, without the web server: 0.86 ms on SQLite and 1.02 ms on
PostgreSQL; 1.11 and 1.77 ms with a RawQuerySet for each of the two; on SQLite 1.8 to 2.0 ms with
Django's own session store and `select_related("profile")`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends import db
from django.core.signals import request_started
from django.db import connections, router
from django.db.models import Model, Q
from django.dispatch import receiver
from django.utils import timezone

from tasks.models.raw_rows import columns_of, fields_of, instance_of

MOST_OWNERS = 10_000


class SessionStore(db.SessionStore):
    """Django's own session store, except for reading a session: its person comes with it."""

    def _get_session_from_db(self) -> Any:
        alias = router.db_for_read(self.model)
        now = connections[alias].ops.adapt_datetimefield_value(timezone.now())
        presumed = _owners.get(self.session_key)
        with connections[alias].cursor() as cursor:
            cursor.execute(_session_and_person(), [presumed, self.session_key, now])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        if row[1] is not None:
            _read_ahead.person = _person_of(row[1:], alias)
        return self.model.from_db(
            alias, ["session_key", "session_data"], [self.session_key, row[0]]
        )

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        _note_owner(self.session_key, data.get(SESSION_KEY))
        return super().create_model_instance(data)

    def decode(self, session_data: Any) -> dict[str, Any]:
        found = super().decode(session_data)
        _note_owner(self.session_key, found.get(SESSION_KEY))
        return found


#: Whose a session was when it was last read here: only a presumption, for which the person is read
#: in the session's own statement. Who they are is what the session says.
_owners: dict[str | None, int] = {}
#: The person read with a session in this thread, until the next request begins.
_read_ahead = threading.local()


def _note_owner(session_key: str | None, person: Any) -> None:
    if len(_owners) >= MOST_OWNERS:
        _owners.clear()
    if session_key and str(person).isdecimal():
        _owners[session_key] = int(person)


@receiver(request_started)
def _forget_what_was_read(**_: object) -> None:
    _read_ahead.person = None


class PersonBackend(AuthenticationBackend):
    """allauth's own backend, except for reading a person and for the work of a wrong password."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        """The account with this e-mail or name and this password.

        A login that nobody has costs the same query and the same hash (0.2 s of a core) as a wrong
        password: allauth's own backend hashes twice for an e-mail that somebody has.
        """
        login, password = login_of(credentials), credentials.get("password")
        if not login or not password:
            return None
        accounts = accounts_called(login)
        if not accounts:
            self._mitigate_timing_attack(password)
        return next((each for each in accounts if self._check_password(each, password)), None)

    def get_user(self, user_id: Any) -> Any:
        """The person with their profile; None if the account is closed, whose sessions then end."""
        person, _read_ahead.person = getattr(_read_ahead, "person", None), None
        if person is None or person.pk != int(user_id):
            person = _read_person(user_id)
        if person is not None and not self.user_can_authenticate(person):
            end_sessions(person.pk)
            return None
        return person


def end_sessions(user_id: int) -> None:
    """End all sessions of a person: opening the account again brings none of them back."""
    for session in apps.get_model("usersessions", "UserSession").objects.filter(user_id=user_id):
        session.end()


def login_of(credentials: dict[str, Any]) -> str:
    return credentials.get("email") or credentials.get("username") or ""


def accounts_called(login: str) -> list[Any]:
    """The account with this e-mail, then the one with this name, by one query whoever is meant."""
    name = login.lower()
    found = get_user_model()._default_manager.filter(Q(email=name) | Q(username__iexact=login))
    same = [each for each in found if name in (each.email, each.get_username().lower())]
    return sorted(same, key=lambda each: each.email != name) if login else []


def _read_person(user_id: Any) -> Any:
    alias = router.db_for_read(get_user_model())
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {_columns()} FROM {_persons()} WHERE u.id = %s", [user_id])
        row = cursor.fetchone()
    return row and _person_of(row, alias)


@cache
def _session_and_person() -> str:
    """The statement for a session's data and, as far as it is presumed, its person."""
    table = db.SessionStore.get_model_class()._meta.db_table
    return (
        f"SELECT s.session_data, {_columns()} FROM {table} s LEFT JOIN ({_persons()}) ON u.id = %s "
        "WHERE s.session_key = %s AND s.expire_date > %s"
    )


def _persons() -> str:
    users, profiles = get_user_model()._meta.db_table, _profile_model()._meta.db_table
    return f"{users} u LEFT JOIN {profiles} p ON p.user_id = u.id"


@cache
def _columns() -> str:
    """The columns of a person, then those of their profile."""
    return f"{columns_of(get_user_model(), 'u')}, {columns_of(_profile_model(), 'p')}"


@cache
def _profile_model() -> type[Model]:
    return apps.get_model("tasks", "Profile")


def _person_of(row: Sequence[Any], alias: str) -> Any:
    """The person of a row of `_columns`, with the profile that is kept or an unsaved one."""
    number = len(fields_of(get_user_model()))
    person: Any = instance_of(get_user_model(), row[:number], alias)
    profile = _profile_model()
    is_kept = row[number] is not None
    person.profile = instance_of(profile, row[number:], alias) if is_kept else profile(user=person)
    return person
