"""Steps on the form's page that the tests of sending and of drafts share."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection
from playwright.sync_api import Locator, Page, Response, Route, expect

from tasks.simulator.server import Simulator
from tasks.submission.send import send_waiting

FORM = "**/tasks/new/"
BOAT, LANTERN = "A paper boat on a canal", "A lantern on a river"
PASSWORD = "a password of the tests"


def write(page: Page, text: str) -> None:
    page.locator("#id_prompt").fill(text)


def generate(page: Page) -> None:
    page.locator("#generate").click()


def generate_and_wait(page: Page) -> None:
    """Press the button, and wait for the server's answer."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        generate(page)
    expect_sent(page)


def try_again(page: Page) -> None:
    outcome(page).get_by_role("button", name="Try again").click()


def outcome(page: Page) -> Locator:
    return page.locator("#compose-outcome")


def expect_sent(page: Page, words: str = "1 request sent.") -> None:
    expect(outcome(page)).to_contain_text(words)
    expect(page.locator("#generate")).to_be_enabled()


def answer_post(page: Page, handle: Callable[[Route], None], times: int = 1) -> None:
    """Let a function answer the next posts of the form."""
    left = [times]

    def choose(route: Route) -> None:
        if route.request.method != "POST" or not left[0]:
            return route.continue_()
        left[0] -= 1
        return handle(route)

    page.route(FORM, choose)


def lose_answer(route: Route) -> None:
    """Let the server do its work, and lose what it answers."""
    route.fetch()
    route.abort()


def creates(sim: Simulator) -> int:
    """Send what waits, as the worker would in a thread of its own; count the creates so far."""

    def work() -> None:
        send_waiting(10)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    return sum(sim.counts.creates.values())


def sign_in(page: Page, name: str) -> Response | None:
    page.fill("#id_login", name)
    page.fill("#id_password", PASSWORD)
    with page.expect_navigation() as answer:
        page.click("main form >> nth=0 >> button[type=submit]")
    return answer.value


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="dailies_session")


def wait_until_stored(page: Page) -> None:
    page.wait_for_function("() => Object.keys(localStorage).some(name => /^draft:/.test(name))")


def stored(page: Page) -> list[str]:
    """The names of the drafts in this browser."""
    names: list[str] = page.evaluate(
        "Object.keys(localStorage).filter(name => name.startsWith('draft:'))"
    )
    return names
