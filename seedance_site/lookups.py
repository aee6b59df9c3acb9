"""Who asks? The two questions before every answer, without the ORM's making of a statement.

Every open page asks every two seconds, and then these two are most of the work: 0.14 ms each
through the ORM, 0.04 and 0.06 ms as written here.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.db import connections, router
from django.db.models import Model
from django.db.models.query import RawQuerySet
from django.utils import timezone


class SessionStore(db.SessionStore):
    """Django's own, rows and all."""

    def _get_session_from_db(self) -> Any:
        connection = connections[router.db_for_read(self.model)]
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        where = "session_key = %s AND expire_date > %s"
        found = list(_raw(self.model, where, [self.session_key, now]))
        if found:
            return found[0]
        self._session_key = None
        return None


class PersonBackend(ModelBackend):
    """Django's own: names and passwords, permissions, no entry for inactive people."""

    def get_user(self, user_id: Any) -> Any:
        model = get_user_model()
        column = model._meta.pk.column
        found = list(_raw(model, f"{column} = %s", [user_id]))
        return found[0] if found and self.user_can_authenticate(found[0]) else None


def _raw(model: type[Model], where: str, values: list[Any]) -> RawQuerySet[Any]:
    sql = f'SELECT * FROM "{model._meta.db_table}" WHERE {where}'
    return model._default_manager.raw(sql, values)
