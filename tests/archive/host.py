"""A host of files, over real HTTP, that errs as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Held:
    """A file, and how it is given out."""

    body: bytes = b""
    status: int = 200
    etag: str = '"the first"'
    ranges: bool = True
    cut: int | None = None  # break off after so many bytes of an answer
    length: int | None = None  # what Content-Length says instead of the truth; -1: it is not there
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None  # waited for after half of the answer
    tells_the_time: bool = True  # in a Date header


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]


def _real_time() -> datetime:
    return datetime.now(UTC)


class Host:
    def __init__(self, clock: Callable[[], datetime] = _real_time) -> None:
        self.clock = clock
        self.files: dict[str, Held] = {}
        self.asked: list[Asked] = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, path: str, body: bytes = b"", **more: Any) -> str:
        """Its link."""
        self.files[path] = Held(body=body, **more)
        return f"{self.origin}{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        held = self.files.get(path, Held(status=404))
        with self._lock:
            self.asked.append(Asked(path, headers))
            self.open += 1
            self.most_open = max(self.open, self.most_open)
        try:
            self._send(request, held, headers)
        except OSError:
            request.close_connection = True  # the other side went away
        finally:
            with self._lock:
                self.open -= 1

    def _send(self, request: BaseHTTPRequestHandler, held: Held, asked: dict[str, str]) -> None:
        start = self._start(held, asked)
        body = held.body[start:]
        request.send_response_only(206 if start else held.status)
        if held.tells_the_time:
            request.send_header("Date", format_datetime(self.clock(), usegmt=True))
        length = len(body) if held.length is None else held.length
        if length >= 0:
            request.send_header("Content-Length", str(length))
        if held.etag:
            request.send_header("ETag", held.etag)
        if start:
            last = len(held.body) - 1
            request.send_header("Content-Range", f"bytes {start}-{last}/{len(held.body)}")
        for name, value in held.headers.items():
            request.send_header(name, value)
        request.end_headers()
        if held.gate:
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            held.gate.wait(20)
            body = body[len(body) // 2 :]
        request.wfile.write(body[: held.cut])
        request.close_connection = held.cut is not None or held.length is not None

    def _start(self, held: Held, asked: dict[str, str]) -> int:
        wanted = asked.get("range", "")
        if not (wanted and held.ranges and held.status == 200):
            return 0
        is_same = asked.get("if-range", held.etag) == held.etag
        return int(wanted.removeprefix("bytes=").rstrip("-")) if is_same else 0


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Whoever stops reading half-way resets the connection."""


@contextmanager
def running_host(clock: Callable[[], datetime] = _real_time) -> Iterator[Host]:
    host = Host(clock)
    serve: Callable[..., None] = host.server.serve_forever
    thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.server.shutdown()
        host.server.server_close()
        thread.join()
