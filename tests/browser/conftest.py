"""A real Chromium before a real server, with a pretend provider and a sweep behind it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Error, Page, Playwright, expect

from tasks import refresh
from tasks.archive import Archive
from tasks.models import Credential, Project, Task
from tasks.simulator.server import Simulator

expect.set_options(timeout=20_000)  # ms; 5 s are few on two busy cores


@pytest.fixture(scope="session", autouse=True)
def a_browser(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> None:
    """Without a browser these tests say so and are left out, except where one is required."""
    try:
        playwright.chromium.launch(**browser_type_launch_args).close()
    except Error as error:
        if os.environ.get("DAILIES_BROWSER") == "required":
            raise
        pytest.skip(f"No Chromium here: {error.message.splitlines()[0]}")


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser finds wrong: blocked by the policy, or an error of a script."""
    found: list[str] = []
    watch(page, found)
    yield found
    assert not found


def watch(page: Page, found: list[str]) -> None:
    page.on("console", lambda message: _note(found, page, message.type, message.text))
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))


def _note(found: list[str], page: Page, kind: str, text: str) -> None:
    if kind == "error" and "Failed to load resource" not in text:
        found.append(f"{page.url}: {text}")


Enter = Callable[..., Page]


@pytest.fixture
def enter(live_server: Any, page: Page) -> Enter:
    """enter(member, "/tasks/track/"): this person's browser, signed in, on that page."""

    def enter(person: User, path: str = "/", page: Page = page) -> Page:
        client = Client()
        client.force_login(person)
        session = client.cookies["dailies_session"].value
        page.context.add_cookies(
            [{"name": "dailies_session", "value": session, "url": live_server.url}]
        )
        page.goto(live_server.url + path)
        return page

    return enter


class Clock:
    """The provider's own: the world's, and ahead of it when a test cannot wait."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as simulator:
        yield simulator


@pytest.fixture
def account(project: Project, sim: Simulator) -> Credential:
    row = Credential(name="Pretend Ark", provider="volcengine", base_url=sim.base_url("volcengine"))
    row.replace_key("sim-browser-0123")
    row.save()
    return row


@pytest.fixture
def sweeping(transactional_db: None) -> Iterator[None]:
    """A sweep beside the test, as the worker would run it."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            refresh.sweep(1)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stop.set()
    worker.join()


@pytest.fixture
def archiving(transactional_db: None) -> Iterator[None]:
    """The archive beside the test, as its own process would be."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            Archive().run(1)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stop.set()
    worker.join()


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()


def assert_no_sideways_scrolling(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{page.url} is {width} px wider than a window of {page.viewport_size}"


def track(account: Credential, person: User | None, *remote_ids: str) -> list[Task]:
    return Task.objects.track(
        remote_ids,
        credential=account,
        project=Project.objects.get(name="Dailies"),
        created_by=person,
        now=timezone.now(),
    )
