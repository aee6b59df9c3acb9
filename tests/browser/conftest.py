"""A real Chromium and a real server, with a simulated provider and a sweep beside them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from playwright.sync_api import BrowserContext, Error, Page, expect

from tasks import jobs
from tasks.archive import Archive
from tasks.models import Credential, Profile, Project, SavedPrompt, Task
from tasks.models.profile import View
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.web import live_feed
from tests.browser.looks import STOP_ANIMATIONS
from tests.browser.static_files import serve_joined
from tests.conftest import MakeTask

expect.set_options(timeout=45_000)  # ms; 5 s are few on two busy cores


@pytest.fixture(scope="session", autouse=True)
def a_browser(request: pytest.FixtureRequest) -> None:
    """Skip these tests if there is no browser, unless DAILIES_BROWSER=required."""
    try:
        request.getfixturevalue("browser")
    except Error as error:
        if os.environ.get("DAILIES_BROWSER") == "required":
            raise
        pytest.skip(f"No Chromium here: {error.message.splitlines()[0]}")


@pytest.fixture(scope="session", autouse=True)
def joined_files() -> Iterator[None]:
    """Send a page few files instead of fifty, which cost more than the rest of the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", serve_joined)
        yield


@pytest.fixture(autouse=True)
def quick_news(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let open pages poll more often, as waiting for them proves nothing.

    Tests marked `looks` check static pages, and keep the usual interval.
    """
    if not request.node.get_closest_marker("looks"):
        monkeypatch.setattr(live_feed, "QUICK", 0.4)


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """Keep pages still: turning icons take a quarter of a core as long as a test waits."""
    context.add_init_script(STOP_ANIMATIONS)
    return context


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """The browser's errors: resources blocked by the policy, and exceptions in scripts."""
    errors: list[str] = []
    watch(page, errors)
    yield errors
    assert not errors


def watch(page: Page, errors: list[str]) -> None:
    page.on("console", lambda message: _note(errors, page, message.type, message.text))
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))


#: Tests check error responses themselves, and leaving a page aborts its requests.
IGNORED = (
    "Failed to load resource",
    "Response Status Error Code",
    "htmx:sendAbort",
    "htmx:afterRequest",
)


def _note(errors: list[str], page: Page, kind: str, text: str) -> None:
    if kind == "error" and not any(pattern in text for pattern in IGNORED):
        errors.append(f"{page.url}: {text}")


PAYLOAD = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


@pytest.fixture
def hostile(make_task: MakeTask, staff: User, page: Page, complaints: list[str]) -> list[Task]:
    """Two tasks, and all names that people and providers give, with markup and a script in them."""
    User.objects.filter(pk=staff.pk).update(first_name=PAYLOAD[:100], username=PAYLOAD)
    words = _hostile_words()
    tasks = [
        make_task(f"cgt-{PAYLOAD}", status="failed", created_by=staff, raw=PAYLOAD, **words),
        make_task(status="unknown", trouble="server", trouble_message=PAYLOAD, **words),
    ]
    SavedPrompt.objects.create(project=tasks[0].project, name=PAYLOAD[:80], text=PAYLOAD)
    Credential.objects.update(name=PAYLOAD, trouble="server", trouble_message=PAYLOAD)
    page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    staff.refresh_from_db()
    return tasks


def _hostile_words() -> dict[str, str]:
    words = (
        "prompt model error_code error_message request_id ratio resolution status_word "
        "service_tier tools draft_task_id safety_identifier"
    ).split()
    widths = {f.name: getattr(f, "max_length", None) or 9_999 for f in Task._meta.fields}
    return {word: PAYLOAD[: widths[word]] for word in words}


def assert_nothing_became_a_picture(page: Page) -> None:
    """Check by one line of script; a locator loads Playwright's scripts into each page, 0.05 s."""
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0, page.url


Enter = Callable[..., Page]


@pytest.fixture
def enter(live_server: Any, page: Page) -> Enter:
    """enter(member, "/tasks/track/"): a browser page with this person signed in, at this path.

    The person has the list, unless the test has chosen: most tests read rows.
    """

    def enter(person: User, path: str = "/", page: Page = page) -> Page:
        Profile.objects.get_or_create(user=person, defaults={"view": View.LIST})
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
    """The provider's clock: the real time, or ahead of it when a test cannot wait."""

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
def beside(*functions: Callable[[], object]) -> Iterator[None]:
    """Repeat each function in a thread of its own; the end of the test cuts a sweep short."""
    stop, holds = threading.Event(), refresh._Sweep._holds_the_lease

    def go_on(work: Callable[[], object]) -> None:
        while not stop.is_set():
            work()
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            refresh._Sweep, "_holds_the_lease", lambda sweep: not stop.is_set() and holds(sweep)
        )
        workers = [threading.Thread(target=go_on, args=[work], daemon=True) for work in functions]
        for worker in workers:
            worker.start()
        yield
        stop.set()
        for worker in workers:
            worker.join()


def do_jobs() -> None:
    """Run the queued jobs in turn, as a worker of the cluster does, except sweeps."""
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
    """Two workers beside the test: one sweeps, one runs the other queued jobs."""
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
