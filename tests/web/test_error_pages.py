"""Errors keep the frame, theme and language of the person; they ask nothing of what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.http import Http404
from django.test import Client, RequestFactory

from tasks.models import Profile
from tasks.web import error_pages
from tests.web.conftest import ClientOf

RAIL = '<nav class="rail"'
WORDS = {
    BadRequest: (400, "Bad request"),
    PermissionDenied: (403, "You don't have permission to do this. Ask an administrator."),
    Http404: (404, "This page doesn't exist"),
    RuntimeError: (500, "Something went wrong"),
    OperationalError: (503, "The database is busy"),
}


@pytest.fixture
def raises(monkeypatch: pytest.MonkeyPatch) -> Any:
    """raises(Http404): the list raises it."""

    def raises(error: type[Exception]) -> None:
        def broken(*args: object, **more: object) -> None:
            raise error("on purpose")

        monkeypatch.setattr("tasks.web.views.tasks.task_page", broken)

    return raises


def desk_of(client_of: ClientOf, person: User) -> Client:
    client = client_of(person)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("error", WORDS)
def test_an_error_keeps_frame_theme_and_language(
    error: type[Exception], raises: Any, client_of: ClientOf, staff: User
) -> None:
    Profile.objects.remember(staff, theme="dark")
    raises(error)
    client, (status, words) = desk_of(client_of, staff), WORDS[error]
    answer = client.get("/")
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (status, True), page
    assert RAIL in page and 'data-theme="dark"' in page and 'class="bar"' in page
    assert "/people/" in page  # what this person may open
    Profile.objects.remember(staff, language="zh-hans")
    chinese = client.get("/").content.decode()
    assert '<html lang="zh-hans"' in chinese and RAIL in chinese and "存档" in chinese


@pytest.mark.parametrize("path", ["/no-such-page", "/design/"])
def test_a_member_sees_the_frame_around_what_is_not_there(
    path: str, client_of: ClientOf, member: User
) -> None:
    page = client_of(member).get(path).content.decode()
    assert RAIL in page and "/tasks/new/" in page and "/people/" not in page
    assert "ask the person who sent it to you" in page  # what to do next


def test_the_bar_of_an_error_asks_for_its_status_later_and_leads_to_pages(
    client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    shown = client.get("/no-such-page").content.decode()
    assert 'hx-trigger="load"' in shown and "data-now" not in shown
    assert 'value="/no-such-page"' in shown
    posted = client.post("/tasks/999999/refresh/").content.decode()
    assert 'value="/"' in posted and "/tasks/999999/refresh/" not in posted


def test_who_is_signed_out_gets_the_bare_page(client: Client, db: None) -> None:
    client.cookies["theme"] = "dark"
    page = client.get("/no-such-page").content.decode()
    assert RAIL not in page and 'class="bare"' in page and 'data-theme="dark"' in page


@pytest.mark.parametrize(
    "headers",
    [{"hx-request": "true"}, {"accept": "image/avif,*/*"}, {"sec-fetch-mode": "no-cors"}],
)
def test_what_shows_no_page_gets_none_of_its_queries(
    headers: dict[str, str], client_of: ClientOf, member: User, django_assert_num_queries: Any
) -> None:
    client = client_of(member)
    with django_assert_num_queries(1):  # session and person
        answer = client.get("/tasks/999999/poster.gif", headers=headers)
    assert answer.status_code == 404 and RAIL not in answer.content.decode()


# A mistake of ours


@contextmanager
def no_more_queries() -> Iterator[list[str]]:
    """Refuse what is asked of the database, and note it."""
    asked: list[str] = []

    def refuse(execute: Any, sql: str, *others: Any) -> Any:
        asked.append(sql)
        raise OperationalError("on purpose")

    with connection.execute_wrapper(refuse):
        yield asked


@pytest.mark.parametrize("who", ["member", "staff"])
def test_the_page_of_a_mistake_asks_nothing_of_the_database(
    who: str, request: pytest.FixtureRequest, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[list[str]] = []
    client = desk_of(client_of, request.getfixturevalue(who))
    client.get("/settings/")  # notes that they are here
    with ExitStack() as stack:

        def broken(*args: object, **more: object) -> None:
            noted.append(stack.enter_context(no_more_queries()))
            raise RuntimeError("on purpose")

        monkeypatch.setattr("tasks.web.views.tasks.task_page", broken)
        answer = client.get("/")
    page = answer.content.decode()
    assert (answer.status_code, noted) == (500, [[]])
    assert RAIL in page and "Something went wrong" in page and "Try again in a moment" in page
    assert ("/people/" in page) is (who == "staff")  # nobody has read a member's rights


def test_a_mistake_before_the_person_is_known_is_a_bare_page(
    client_of: ClientOf, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("tasks.team.preferences._profile_of", broken)
    answer = desk_of(client_of, member).get("/", headers={"accept-language": "zh-hans"})
    page = answer.content.decode()
    assert answer.status_code == 500 and RAIL not in page
    assert 'class="bare"' in page and 'lang="zh-hans"' in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Something went wrong"), ("zh-hans", "出错了")]
)
def test_where_even_that_page_breaks_there_is_a_plain_one(
    language: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **more: object) -> str:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(error_pages, "render_to_string", broken)
    request = RequestFactory().get("/", headers={"accept-language": language})
    answer = error_pages.server_error(request)
    page = answer.content.decode()
    assert answer.status_code == 500 and f'<html lang="{language}">' in page and words in page


# Who is not signed in


def test_a_page_leads_to_the_sign_in_and_back(client: Client, db: None) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client.get("/tasks/1/?a=b", headers=browser)
    assert answer.headers["Location"] == "/sign-in/?next=/tasks/1/%3Fa%3Db"


@pytest.mark.parametrize(
    "headers",
    [{"hx-request": "true"}, {"accept": "*/*"}, {"accept": "*/*", "sec-fetch-mode": "cors"}],
)
@pytest.mark.parametrize("path", ["/live/?after=0", "/header-status/", "/tasks/1/star"])
def test_a_script_is_told_that_nobody_is_signed_in(
    path: str, headers: dict[str, str], client: Client, db: None
) -> None:
    method = client.post if path.endswith("star") else client.get
    answer = method(path, headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
