"""The pictures in the README, taken of the demonstration.

They are written only on request: DAILIES_SCREENSHOTS=1 python3 manage.py test tests/browser
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Page

from tasks.archive import Archive
from tasks.management.demo import SampleLife
from tasks.models import Project, Task
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.browser.conftest import Enter
from tests.browser.looks import set_theme

pytestmark = [pytest.mark.browser, pytest.mark.looks]


@pytest.fixture
def demonstration(project: Project, transactional_db: None) -> Iterator[User]:
    """A team with a past week and a few new tasks, all of which have been polled once.

    The worker finishes before the browser starts, because beside it it would be slow.
    """
    random.seed(7)
    with Simulator(speed=1) as sim, ThreadPoolExecutor(1) as elsewhere:
        SampleLife(sim.url).begin()
        elsewhere.submit(_work).result()
        yield User.objects.get(username="demo")


def _work() -> None:
    """Poll outside the test's own thread, where Playwright's event loop runs."""
    patience = time.monotonic() + 60
    while Task.objects.filter(status="unknown").count() > 1 and time.monotonic() < patience:
        refresh.sweep(1)
    Archive().run(30 if os.environ.get("DAILIES_SCREENSHOTS") else 1)
    connection.close()


def test_the_demonstration_fills_the_list_and_makes_the_pictures(
    browser: Browser, enter: Enter, demonstration: User
) -> None:
    size: Any = {"width": 1280, "height": 860}
    with browser.new_context(viewport=size) as context:
        page = enter(demonstration, page=context.new_page())
        _show_frames(page)
        for theme in ("light", "dark"):
            set_theme(page, theme)
            if os.environ.get("DAILIES_SCREENSHOTS"):
                page.screenshot(path=settings.BASE_DIR / "docs" / f"tasks-{theme}.png")
    assert Task.objects.filter(status="succeeded").count() > 10
    assert Task.objects.exclude(status="unknown").count() > 30


def _show_frames(page: Page) -> None:
    """Load all previews for the picture, as each normally loads on hover."""
    page.evaluate(
        """async () => {
            const clips = [...document.querySelectorAll("[data-clip]")].slice(0, 12);
            const videos = clips.map((clip) => {
                clip.dispatchEvent(new Event("clip:player", { bubbles: true }));
                return clip.querySelector("video");
            });
            await Promise.all(videos.map((video) => new Promise((done) => {
                video.addEventListener("seeked", done, { once: true });
                video.addEventListener("error", done, { once: true });
                const seek = () => { video.currentTime = 2; };
                video.addEventListener("loadeddata", seek, { once: true });
                video.preload = "auto";
                video.load();
                setTimeout(done, 5000);
            })));
            // A row that has changed meanwhile has another player.
            for (const video of videos) video.closest(".screen")?.classList.add("is-playing");
        }"""
    )
