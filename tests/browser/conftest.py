"""A real Chromium before a real server, with a pretend provider and a sweep behind it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from playwright.sync_api import Error, Page, expect

from tasks import feed, jobs, refresh
from tasks.archive import Archive
from tasks.models import Credential, Project, SavedPrompt, Task
from tasks.simulator.server import Simulator
from tests.conftest import MakeTask

expect.set_options(timeout=45_000)  # ms; 5 s are few on two busy cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What only looks is looked at once: SQLite's run has it, wherever both are run."""
    if connection.vendor == "sqlite" or os.environ.get("DAILIES_BROWSER") == "everything":
        return
    why = "It shows the same on every database, and SQLite's run has it; DAILIES_BROWSER=everything"
    for item in items:
        if item.get_closest_marker("looks"):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session", autouse=True)
def a_browser(request: pytest.FixtureRequest) -> None:
    """Without a browser these tests say so and are left out, except where one is required."""
    try:
        request.getfixturevalue("browser")
    except Error as error:
        if os.environ.get("DAILIES_BROWSER") == "required":
            raise
        pytest.skip(f"No Chromium here: {error.message.splitlines()[0]}")


@pytest.fixture(autouse=True)
def quick_news(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Open pages ask more often than in life; nothing is to be proved by waiting for them. Where
    it is looked at how they are, they have no need to.
    """
    if not request.node.get_closest_marker("looks"):
        monkeypatch.setattr(feed, "QUICK", 0.4)


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


#: What answers with an error is looked at by its test; and a page that is left drops its questions.
OF_NO_MATTER = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")


def _note(found: list[str], page: Page, kind: str, text: str) -> None:
    if kind == "error" and not any(said in text for said in OF_NO_MATTER):
        found.append(f"{page.url}: {text}")


PAYLOAD = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


@pytest.fixture
def hostile(make_task: MakeTask, staff: User, page: Page, complaints: list[str]) -> list[Task]:
    """Two tasks and all else that people and providers name, in words that would be a script."""
    User.objects.filter(pk=staff.pk).update(first_name=PAYLOAD[:100], username=PAYLOAD)
    words = _hostile_words()
    made = [
        make_task(f"cgt-{PAYLOAD}", status="failed", created_by=staff, raw=PAYLOAD, **words),
        make_task(status="unknown", trouble="server", trouble_message=PAYLOAD, **words),
    ]
    SavedPrompt.objects.create(project=made[0].project, name=PAYLOAD[:80], text=PAYLOAD)
    Credential.objects.update(name=PAYLOAD, trouble="server", trouble_message=PAYLOAD)
    page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    staff.refresh_from_db()
    return made


def _hostile_words() -> dict[str, str]:
    words = (
        "prompt model error_code error_message request_id ratio resolution status_word "
        "service_tier tools draft_task_id safety_identifier"
    ).split()
    widths = {f.name: getattr(f, "max_length", None) or 9_999 for f in Task._meta.fields}
    return {word: PAYLOAD[: widths[word]] for word in words}


def assert_nothing_became_a_picture(page: Page) -> None:
    """By a script of one line: a locator brings Playwright's own into each page, 0.05 s of work."""
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0, page.url


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
        page.set_default_timeout(60_000)  # ms; reached on a busy machine only
        page.goto(live_server.url + path, wait_until="domcontentloaded")
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


@contextmanager
def beside(*works: Callable[[], object]) -> Iterator[None]:
    """Each again and again in a thread of its own; a sweep is cut short when the test is over."""
    stop, holds = threading.Event(), refresh._Sweep._holds_the_lease

    def go_on(work: Callable[[], object]) -> None:
        while not stop.is_set():
            work()
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            refresh._Sweep, "_holds_the_lease", lambda sweep: not stop.is_set() and holds(sweep)
        )
        workers = [threading.Thread(target=go_on, args=[work], daemon=True) for work in works]
        for worker in workers:
            worker.start()
        yield
        stop.set()
        for worker in workers:
            worker.join()


def do_jobs() -> None:
    """Whatever is queued, in turn, as a worker of the cluster; but sweeps have their own."""
    for row in OrmQ.objects.order_by("pk"):
        row.delete()
        if row.task["func"] != jobs.SWEEP:
            import_string(row.task["func"])(*row.task["args"])
    time.sleep(0.05)


@pytest.fixture
def sweeping(transactional_db: None) -> Iterator[None]:
    """A sweep beside the test, as the worker would run it."""
    with beside(lambda: refresh.sweep(jobs.SWEEP_SECONDS)):
        yield


@pytest.fixture
def working(sim: Simulator, transactional_db: None) -> Iterator[None]:
    """Two workers beside the test: one sweeps, one does the other jobs that are queued."""
    with beside(jobs.sweep, do_jobs):
        yield


@pytest.fixture
def archiving(transactional_db: None) -> Iterator[None]:
    """The archive beside the test, as its own process would be."""
    with beside(lambda: Archive().run(1)):
        yield


def track(account: Credential, person: User | None, *remote_ids: str) -> list[Task]:
    return Task.objects.track(
        remote_ids,
        credential=account,
        project=Project.objects.get(name="Dailies"),
        created_by=person,
        now=timezone.now(),
    )
