"""The log shows every letter of what visitors write, in one line and without tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tasks.encryption.redaction import Formatter
from tasks.models import Invitation, Project
from tasks.team import signin
from tasks.web.database_errors import DatabaseErrorMiddleware
from tests.web.entering import sign_in

FORGED = "2026-11-30 12:00:00,000 ERROR tasks: forged"
HOSTILE = f"a\r\n{FORGED}\x1b[2J\u2028{FORGED}\u202e\x9b1A"
TOKEN = "Zk3_token-of-the-tests-9f8e7d6c5b4a39281706abcdefg"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """The output of the site's own settings of logging."""
    logging_settings: dict[str, Any] = settings.LOGGING
    ours = logging_settings["formatters"]["line"]
    assert ours["()"] == "tasks.encryption.redaction.Formatter"
    stream, root = StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(ours["format"], style=ours["style"]))
    loud = [root, logging.getLogger("django"), logging.getLogger("tasks")]
    levels = [each.level for each in loud]
    root.addHandler(handler)
    for each in loud:
        each.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    for each, level in zip(loud, levels, strict=True):
        each.setLevel(level)


def entries(log: StringIO) -> list[str]:
    """The lines of the log, which must show all they hold."""
    text = log.getvalue()
    assert text.isascii() or not any(letter in text for letter in "\u2028\u202e\x9b\ud800")
    lines = text.split("\n")[:-1]
    assert lines and not any(letter in line for line in lines for letter in "\r\x1b\x85")
    return lines


def logged(message: str, *arguments: Any, error: BaseException | None = None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("tasks", logging.ERROR, "", 0, message, arguments, exc_info)
    return Formatter("{name}: {message}", style="{").format(record)


def test_a_path_that_is_not_there_is_one_line(client: Client, log: StringIO) -> None:
    client.get(f"/no-such-page{HOSTILE}")
    assert len([line for line in entries(log) if "Not Found" in line]) == 1
    assert not [line for line in entries(log) if line.startswith(FORGED[:20]) and "forged" in line]


def test_a_path_beside_a_database_that_cannot_be_used_is_one_line(log: StringIO) -> None:
    request = RequestFactory().get("/")
    request.path = f"/{HOSTILE}"
    refuse = DatabaseErrorMiddleware(lambda request: None).process_exception  # type: ignore[arg-type, return-value]
    refuse(request, OperationalError(f"locked {HOSTILE}"))
    [line] = [line for line in entries(log) if "could not be used" in line]
    assert line.count("\\r\\n" + FORGED) == 2 and "\\x1b[2J" in line


def test_a_name_that_nobody_has_is_one_line(client: Client, member: User, log: StringIO) -> None:
    sign_in(client, HOSTILE, "wrong")
    assert [line for line in entries(log) if line.startswith(FORGED)] == []


def test_only_an_entry_begins_at_the_beginning_of_a_line() -> None:
    try:
        raise ValueError(f"x\n{FORGED}")
    except ValueError as error:
        first, *more = logged("It %s", "broke", error=error).split("\n")
    assert first == "tasks: It broke"
    assert f"  {FORGED}" in more and all(line.startswith("  ") for line in more)


@pytest.mark.parametrize(
    "address",
    [
        f"/enter/{TOKEN}/",
        f"/join/{TOKEN}/",
        f"/shared/12:{TOKEN}:{TOKEN}",
        f"/shared/12%3A{TOKEN}",
        f"/callback/{TOKEN}",
        f"/account/reset/1a-{TOKEN}/",
        f"/sign-in/?next=/join/{TOKEN}/&a=b",
        f"/sign-in/?next=%2Fjoin%2F{TOKEN}%2F&a=b",
        f"https://dailies.example.com/enter/{TOKEN}/",
    ],
)
def test_an_address_that_lets_in_is_logged_without_its_token(address: str) -> None:
    line = logged('"GET %s HTTP/1.1" 200', address)
    assert TOKEN not in line and "(token)" in line and line.endswith('HTTP/1.1" 200')


def test_letters_that_no_stream_takes_are_escaped() -> None:
    assert logged("a\ud800b") == "tasks: a\\ud800b"


def test_other_addresses_stay_as_they_are() -> None:
    for address in (
        "/tasks/12/",
        "/account/reset/sent/",
        "/data/shared/videos/1.mp4",
        "/rejoin/" + TOKEN,
    ):
        assert logged("%s", address) == f"tasks: {address}"


def test_no_token_of_a_real_link_reaches_the_log(
    client: Client, project: Project, member: User, manager: User, log: StringIO, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://dailies.example.com"
    link = signin.sign_in_url("", member)
    _, joining = Invitation.objects.make(
        project=project, role="viewer", invited_by=manager, now=timezone.now()
    )
    addresses = [link, reverse("join", args=[joining]), f"/shared/9:{TOKEN}"]
    for address in addresses:
        client.get(address)
        client.get(f"{address}x/y")
        client.get(reverse("sign_in"), {"next": address})
    tokens = [link.split("/")[2], joining, TOKEN]
    assert "/(token)" in log.getvalue()
    for token in tokens:
        assert token not in log.getvalue()
