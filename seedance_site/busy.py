"""A database that cannot be written just now: a page that says so, instead of a 500."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
LOCK_SECONDS = 20  # as long as SQLite waits; PostgreSQL would wait for ever, and hold a thread
#: What passes; other errors of this class, as "no such table", are ours.
PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
#: Words in the names of what is never put into a page; whoever typed it goes back to it.
SECRET = ("password", "key", "token")
TOKEN = "csrfmiddlewaretoken"


class BusyDatabaseMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not passes(error):
            return None
        log.warning("The database could not be used for %s: %s", request.path, error)
        if request.method == "POST" and "HX-Request" in request.headers:
            return _note()
        context = {"again": _sent(request), "path": request.get_full_path()}
        page = render_to_string("503.html", {**context, "csrf": get_token(request)})
        return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def limit_waiting(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Of a new connection; whoever has set a limit of their own, in role or address, keeps it.

    A statement and not a start-up option, for poolers refuse those.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false)"
                " WHERE current_setting('lock_timeout') = '0'",
                [f"{LOCK_SECONDS}s"],
            )


def _note() -> HttpResponse:
    """Beside the page as it is; htmx shows nothing of an answer that is no success."""
    said = _("The database is busy; nothing was changed. Please try again in a few seconds.")
    note = {"messages": [Message(messages.ERROR, said)], "oob": True}
    answer = render_to_string("_messages.html", note)
    return HttpResponse(answer, headers={"HX-Reswap": "none"})


def passes(error: BaseException) -> bool:
    """Locked for too long, full, or away: nothing was written, and it may work in a moment."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF in PASSING


def _sent(request: HttpRequest) -> list[tuple[str, str]] | None:
    """What was typed, to be sent once more; None where some of it must not stand in a page."""
    if any(word in name.lower() for name in request.POST for word in SECRET if name != TOKEN):
        return None
    pairs = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in pairs if name != TOKEN]
