"""A WSGI application that answers with what it saw; `front` is the same behind the front."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import django

django.setup()

from tasks.management.web_server.front import Front  # noqa: E402  it needs settings
from tasks.management.web_server.threads import Threads  # noqa: E402

SEEN = ("CONTENT_", "HTTP_", "PATH_INFO", "QUERY_", "REMOTE_ADDR", "REQUEST_METHOD", "SCRIPT_NAME")


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(100_000)
    seen = {name: text for name, text in environ.items() if name.startswith(SEEN)}
    seen |= {name: environ[name] for name in ("SERVER_NAME", "SERVER_PROTOCOL", "wsgi.url_scheme")}
    answer = json.dumps(seen | {"body": body.decode("latin-1")}).encode()
    start("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


front = Front(application, threads=Threads(2))
