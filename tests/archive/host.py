"""A host of files, over real HTTP, with faults on demand."""

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
class HostedFile:
    """A file, and how the host sends it."""

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
        self.files: dict[str, HostedFile] = {}
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
        """Host this file; return its link."""
        self.files[path] = HostedFile(body=body, **more)
        return f"{self.origin}{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        hosted = self.files.get(path, HostedFile(status=404))
        with self._lock:
            self.asked.append(Asked(path, headers))
            self.open += 1
            self.most_open = max(self.open, self.most_open)
        try:
            self._send(request, hosted, headers)
        except OSError:
            request.close_connection = True  # the other side went away
        finally:
            with self._lock:
                self.open -= 1

    def _send(
        self, request: BaseHTTPRequestHandler, hosted: HostedFile, asked: dict[str, str]
    ) -> None:
        start = self._start(hosted, asked)
        body = hosted.body[start:]
        request.send_response_only(206 if start else hosted.status)
        if hosted.tells_the_time:
            request.send_header("Date", format_datetime(self.clock(), usegmt=True))
        length = len(body) if hosted.length is None else hosted.length
        if length >= 0:
            request.send_header("Content-Length", str(length))
        if hosted.etag:
            request.send_header("ETag", hosted.etag)
        if start:
            last = len(hosted.body) - 1
            request.send_header("Content-Range", f"bytes {start}-{last}/{len(hosted.body)}")
        for name, value in hosted.headers.items():
            request.send_header(name, value)
        request.end_headers()
        if hosted.gate:
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            hosted.gate.wait(20)
            body = body[len(body) // 2 :]
        request.wfile.write(body[: hosted.cut])
        request.close_connection = hosted.cut is not None or hosted.length is not None

    def _start(self, hosted: HostedFile, asked: dict[str, str]) -> int:
        wanted = asked.get("range", "")
        if not (wanted and hosted.ranges and hosted.status == 200):
            return 0
        is_same = asked.get("if-range", hosted.etag) == hosted.etag
        return int(wanted.removeprefix("bytes=").rstrip("-")) if is_same else 0


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that stops reading half-way resets the connection."""


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
