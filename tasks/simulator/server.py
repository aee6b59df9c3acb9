"""The HTTP server around the routes, and `Simulator`: a running one inside a `with` block."""

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
from random import Random
from types import TracebackType
from typing import Any, Self, cast

from tasks.simulator.callbacks import tell_changes
from tasks.simulator.faults import parse_fault
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.orders import read_order
from tasks.simulator.presets import BY_SLUG, base_urls
from tasks.simulator.records import Record, request_id
from tasks.simulator.routes import route
from tasks.simulator.world import Counts, World

LARGEST_BODY = 64 * 1024 * 1024  # Ark's own limit
SEEN = 10_000  # requests remembered


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that was answered (or not: status 0)."""

    method: str
    path: str
    status: int


class Handler(BaseHTTPRequestHandler):
    """One connection; requests follow each other on it."""

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
        request = self._request(body)
        reply = route(self.server.world, request)
        self.server.seen.append(Seen(self.command, self.path, 0 if reply.hang_up else reply.status))
        if reply.hang_up:
            self.close_connection = True
        else:
            self._write(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

    def _request(self, body: bytes) -> Request:
        path, _, query = self.path.partition("?")
        world, headers = self.server.world, {k.lower(): v for k, v in self.headers.items()}
        now = world.clock()
        return Request(
            method=self.command,
            path=path,
            query=query,
            headers=headers,
            body=body,
            origin=f"http://{headers.get('host') or self.server.address}",
            now=now,
            request_id=request_id(now),
        )

    def _body(self) -> bytes:
        """The request's body; ValueError when it cannot be read or is too large."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        size = int(self.headers.get("Content-Length", "0"))
        return self.rfile.read(_allowed(size))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            _allowed(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass  # trailers
        return bytes(body)

    def _write(self, reply: Reply) -> None:
        """Head and body in one write, unless the body is to come in pieces."""
        head = self._head(reply)
        if self.command == "HEAD":
            self.wfile.write(head)
        elif reply.chunks is None:
            self.wfile.write(head + reply.body)
        else:
            self.close_connection = True
            self.wfile.write(head)
            for chunk in reply.chunks(reply.body):
                self.wfile.write(chunk)

    def _head(self, reply: Reply) -> bytes:
        phrase = HTTPStatus(reply.status).phrase
        lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Date: {self.server.date()}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        lines += [f"Content-Length: {len(reply.body)}"]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _allowed(size: int) -> int:
    if not 0 <= size <= LARGEST_BODY:
        raise ValueError(f"a body of at most {LARGEST_BODY} bytes is expected")
    return size


class Server(ThreadingHTTPServer):
    """A thread for each connection; ending it also ends those that are kept alive."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        self.seen: deque[Seen] = deque(maxlen=SEEN)
        self.connections: set[socket.socket] = set()
        self._date = (0, "")
        super().__init__(address, Handler)  # closes itself where the port is taken

    @property
    def address(self) -> str:
        host, port = cast("tuple[str, int]", self.server_address[:2])
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def server_bind(self) -> None:
        """Bind without http.server's look-up of our own name, which can take seconds."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def service_actions(self) -> None:
        """Between two looks at the socket: tell the callbacks what has changed."""
        super().service_actions()
        if self.world.to_call_back:
            tell_changes(self.world, f"http://{self.address}")

    def date(self) -> str:
        """The Date header, written once a second, by the clock of this world."""
        now = int(self.world.clock())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a word; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # it may be gone already
                connection.shutdown(socket.SHUT_RDWR)


class Simulator:
    """A pretend provider for tests: `with Simulator(speed=100) as sim: sim.base_url("native")`.

    Nothing goes wrong by chance (`accidents=True` brings chance back); `clock` gives Unix
    seconds and is asked for every request.
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
        self._thread = threading.Thread(target=self._serve, name="simulator", daemon=True)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

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
        """http://127.0.0.1:port, without a slash at its end."""
        return f"http://{self._server.address}"

    def base_url(self, slug: str) -> str:
        """What to write into a credential of this provider."""
        return base_urls(self.url)[slug]

    @property
    def tasks(self) -> list[Record]:
        return list(self.world.tasks)

    @property
    def counts(self) -> Counts:
        return self.world.counts

    @property
    def requests_seen(self) -> list[Seen]:
        """The latest requests, oldest first."""
        return list(self._server.seen)

    def fault(self, key: str, text: str) -> None:
        """Switch a fault on for a key (or `media`): `429;retry-after=7`; "" switches it off."""
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
        """Make a task without a request, `ago` seconds ago; its id."""
        place = BY_SLUG[preset]
        at = self.world.clock() - ago
        task_id = self.world.new_id(at)
        default = "dreamina" if place.vendor == "byteplus" else "doubao"
        body = {
            "model": model or f"{default}-seedance-2-0-260128",
            "content": [{"type": "text", "text": prompt}],
            **fields,
        }
        order = read_order(body, vendor=place.vendor, dice=Random(task_id))
        has_own = place.dialect == "newapi" and place.generation > 1
        own_id = self.world.new_task_id() if has_own else ""
        record = self.world.create(
            order, task_id=task_id, preset=preset, key=key, at=at, own_id=own_id
        )
        return record.public_id


__all__ = ["Handler", "Seen", "Server", "Simulator"]
