"""The real web server: what the site sees, and that slow and silent visitors delay nobody."""

from __future__ import annotations

import json
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.processes.conftest import Installation, eventually, free_port
from tests.processes.test_players import a_player, answers, saved_video

#: As many as one address may have, and more than both processes have threads.
BODIES = 64
#: The beginning of a form: with this cookie, Django would read the rest of it before anything else.
FORM = (
    "POST /sign-in/ HTTP/1.1\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n"
    f"Cookie: csrftoken={'a' * 32}\nContent-Length: 100000\n\na="
)
#: More than the 1,024 connections that the server takes by itself.
HEADS = 1_100


class Home(Installation):
    """An installation behind a TLS proxy, as it says, whose heads must come quickly."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"DAILIES_HEAD_SECONDS": "2", "DAILIES_HTTPS": "1"}


@pytest.fixture(scope="module")
def home(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(shutil.copytree(furnished, tmp_path_factory.mktemp("slow") / "data"))
    home.start("web", "--port", str(home.port), "--access-log", "--web-workers", "2")
    eventually(lambda: answers(site_of(home)), within=30)
    yield home
    home.end()


def site_of(home: Installation) -> str:
    return f"http://127.0.0.1:{home.port}"


@contextmanager
def senders(home: Installation, number: int, begun: str) -> Iterator[list[socket.socket]]:
    """Connections on which so much of a request was sent, and no more comes."""
    with ExitStack() as stack:
        opened = []
        for _ in range(number):
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", home.port), 10))
            sender.sendall(begun.replace("\n", "\r\n").encode())
            opened.append(sender)
        yield opened


def is_closed(sender: socket.socket) -> bool:
    """Whether the server has ended it: with an answer, or without a word."""
    sender.setblocking(False)
    try:
        return sender.recv(4096) == b"" or is_closed(sender)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_slow_bodies_delay_nobody(home: Home) -> None:
    with senders(home, BODIES, FORM):
        for path in ("/healthz", "/sign-in/"):
            assert httpx.get(site_of(home) + path, timeout=10).status_code in (200, 302)


def test_half_sent_heads_delay_nobody_and_are_ended(home: Home) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(4 * HEADS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with senders(home, HEADS, "GET /healthz HTTP/1.1\nHost: loc") as heads:
        assert httpx.get(site_of(home) + "/healthz", timeout=10).status_code == 200
        eventually(lambda: all(map(is_closed, heads)), within=5)


def test_who_sends_too_much_reads_why(home: Home) -> None:
    """The answer comes before the body, and is not lost because the body still comes."""
    large = httpx.post(site_of(home) + "/sign-in/", content=bytes(20_000_000), timeout=30)
    assert large.status_code == 413 and "limit is 3 MB" in large.text
    assert "default-src 'none'" in large.headers["content-security-policy"]
    in_chinese = {"Accept-Language": "zh-CN"}
    again = httpx.post(site_of(home) + "/", content=bytes(4_000_000), headers=in_chinese)
    assert again.status_code == 413 and again.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("name", "is_believed"), [("X-Forwarded-Proto", True), ("X_Forwarded_Proto", False)]
)
def test_only_the_proxys_own_header_says_that_it_is_https(
    home: Home, name: str, is_believed: bool
) -> None:
    answer = httpx.get(site_of(home) + "/sign-in/", headers={name: "https"})
    assert ("strict-transport-security" in answer.headers) is is_believed


def test_the_access_log_has_refusals_too(home: Home) -> None:
    httpx.post(site_of(home) + "/sign-in/", content=bytes(5_000_000))
    eventually(lambda: '"POST /sign-in/ HTTP/1.1" 413' in home.output(), within=5)


def test_a_stop_waits_for_no_slow_reader_or_sender(installation: Installation) -> None:
    task, session = saved_video(installation)
    web = installation.start("web", "--port", str(installation.port))
    eventually(lambda: answers(site_of(installation)), within=30)
    with senders(installation, 8, FORM), a_player(installation.port) as reader:
        head = f"Host: localhost\r\nCookie: dailies_session={session}\r\n\r\n"
        reader.sendall(f"GET /tasks/{task}/video HTTP/1.1\r\n{head}".encode())
        assert reader.recv(12) == b"HTTP/1.1 200"
        web.terminate()
        eventually(lambda: web.poll() is not None, within=5)


REQUESTS = {
    "a path": "GET /a%2Fb/%E6%B5%B7/%ff/é?q=%20a+b&r=é HTTP/1.1\nHost: localhost\n\n",
    "no query": "GET / HTTP/1.1\nHost: localhost:8000\n\n",
    "cookies": "GET / HTTP/1.1\nHost: localhost\nCookie: a=1; b=2\n\n",
    "repeated": "GET / HTTP/1.1\nHost: localhost\nX-A: 1\nAccept: a\nX-A: 2, 3\nAccept: b\n\n",
    "a form": "POST / HTTP/1.1\nHost: localhost\nContent-Type: a/b\nContent-Length: 5\n\na=1&b",
    "an empty form": "POST / HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n",
    "lower case": "post / HTTP/1.1\nhost: localhost\nx-lower: A\n\n",
    "a whole address": "GET http://example.com/a?b HTTP/1.1\nHost: example.com\n\n",
    "an old client": "GET / HTTP/1.0\n\n",
    "awaiting leave": "PUT / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 2\n\nab",
}


@pytest.fixture(scope="module")
def both(furnished: Path) -> Iterator[list[int]]:
    """Ports of granian with the echo: as a WSGI server, and behind the front."""
    environment = Installation(furnished).environment()
    environment |= {"DJANGO_SETTINGS_MODULE": "seedance_site.settings"}
    ports = [free_port(), free_port()]
    ways = [("wsgi", "application"), ("asginl", "front")]
    usual = [sys.executable, "-m", "granian", "--http", "1", "--no-ws", "--log-level", "error"]
    started = [
        subprocess.Popen(
            [*usual, "--interface", way, "--port", str(port), f"tests.processes.echo:{name}"],
            env=environment,
        )
        for port, (way, name) in zip(ports, ways, strict=True)
    ]
    eventually(lambda: all(answers(f"http://127.0.0.1:{port}") for port in ports), within=30)
    yield ports
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_the_site_sees_what_it_saw_behind_a_wsgi_server(both: list[int], request_: str) -> None:
    before, now = (seen(port, request_) for port in both)
    assert now == before


def test_a_body_in_chunks_has_its_length_now(both: list[int]) -> None:
    head = "POST / HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n"
    found = seen(both[1], head + "2\nab\n1\nc\n0\n\n")
    assert (found["body"], found["CONTENT_LENGTH"]) == ("abc", "3")


def seen(port: int, request: str) -> dict[str, str]:
    """Ask the echo, and return what it saw of the request."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while not answer.endswith(b"}"):
            answer += (received := connection.recv(65536))
            assert received, answer
    found: dict[str, str] = json.loads(answer[answer.index(b"{") :])
    return found
