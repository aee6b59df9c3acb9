"""The ASGI application in front of Django: its loop reads and sends, its threads answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Iterable
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections

from tasks.management.web_server import refusals
from tasks.management.web_server.bodies import Bodies, Receive
from tasks.management.web_server.refusals import RequestRefusedError
from tasks.management.web_server.threads import Threads
from tasks.management.web_server.wsgi import Answer, Application, Environ, Scope, environ_of
from tasks.web.api.answered import AFTER_ANSWER
from tasks.web.api.authentication import may_create
from tasks.web.navigation import is_for_the_api

Send = Callable[[dict[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

IN_MEMORY = 64 * 1024  # bytes of a body; a longer one goes to a temporary file
#: Seconds in which the rest of a refused body is thrown away. Were the connection closed at once,
#: the kernel would reset it, and the sender would often not see the answer.
LINGER = 5.0
#: Seconds in which a client that hung up before its answer is noticed.
HEARING = 0.002


class Front:
    """Runs a WSGI application as an ASGI one.

    A thread works for a request only while the application does: not while the body arrives, nor
    while a slow reader takes the answer.
    """

    def __init__(
        self, application: Application, *, threads: Threads, background: Container[str] = ()
    ) -> None:
        """`background` has the paths that open pages ask for by themselves; clicks come first."""
        self._application = application
        self._background = background
        self._threads = threads
        self._bodies = Bodies(may_send_files=self._is_signed_in)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        with SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                await self._bodies.read(environ, receive, body)
                await self._answer(environ | {"wsgi.input": body}, receive, send)
            except RequestRefusedError as refusal:
                await _refuse(refusal, environ, send)
                await _let_pass(receive)

    async def _answer(self, environ: Environ, receive: Receive, send: Send) -> None:
        calls: list[Callable[[], object]] = []
        answer = Answer(self._application, environ | {AFTER_ANSWER: calls})
        try:
            in_background = environ["PATH_INFO"] in self._background
            part = await self._threads.run(answer.begin, in_background=in_background)
        except Exception as error:  # not of a view: Django makes pages of those
            log.exception("A request could not be answered")
            raise refusals.broken() from error
        await _start(answer.status, answer.headers, send)
        if answer.has_ended:
            has_gone = bool(calls) and await _has_gone(receive)
            await send({"type": "http.response.body", "body": b"".join(part)})
            if calls and not has_gone:
                await self._threads.run(_make, calls)
        else:
            await self._stream(answer, part, receive, send)

    async def _stream(
        self, answer: Answer, part: list[bytes], receive: Receive, send: Send
    ) -> None:
        """Send a long answer, until its end or until nobody reads it any more.

        granian's `send` waits while four blocks are on their way; once the reader has gone it
        returns as if all were well, so that must be heard by `receive`.
        """
        gone = asyncio.create_task(_disconnect(receive))
        try:
            while not gone.done():
                for block in part:
                    await send({"type": "http.response.body", "body": block, "more_body": True})
                if answer.has_ended:
                    await send({"type": "http.response.body", "body": b""})
                    return
                part = await self._threads.run(answer.take)
        finally:
            gone.cancel()
            await self._threads.run(answer.close)

    async def _is_signed_in(self, environ: Environ) -> bool:
        return await self._threads.run(_is_signed_in, environ)


async def _has_gone(receive: Receive) -> bool:
    """Whether the client has hung up, asked before its answer is complete.

    granian tells at once, and says the same of everybody once an answer is complete.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARING):
            await _disconnect(receive)
            return True
    return False


def _make(calls: Iterable[Callable[[], object]]) -> None:
    """Make the calls that wait for an answer to be sent; the answer stands, whatever they do."""
    close_old_connections()
    try:
        for call in calls:
            call()
    except Exception:
        log.exception("What follows an answer could not be done")
    finally:
        close_old_connections()


async def _start(status: int, headers: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def _refuse(refusal: RequestRefusedError, environ: Environ, send: Send) -> None:
    response = refusals.response_to(refusal, environ | {"wsgi.input": BytesIO()})
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    await _start(response.status_code, headers, send)
    await send({"type": "http.response.body", "body": response.content})


async def _let_pass(receive: Receive) -> None:
    """Throw away what still comes of a refused body."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_signed_in(environ: Environ) -> bool:
    """Whether the request has the session of somebody who may sign in, or a token to create."""
    close_old_connections()  # as at the beginning of every request
    request = WSGIRequest(environ | {"wsgi.input": BytesIO()})
    if is_for_the_api(request):
        return may_create(request)
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return get_user(request).is_authenticated
