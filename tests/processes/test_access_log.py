"""The access log as it is shipped: one line a request, and no token in it."""

from __future__ import annotations

import socket

from tests.processes.conftest import Installation, eventually
from tests.processes.test_limits import answers

TOKEN = "Zk3_token-of-the-tests-9f8e7d6c5b4a39281706abcdefg"
PATHS = ["/no%0a2026-11-30%20ERROR%20forged%1b%5b2J", f"/enter/{TOKEN}/", f"/join/{TOKEN}/?a=b",
         f"/shared/1:{TOKEN}", f"/callback/{TOKEN}", f"/sign-in/?next=/join/{TOKEN}/"]  # fmt: skip


def test_the_access_log_has_one_line_a_request_and_no_token(installation: Installation) -> None:
    port = installation.port
    installation.start("web", "--port", str(port), "--access-log")
    eventually(lambda: answers(f"http://127.0.0.1:{port}"), within=30)
    for path in [*PATHS, "/healthz?last"]:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 ")
    eventually(lambda: installation.output().count('"GET /healthz') >= 2, within=10)
    log = installation.output()
    assert TOKEN not in log
    assert log.count("(token)") >= 4
    assert "\x1b" not in log and not [
        line for line in log.splitlines() if line.startswith("2026-11-30 ERROR")
    ]
    for place in ("/no", "/enter/(token)", "/join/(token)", "/shared/(token)", "/callback/(token)"):
        assert f'"GET {place}' in log
