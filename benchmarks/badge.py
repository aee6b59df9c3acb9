"""Seconds from a provider's change to the badge in a browser: real processes, limits and Chromium.

Measured without callbacks and with them, in one run.
"""

from __future__ import annotations

import os
import random
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from benchmarks import accounts
from benchmarks.figures import Figure, p95
from benchmarks.processes import free_port, running
from tasks import queue
from tasks.management.supervision import manage
from tasks.models import Batch, Credential, Project, Submission, TakeLimits
from tasks.providers.catalog.request import GenerationRequest
from tasks.simulator.records import RecordStore
from tasks.submission.place import place_batch
from tasks.web.live_feed import QUICK

LONGEST_MEDIAN = 3.0  # seconds
SELDOM = 15.0  # seconds; a task of twelve minutes is polled so often
MODEL = "doubao-seedance-2-0-260128"
OBSERVE = """() => {
    const known = new Map();
    window.changes = [];
    const look = () => {
        for (const badge of document.querySelectorAll("[data-task]")) {
            const { task, status } = badge.dataset;
            if (known.get(task) === status) continue;
            if (known.has(task)) window.changes.push([task, status, Date.now() / 1000]);
            known.set(task, status);
        }
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""

SUCCEEDED = """() => {
    const badges = document.querySelectorAll("[data-task][data-status=succeeded]");
    return new Set([...badges].map(badge => badge.dataset.task)).size;
}"""


@dataclass(frozen=True)
class Size:
    still: int = 200  # tasks that are polled and never change
    moving: int = 40  # tasks on the page, which change
    queue: tuple[float, float] = (15.0, 45.0)  # seconds
    run: tuple[float, float] = (12.0, 40.0)
    seldom: bool = True  # measured with tasks that are polled seldom, too


#: More tasks than one press of the button may create.
SMALL = Size(still=21, moving=1, queue=(6.0, 6.0), run=(10.0, 10.0), seldom=False)


def measure(size: Size = Size()) -> Iterator[Figure]:
    found = _delays(size, calls=False)
    yield _figure(found, size)
    yield _compared(_delays(size, calls=True), found, "young tasks")
    if not size.seldom:
        return
    found = _delays(size, calls=False, check_seconds=SELDOM)
    called = _delays(size, calls=True, check_seconds=SELDOM)
    yield _compared(called, found, f"tasks looked at each {SELDOM:.0f} s, as those of 12 minutes")


def _delays(size: Size, *, calls: bool, check_seconds: float | None = None) -> list[float]:
    """Seconds from each change in the simulator's record to the page that shows it."""
    port, simulator_port = free_port(), free_port()
    state = Path(settings.DATA_DIR, f"simulator-{simulator_port}.jsonl")
    simulator = ["simulator", "--port", simulator_port, "--state", state]
    simulator += ["--limits", "--no-accidents"]
    address = f"http://127.0.0.1:{port}"
    os.environ |= {"DAILIES_PUBLIC_URL": address, "DAILIES_CALLBACKS": str(int(calls))}
    _begin_anew()
    with ExitStack() as stack:
        stack.enter_context(running("simulator", manage(*simulator), port=simulator_port))
        stack.enter_context(running("web", manage("web", "--port", port), port=port))
        stack.enter_context(running("work", manage("work")))
        base_url = f"http://127.0.0.1:{simulator_port}/volcengine/api/v3"
        account = accounts.credential("ark", "volcengine", base_url, check_seconds=check_seconds)
        _submit_all(account, size)
        seen = _watched(f"{address}/", size)
    return _late(seen, state)


def _begin_anew() -> None:
    Batch.objects.all().delete()
    accounts.forget_tasks()


def _figure(delays: list[float], size: Size) -> Figure:
    found, ideal = median(delays), 0.5 / Credential.objects.get().service.lists_per_second
    ideal += QUICK / 2
    return Figure(
        name=f"provider's change to the badge in Chromium, median of {len(delays)}, "
        f"{size.still}+ live tasks on one credential with Ark's limits",
        measured=f"{found:.2f} s (p95 {p95(delays):.2f} s)",
        baseline=f"half a list period and half a feed period: {ideal:.2f} s",
        ratio=found / ideal,
        goal=f"< {LONGEST_MEDIAN:.0f} s",
        met=found < LONGEST_MEDIAN,
    )


def _compared(called: list[float], asked: list[float], which: str) -> Figure:
    found, without = median(called), median(asked)
    return Figure(
        name=f"the same where the provider calls back, median of {len(called)}, {which}",
        measured=f"{found:.2f} s (p95 {p95(called):.2f} s)",
        baseline=f"without callbacks: {without:.2f} s (p95 {p95(asked):.2f} s)",
        ratio=found / without,
        goal="≤ 1",
        met=found <= without,
    )


def _submit_all(account: Credential, size: Size) -> None:
    # The moving ones last, so that they are on the first page.
    _submit(account, ["sim:queue=1 sim:stuck"] * size.still)
    moving = ((random.uniform(*size.queue), random.uniform(*size.run)) for _ in range(size.moving))
    _submit(account, [f"sim:ok sim:queue={queue:.2f} sim:run={run:.2f}" for queue, run in moving])


def _submit(account: Credential, prompts: list[str]) -> None:
    """Place them as the form does, in as many presses as it takes; wait until all have left."""
    project = Project.objects.get()
    most = TakeLimits.objects.get_or_create(project=project)[0].most_takes
    for first in range(0, len(prompts), most):
        place_batch(
            [
                GenerationRequest(model=MODEL, prompt=prompt)
                for prompt in prompts[first : first + most]
            ],
            key=uuid.uuid4(),
            project=project,
            credential=account,
            created_by=None,
            now=timezone.now(),
        )
    queue.send()
    end = time.monotonic() + 60
    while Submission.objects.unfinished(timezone.now()) and time.monotonic() < end:
        time.sleep(0.1)


Change = tuple[str, str, float]  # task, status, when the browser showed it


def _watched(url: str, size: Size) -> list[Change]:
    user = User.objects.filter(username="somebody").first()
    user = user or User.objects.create_superuser("somebody")
    name, _, value = accounts.session_cookie(user).partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),  # None: the one that Playwright downloaded
            args=["--no-sandbox"],
        )
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.goto(url, timeout=120_000)
        page.evaluate(OBSERVE)
        _wait_until_all_succeeded(page, size)
        changes = page.evaluate("window.changes")
        browser.close()
    return [(task, status, at) for task, status, at in changes]


def _wait_until_all_succeeded(page: Page, size: Size) -> None:
    end = time.monotonic() + size.queue[1] + size.run[1] + 15
    while page.evaluate(SUCCEEDED) < size.moving and time.monotonic() < end:
        page.wait_for_timeout(500)


def _late(seen: list[Change], state: Path) -> list[float]:
    """Delays of the changes that the page showed while it was open."""
    store = RecordStore(state)
    delays = []
    for remote_id, status, at in seen:
        record = store.get(remote_id)
        if record is None:  # it has no name yet
            continue
        timeline = record.timeline
        happened = {"running": timeline.starts_at, "succeeded": timeline.ends_at}.get(status)
        if happened is not None and "sim:stuck" not in record.order.prompt:
            delays.append(at - happened)
    return delays
