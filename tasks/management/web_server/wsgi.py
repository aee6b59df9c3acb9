"""WSGI (PEP 3333) made of ASGI: a request's environment, and an answer taken in parts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

PART = 1024 * 1024  # bytes that are taken at a time, at least; a video is answered in such parts
#: Headers that have names of their own in WSGI, and are never joined.
UNPREFIXED = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


def environ_of(scope: Scope) -> Environ:
    """The WSGI environment of an ASGI request, without its body (`wsgi.input`)."""
    server, client = scope["server"], scope["client"]
    return {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | _headers(scope["headers"])


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their WSGI names, those that came repeatedly in one.

    Names with an underscore are left out: in WSGI, `X_Forwarded_For` is the same as the header of
    our own proxy, which cannot be expected to remove it.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if b"_" in name:
            continue
        text = value.decode("latin-1")
        if name in UNPREFIXED:
            found.setdefault(UNPREFIXED[name], text)
            continue
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        if key in found:
            text = found[key] + ("; " if name == b"cookie" else ",") + text
        found[key] = text
    return found


class Answer:
    """A WSGI application's answer, taken a part at a time. Each method is for a thread."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self._application, self._environ = application, environ
        self._response: Iterable[bytes] = ()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_ended = False

    def begin(self) -> list[bytes]:
        """Run the application; its status, headers and first part are there afterwards."""
        self._response = self._application(self._environ, self._start)
        self._blocks = iter(self._response)
        return self.take()

    def take(self) -> list[bytes]:
        """Take the next blocks, more than a part of them unless the answer ends before."""
        taken, size = [], 0
        try:
            for block in self._blocks:
                taken.append(block)
                size += len(block)
                # Not at exactly a part: most ranges are of this size, and leave in one message.
                if size > PART:
                    return taken
        except BaseException:
            self.close()
            raise
        self.close()
        return taken

    def close(self) -> None:
        """End the answer, and close its files; once is enough."""
        if self.has_ended:
            return
        self.has_ended = True
        if close := getattr(self._response, "close", None):
            close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status[:3])
        self.headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
