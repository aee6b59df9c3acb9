"""The HTTP server around the routes, and `Simulator`, which runs one in a `with` block."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from tasks.simulator.callbacks import send_callbacks
from tasks.simulator.faults import parse_fault
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.presets import BY_SLUG, base_urls
from tasks.simulator.records import Record, request_id
from tasks.simulator.routes import route
from tasks.simulator.sellers import new_own_id, ordered, usual_model
from tasks.simulator.world import Counts, World

LARGEST_BODY = 64 * 1024 * 1024  # Ark's own limit
REQUESTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request, and the status of its answer; 0 where the connection was closed instead."""

    method: str
    path: str
    status: int


class Handler(BaseHTTPRequestHandler):
    """One connection, with one request after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def answer(self) -> None:
        """Read the whole request, ask the routes, write the answer."""
        try:
            body = self._body()
        except ValueError as error:
            self.close_connection = True
            self._write(as_json({"error": str(error)}, 400))
            return
        path, _, query = self.path.partition("?")
        world, headers = self.server.world, {k.lower(): v for k, v in self.headers.items()}
        now = world.clock()
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers=headers,
            body=body,
            origin=f"http://{headers.get('host') or self.server.address}",
            now=now,
            request_id=request_id(now),
        )
        reply = route(world, request)
        status = 0 if reply.hang_up else reply.status
        self.server.requests_seen.append(SeenRequest(self.command, self.path, status))
        if reply.hang_up:
            self.close_connection = True
        else:
            self._write(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

    def _body(self) -> bytes:
        """Read the request's body; ValueError when it cannot be read or is too large."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            size = int(self.headers.get("Content-Length", "0"))
            return self.rfile.read(_allowed(size))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            _allowed(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass  # trailers
        return bytes(body)

    def _write(self, reply: Reply) -> None:
        """Send head and body in one write, unless the body is to come in pieces."""
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        lines += [f"Date: {self.server.date()}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        lines += [f"Content-Length: {len(reply.body)}"]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        if self.command == "HEAD":
            self.wfile.write(head)
        elif reply.chunks is None:
            self.wfile.write(head + reply.body)
        else:
            self.close_connection = True
            self.wfile.write(head)
            for chunk in reply.chunks(reply.body):
                self.wfile.write(chunk)


def _allowed(size: int) -> int:
    if not 0 <= size <= LARGEST_BODY:
        raise ValueError(f"a body of at most {LARGEST_BODY} bytes is expected")
    return size


class Server(ThreadingHTTPServer):
    """A server with a thread per connection; closing it closes idle connections as well."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        self.requests_seen: deque[SeenRequest] = deque(maxlen=REQUESTS_KEPT)
        self.connections: set[socket.socket] = set()
        self._date = (0, "")
        super().__init__(address, Handler)  # closes its socket itself where the port is taken

    @property
    def address(self) -> str:
        host, port = cast("tuple[str, int]", self.server_address[:2])
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def server_bind(self) -> None:
        """Bind without http.server's lookup of this host's name, which can take seconds."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def service_actions(self) -> None:
        """Send due callbacks; socketserver calls this between two polls of the socket."""
        super().service_actions()
        if self.world.callbacks_due:
            send_callbacks(self.world, f"http://{self.address}")

    def date(self) -> str:
        """Return the Date header by the world's clock, formatted once a second."""
        now = int(self.world.clock())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors, except those of a client that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # it may be gone already
                connection.shutdown(socket.SHUT_RDWR)


class Simulator:
    """A pretend provider for tests: `with Simulator(speed=100) as sim: sim.base_url("native")`.

    No task fails by chance unless `accidents=True`; `clock` gives Unix seconds and is read for
    every request.
    """

    def __init__(
        self,
        *,
        speed: float = 1,
        clock: Callable[[], float] = time.time,
        state: Path | None = None,
        accidents: bool = False,
        limits: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.world = World(
            speed=speed, clock=clock, state=state, accidents=accidents, limits=limits
        )
        self._server = Server((host, port), self.world)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="simulator",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address http://127.0.0.1:port, without a slash at its end."""
        return f"http://{self._server.address}"

    def base_url(self, slug: str) -> str:
        """Return the base URL for a credential of this provider."""
        return base_urls(self.url)[slug]

    @property
    def tasks(self) -> list[Record]:
        return list(self.world.tasks)

    @property
    def counts(self) -> Counts:
        return self.world.counts

    @property
    def requests_seen(self) -> list[SeenRequest]:
        """The latest requests, oldest first."""
        return list(self._server.requests_seen)

    def fault(self, key: str, text: str) -> None:
        """Switch on a fault (`429;retry-after=7`) for a key or `media`; "" switches it off."""
        if text:
            self.world.faults.switch_on(key, parse_fault(text))
        else:
            self.world.faults.switch_off(key)

    def create(
        self,
        prompt: str = "A paper boat drifts down a rainy street",
        *,
        preset: str = "volcengine",
        key: str = "sim-test",
        model: str = "",
        ago: float = 0,
        **fields: Any,
    ) -> str:
        """Create a task `ago` seconds ago without a request, and return its public id."""
        provider = BY_SLUG[preset]
        at = self.world.clock() - ago
        task_id = self.world.new_id(at)
        usual = usual_model(preset)
        body = {
            "model": model or usual,
            "content": [{"type": "text", "text": prompt}],
            **fields,
        }
        order = ordered(body, provider, task_id)
        own_id = new_own_id(self.world, provider, at)
        record = self.world.create(
            order, task_id=task_id, preset=preset, key=key, at=at, own_id=own_id
        )
        return record.public_id


__all__ = ["Handler", "SeenRequest", "Server", "Simulator"]
