"""The web server's front beside the same site without it, and what slow senders cost the others."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from statistics import median

from django.contrib.auth.models import User
from django.urls import reverse

from benchmarks import accounts, feed, serving
from benchmarks.browsers import live_address
from benchmarks.figures import Figure
from benchmarks.processes import cpu_seconds, free_port, members, module, running
from tasks.management.supervision import Child, manage

LEAST_LIVE, LEAST_PART, LEAST_WHOLE = 0.9, 0.85, 0.6
LONGEST_WAIT = 0.5  # seconds for /healthz, on a new connection
LONGEST_STOP = 5.0
ADDRESSES = 8  # that the attack comes from
PATIENCE = 3.0  # seconds that one who asks for /healthz waits
#: Our web server as it was before it had a front.
PLAIN = ("--interface", "wsgi", "--http", "1", "--no-ws", "--runtime-mode", "st")
THREADS = 16
#: With this cookie, Django would read the form before anything else.
BODY = (
    b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=" + b"a" * 32 + b"\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\na="
)
HEAD = b"GET /healthz HTTP/1.1\r\nHost: local"


@dataclass(frozen=True)
class Size:
    rounds: int = 7
    seconds: float = 2.0
    clip: int = 60 * 1024 * 1024  # bytes
    bodies: int = 200
    heads: int = 1_500
    readers: int = 12
    attack: float = 15.0


SMALL = Size(
    rounds=1, seconds=0.3, clip=3 * 1024 * 1024, bodies=20, heads=20, readers=2, attack=1.0
)


@dataclass(frozen=True)
class Server:
    web: Child
    port: int
    cookie: str
    clip: serving.Clip

    @property
    def site(self) -> feed.Site:
        return feed.Site(f"http://127.0.0.1:{self.port}", self.cookie, self.web)


def measure(size: Size = Size()) -> Iterator[Figure]:
    let_open_files(2 * (size.heads + size.bodies))
    clip = serving.saved_clip(size.clip)
    cookie = accounts.session_cookie(User.objects.create_superuser("somebody"))
    video = reverse("video", args=[clip.task_id])
    with ExitStack() as stack:

        def started(name: str, command: list[str], port: int) -> Server:
            web = stack.enter_context(running(name, command, port=port))
            return Server(web, port, cookie, serving.Clip(port, video, cookie, size.clip))

        ours, bare = free_port(), free_port()
        plain = [*PLAIN, "--blocking-threads", THREADS, "--log-level", "warning", "--port", bare]
        front = started("web", manage("web", "--unsupervised", "--port", ours), ours)
        before = started("plain", module("granian", *plain, "seedance_site.wsgi:application"), bare)
        yield from _beside_the_plain_server(front, before, size)
        yield from _under_attack(front, size)
        yield _stop(front, size)


# What the front costs


def _beside_the_plain_server(front: Server, plain: Server, size: Size) -> Iterator[Figure]:
    live = live_address(front.site.url, front.cookie)

    def asked(server: Server) -> float:
        return feed.rate(server.site, live, size.seconds)

    def read(how: Callable[[serving.Reader], None]) -> Callable[[Server], float]:
        turn = serving.Size(seconds=size.seconds, clip=size.clip)
        return lambda server: serving.rate(server.clip, how, turn)

    megabytes = size.clip // 1024**2
    whole = f"one closed range of {megabytes} MB"
    yield _paired("quiet live requests", asked, "/s", (front, plain), LEAST_LIVE, size)
    parts = read(serving.Reader.parts)
    yield _paired("ranges of 1 MB", parts, " MB/s", (front, plain), LEAST_PART, size)
    yield _paired(whole, read(serving.Reader.whole), " MB/s", (front, plain), LEAST_WHOLE, size)


def _paired(
    what: str,
    rate: Callable[[Server], float],
    unit: str,
    servers: tuple[Server, Server],
    goal: float,
    size: Size,
) -> Figure:
    """Measure both in turns; the ratio is the median of the paired ratios."""
    turns = [[_turn(rate, server) for server in servers] for _ in range(size.rounds)]
    ratio = median(front.rate / plain.rate for front, plain in turns)
    front, plain = (
        f"{median(turn.rate for turn in side):,.0f}{unit}, "
        f"{median(turn.cost for turn in side):.2f} core ms each"
        for side in zip(*turns, strict=True)
    )
    return Figure(
        name=f"front, {what}",
        measured=front,
        baseline=f"granian as a plain WSGI server: {plain}",
        ratio=ratio,
        goal=f"≥ {goal}",
        met=ratio >= goal,
    )


@dataclass(frozen=True)
class Turn:
    rate: float
    cost: float  # milliseconds of a core for one of what the rate counts


def _turn(rate: Callable[[Server], float], server: Server) -> Turn:
    used, began = cpu_seconds(server.web.group), time.perf_counter()
    found = rate(server)
    number = found * (time.perf_counter() - began)
    return Turn(found, 1000 * (cpu_seconds(server.web.group) - used) / number)


# What slow visitors cost the others


def _under_attack(front: Server, size: Size) -> Iterator[Figure]:
    quiet = _longest_wait(front.port, min(5.0, size.attack))
    attacks = [
        (f"{size.bodies:,} bodies, a byte a second", dripping(front.port, BODY, size.bodies)),
        (f"{size.heads:,} half-sent heads", dripping(front.port, HEAD, size.heads)),
        (f"{size.readers} readers of a film who take nothing", readers(front.clip, size.readers)),
    ]
    for name, attack in attacks:
        with attack:
            found = _longest_wait(front.port, size.attack)
        yield Figure(
            name=f"longest wait for /healthz, beside {name}",
            measured=f"{found * 1000:.0f} ms",
            baseline=f"nobody else there: {quiet * 1000:.0f} ms",
            ratio=found / quiet,
            goal=f"< {LONGEST_WAIT * 1000:.0f} ms",
            met=found < LONGEST_WAIT,
        )


def _stop(front: Server, size: Size) -> Figure:
    with dripping(front.port, BODY, size.bodies), readers(front.clip, size.readers):
        _guard, server, *_ = members(front.web.group)
        began = time.monotonic()
        os.kill(server, signal.SIGTERM)
        front.web.wait()
        took = time.monotonic() - began
    return Figure(
        name=f"a stop beside {size.bodies} slow senders and {size.readers} slow readers",
        measured=f"{took:.1f} s",
        baseline="none",
        ratio=None,
        goal=f"≤ {LONGEST_STOP:.0f} s",
        met=took <= LONGEST_STOP,
    )


def _longest_wait(port: int, seconds: float) -> float:
    """The longest that somebody with a new connection waited for `/healthz`, in seconds."""
    end, longest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with suppress(OSError):
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
        connection.close()
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.1)
    return longest


@contextmanager
def dripping(port: int, begun: bytes, number: int) -> Iterator[None]:
    """Keep as many connections open, from several addresses, and send a byte a second on each."""
    with ExitStack() as stack:
        senders = []
        for index in range(number):
            sender = stack.enter_context(socket.socket())
            sender.bind((f"127.0.0.{2 + index % ADDRESSES}", 0))
            sender.settimeout(PATIENCE)
            sender.connect(("127.0.0.1", port))
            sender.sendall(begun)
            senders.append(sender)
        ended = threading.Event()
        drip = threading.Thread(target=_drip, args=[senders, ended])
        drip.start()
        try:
            yield
        finally:
            ended.set()
            drip.join()


def _drip(senders: list[socket.socket], ended: threading.Event) -> None:
    while not ended.wait(1.0):
        for sender in senders:
            with suppress(OSError):  # the server has given it up
                sender.send(b"x")


@contextmanager
def readers(clip: serving.Clip, number: int) -> Iterator[None]:
    """Ask for the whole clip on as many connections, and read next to nothing."""
    with ExitStack() as stack:
        for _ in range(number):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(30)
            reader.connect(("127.0.0.1", clip.port))
            reader.sendall(f"{clip.head}\r\n".encode())
            assert reader.recv(12) == b"HTTP/1.1 200"
        yield


def let_open_files(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
