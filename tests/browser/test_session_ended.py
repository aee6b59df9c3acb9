"""The end of a session is told on the page, which stays as it is and can be come back to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, expect

from tasks.models import ChangeCounter, Task
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser

PASSWORD = "a password of the tests"
MARK = "window.stays = true"


def end_the_session() -> None:
    Session.objects.all().delete()


def note(page: Page) -> Any:
    return page.locator("#session-ended")


def change(task: Task, **fields: object) -> None:
    Task.objects.filter(pk=task.pk).update(change=ChangeCounter.objects.next(), **fields)


def test_an_ended_session_is_told_on_the_page_which_stays(
    enter: Enter, member: User, make_task: MakeTask, live_server: Any
) -> None:
    task = make_task(prompt="A boat at dawn")
    page = enter(member, "/?status=running")
    page.fill("#search", "half a thou")
    page.evaluate(MARK)
    expect(note(page)).to_be_hidden()
    end_the_session()
    change(task, status="failed")
    expect(note(page)).to_be_visible()
    expect(note(page)).to_have_text(
        "Your session has ended. Sign in again to continue. Sign in again"
    )
    expect(page.locator("#lost")).to_be_hidden()
    assert page.evaluate("window.stays") and page.input_value("#search") == "half a thou"
    assert page.locator("[data-status=running]").count() >= 1  # nothing was replaced
    assert_accessible(page)
    note(page).get_by_role("link").click()
    page.fill("#id_login", "member")
    page.fill("#id_password", PASSWORD)
    page.click("main form >> nth=0 >> button[type=submit]")
    page.wait_for_url(f"{live_server.url}/?status=running")


def test_a_playing_film_plays_on(
    enter: Enter, member: User, make_task: MakeTask, page: Page
) -> None:
    task = make_task()
    page = enter(member, f"/tasks/{task.pk}/")
    page.evaluate(
        """() => {
            const film = document.createElement("video");
            const source = document.createElement("canvas");
            source.getContext("2d").fillRect(0, 0, 10, 10);
            film.srcObject = source.captureStream(10);
            film.muted = true;
            document.querySelector("main").append(film);
            setInterval(() => source.getContext("2d").fillRect(0, 0, 5, 5), 50);
            return film.play();
        }"""
    )
    end_the_session()
    expect(note(page)).to_be_visible()
    assert page.evaluate("!document.querySelector('main > video').paused")


def test_pressing_a_star_after_the_end_changes_nothing_on_the_page(
    enter: Enter, member: User, make_task: MakeTask
) -> None:
    make_task()
    page = enter(member, "/archive/")
    page.goto(page.url.replace("/archive/", "/"))
    star = page.locator("button.star").first
    before = star.inner_html()
    end_the_session()
    star.click()
    expect(note(page)).to_be_visible()
    assert star.inner_html() == before
    assert page.locator("#id_login").count() == 0  # no sign-in page inside the row


def test_a_page_without_a_feed_of_its_own_tells_it_too(enter: Enter, member: User) -> None:
    page = enter(member, "/settings/")
    end_the_session()
    page.evaluate("htmx.trigger('#header-status', 'wake')")
    expect(note(page)).to_be_visible()


def test_who_signs_in_elsewhere_goes_on_here(
    enter: Enter, member: User, make_task: MakeTask, live_server: Any
) -> None:
    task = make_task()
    page = enter(member)
    page.evaluate(MARK)
    end_the_session()
    expect(note(page)).to_be_visible()
    client = Client()
    client.force_login(member)
    session = client.cookies["dailies_session"].value
    cookie = {"name": "dailies_session", "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.evaluate("htmx.trigger('#header-status', 'wake')")
    expect(note(page)).to_be_hidden()
    change(task, status="failed")
    expect(page.locator("[data-status=failed]").first).to_be_visible()
    assert page.evaluate("window.stays")


def test_while_nobody_comes_back_the_page_asks_no_more(
    enter: Enter, member: User, make_task: MakeTask
) -> None:
    make_task()
    page = enter(member)
    end_the_session()
    expect(note(page)).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("live", "header-status"):
        page.evaluate(f"htmx.trigger('#{name}', 'wake')")
    page.wait_for_timeout(1_500)  # some of its usual questions
    assert asked == []


@pytest.mark.looks
def test_the_note_and_errors_fit_and_are_accessible(
    enter: Enter, member: User, live_server: Any
) -> None:
    page = enter(member, "/settings/")
    page.evaluate("document.dispatchEvent(new Event('session:ended'))")
    expect(note(page)).to_be_visible()
    check_appearance(page, closely=(320, 1440))
    page.goto(f"{live_server.url}/no-such-page")
    check_appearance(page, closely=(320, 1440))
    page.goto(f"{live_server.url}/people/")  # not for members
    check_appearance(page, closely=(320, 1440))
