"""From a provider's change to the badge in a browser: real processes, real limits, Chromium."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from benchmarks import accounts
from benchmarks.figures import Figure, p95
from benchmarks.processes import free_port, running
from tasks.feed import QUICK
from tasks.management.supervision import manage
from tasks.models import Credential, Project, Task
from tasks.simulator.records import Ledger

LONGEST_MEDIAN = 3.0  # seconds
CHROMIUM = "/usr/bin/chromium"
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


@dataclass(frozen=True)
class Size:
    """The still ones are only there to be asked about; those that move are on the page."""

    still: int = 200
    moving: int = 40
    queue: tuple[float, float] = (15.0, 45.0)  # seconds
    run: tuple[float, float] = (12.0, 40.0)


SMALL = Size(still=2, moving=1, queue=(4.0, 4.0), run=(900.0, 900.0))


def measure(size: Size = Size()) -> Iterator[Figure]:
    state = Path(settings.DATA_DIR, "simulator.jsonl")
    port, simulator_port = free_port(), free_port()
    simulator = ["simulator", "--port", simulator_port, "--state", state]
    wishes = ["--limits", "--no-accidents"]
    with ExitStack() as stack:
        stack.enter_context(running("simulator", manage(*simulator, *wishes), port=simulator_port))
        stack.enter_context(running("web", manage("web", "--port", port), port=port))
        stack.enter_context(running("work", manage("work")))
        _submit_all(f"http://127.0.0.1:{simulator_port}/volcengine/api/v3", size)
        seen = _watched(f"http://127.0.0.1:{port}/", size)
    yield _figure(_delays(seen, state), size)


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


def _submit_all(base_url: str, size: Size) -> None:
    """The moving ones last, so that they are on the first page."""
    account = accounts.credential("ark", "volcengine", base_url)
    prompts = ["sim:queue=1 sim:stuck"] * size.still
    for _ in range(size.moving):
        queue, run = random.uniform(*size.queue), random.uniform(*size.run)
        prompts.append(f"sim:ok sim:queue={queue:.2f} sim:run={run:.2f}")
    with httpx.Client(headers={"Authorization": f"Bearer {account.reveal_key()}"}) as http:
        remote_ids = [_submit(http, base_url, prompt) for prompt in prompts]
    Task.objects.track(
        remote_ids,
        credential=account,
        project=Project.objects.get(),
        created_by=None,
        now=timezone.now(),
    )


def _submit(http: httpx.Client, base_url: str, prompt: str) -> str:
    body = {"model": MODEL, "content": [{"type": "text", "text": prompt}]}
    answer = http.post(f"{base_url}/contents/generations/tasks", json=body)
    return str(answer.raise_for_status().json()["id"])


Change = tuple[str, str, float]  # task, status, when the browser showed it


def _watched(url: str, size: Size) -> list[Change]:
    user = User.objects.create_superuser("somebody")
    name, _, value = accounts.session_cookie(user).partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.goto(url)
        page.evaluate(OBSERVE)
        _wait_until_all_moved(page, size)
        changes = page.evaluate("window.changes")
        browser.close()
    return [(task, status, at) for task, status, at in changes]


def _wait_until_all_moved(page: Page, size: Size) -> None:
    end = time.monotonic() + size.queue[1] + min(size.run[1], 60) + 15
    while time.monotonic() < end:
        page.wait_for_timeout(500)
        shown = page.evaluate("window.changes.filter(change => change[1] !== 'queued').length")
        if shown >= size.moving * (2 if size.run[1] < 60 else 1):
            return


def _delays(seen: list[Change], state: Path) -> list[float]:
    """Only changes while the page was open: a first look at a task is none of the provider's."""
    ledger = Ledger(state)
    delays = []
    for remote_id, status, at in seen:
        record = ledger.get(remote_id)
        assert record is not None
        story = record.story
        happened = {"running": story.starts_at, "succeeded": story.ends_at}.get(status)
        if happened is not None and "sim:stuck" not in record.order.prompt:
            delays.append(at - happened)
    return delays
