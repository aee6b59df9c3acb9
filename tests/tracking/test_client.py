"""The one place that sends a request."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tasks.providers import Answer, ProviderError, Trouble
from tasks.providers.transport.client import Client
from tasks.providers.transport.guard import Allowed

LOCAL = Allowed.parse(["127.0.0.1"])
KEY = "sk-canary-0123456789"

pytestmark = pytest.mark.sockets


def ask(base_url: str, *, key: str = KEY, deadline: float = 2) -> Answer:
    async def once() -> Answer:
        async with Client(base_url, key, allowed=LOCAL, deadline=deadline) as client:
            return await client.get("/task")

    return asyncio.run(once())


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one behaviour, for what no HTTP library would do."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_politely, args=(behave, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def _politely(behave: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        try:
            connection.recv(65536)
            behave(connection)
        except OSError:
            return


def trouble(base_url: str, *, key: str = KEY, deadline: float = 2) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(base_url, key=key, deadline=deadline)
    assert KEY not in repr(caught.value) and caught.value.__cause__ is None
    return caught.value


def test_an_answer_comes_back_whole() -> None:
    reply = b"HTTP/1.1 404 Not Found\r\nX-Request-Id: 0217\r\nContent-Length: 2\r\n\r\n{}"
    with server(lambda connection: connection.sendall(reply)) as url:
        answer = ask(url)
    assert (answer.status_code, answer.body) == (404, b"{}")
    assert answer.headers["x-request-id"] == "0217"


def test_a_port_without_a_server_is_a_connection_trouble() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert trouble(f"http://127.0.0.1:{port}").trouble == Trouble.CONNECTION


def test_a_hang_up_is_a_connection_trouble() -> None:
    with server(lambda connection: None) as url:
        assert trouble(url).trouble == Trouble.CONNECTION


def test_the_deadline_holds_for_the_whole_of_a_dripping_answer() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    with server(drip) as url:
        assert trouble(url, deadline=0.4).trouble == Trouble.TIMEOUT


def test_a_stall_before_the_first_byte_ends_at_the_deadline() -> None:
    with server(lambda connection: time.sleep(3)) as url:
        assert trouble(url, deadline=0.3).trouble == Trouble.TIMEOUT


def test_an_endless_body_is_cut_off() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"x" * 1_000_000)

    with server(flood) as url:
        assert trouble(url, deadline=10).trouble == Trouble.TOO_LARGE


def test_plain_http_where_tls_is_expected_is_a_tls_trouble() -> None:
    with server(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as url:
        assert trouble(url.replace("http://", "https://")).trouble == Trouble.TLS


def test_a_redirect_is_handed_back_and_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with server(lambda connection: connection.sendall(reply)) as url:
        assert ask(url).status_code == 302


@pytest.mark.parametrize("base_url", ["", "ftp://a.example", "http://", "http://[", "a b"])
def test_a_base_url_that_is_none_has_a_trouble_of_its_own(base_url: str) -> None:
    assert trouble(base_url).trouble in (Trouble.BAD_ADDRESS, Trouble.ODD_ADDRESS)


def test_a_private_address_is_not_asked_unless_it_is_allowed() -> None:
    asked: list[object] = []

    async def once(base_url: str) -> None:
        async with Client(base_url, KEY) as client:
            await client.get("/task")

    with server(asked.append) as url, pytest.raises(ProviderError) as caught:
        asyncio.run(once(url))
    assert caught.value.trouble == Trouble.PRIVATE_ADDRESS and caught.value.permanent
    assert not asked


def test_a_key_that_no_header_can_hold_is_not_shown() -> None:
    with server(lambda connection: None) as url:
        trouble(url, key=f"{KEY}\r\nX: y")
        trouble(url, key=f"{KEY}海")


def test_a_key_that_the_provider_repeats_is_not_kept() -> None:
    body = f'{{"error": {{"message": "Invalid token {KEY}"}}}}'.encode()
    reply = b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with server(lambda connection: connection.sendall(reply)) as url:
        assert ask(url).body == b'{"error": {"message": "Invalid token (key)"}}'
