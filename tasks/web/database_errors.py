"""A page for a database that cannot be used for the moment, or that is damaged, and not a 500."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from tasks.monitoring import damage
from tasks.web import error_pages

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
LOCK_SECONDS = 20  # as in SQLite; PostgreSQL would wait for ever and hold a thread
#: Errors that pass; others of this class, like "no such table", are mistakes of ours.
PASSING_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
#: PostgreSQL's for a database that may only be read, and for a transaction that was idle too long.
PASSING_STATES = frozenset({"25006", "25P03"})
#: Words in the names of fields whose values are never put into a page; people go back to the form.
SECRET = ("password", "key", "token")
TOKEN = "csrfmiddlewaretoken"


class DatabaseErrorMiddleware:
    """Answers with a 503 when a view raises a database error that is no mistake of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        request.is_done = 300 <= response.status_code < 400  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return _answer(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that was refused, unless only because its session could not be saved."""
    return _answer(request, exception) or error_pages.bad_request(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that no view raised: of a middleware, or of an error page itself."""
    return _answer(request, sys.exc_info()[1]) or error_pages.server_error(request)


def _answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The page for the database error that led to this exception; None without one."""
    cause = next((each for each in _causes(error) if passes(each) or damage.is_damage(each)), None)
    if cause is None:
        return None
    log.warning("The database could not be used for %r: %r", request.path, str(cause))
    if is_damaged := damage.is_damage(cause):
        damage.note(cause)
    if request.method == "POST" and "HX-Request" in request.headers:
        response = _busy_message(is_damaged=is_damaged)
    else:
        response = _busy_page(request, is_damaged=is_damaged)
    response._has_been_logged = True  # type: ignore[attr-defined]  # without a traceback
    return response


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _busy_page(request: HttpRequest, *, is_damaged: bool) -> HttpResponse:
    """The page that keeps what was typed. Nothing is sent again after a view has done its work."""
    is_done = getattr(request, "is_done", False)
    context = {
        "again": [] if is_done else posted_values(request),
        "path": reverse("tasks") if is_done else request.get_full_path(),
        "is_damaged": is_damaged,
    }
    page = error_pages.without_queries(request, "503.html", **context)
    headers = {} if is_damaged else {"Retry-After": str(RETRY_SECONDS)}
    return HttpResponse(page, status=503, headers=headers)


def limit_waiting(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Limit the time that a new connection to PostgreSQL waits for locks.

    A limit that somebody has set, in the role or the address, stays. This is a statement and not a
    start-up option, because poolers refuse those.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false)"
                " WHERE current_setting('lock_timeout') = '0'",
                [f"{LOCK_SECONDS}s"],
            )


def _busy_message(*, is_damaged: bool) -> HttpResponse:
    """A message beside the page, sent as a success: htmx shows nothing of other answers."""
    if is_damaged:
        text = _("Part of the database is damaged. Nothing was changed. Tell an administrator.")
    else:
        text = _("The database is busy. Nothing was changed. Try again in a few seconds.")
    context = {"messages": [Message(messages.ERROR, text)], "oob": True}
    answer = render_to_string("_messages.html", context)
    return HttpResponse(answer, headers={"HX-Reswap": "none"})


def passes(error: BaseException) -> bool:
    """Whether the database, or Redis beside it, was locked, full or away, and may soon work.

    Nothing was written then.
    """
    if getattr(error.__cause__, "sqlstate", None) in PASSING_STATES or _is_of_redis(error):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF in PASSING_CODES


def _is_of_redis(error: BaseException) -> bool:
    """Whether Redis was away; its package is there only where it is used."""
    redis = sys.modules.get("redis.exceptions")
    return redis is not None and isinstance(error, redis.ConnectionError | redis.TimeoutError)


def posted_values(request: HttpRequest) -> list[tuple[str, str]] | None:
    """The form as (name, value), to be sent again; None where a value must not be in a page."""
    if any(word in name.lower() for name in request.POST for word in SECRET if name != TOKEN):
        return None
    pairs = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in pairs if name != TOKEN]
