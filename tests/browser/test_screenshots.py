"""The pictures in the README, made of the demonstration's own life.

They are written only on request: DAILIES_SCREENSHOTS=1 python3 manage.py test tests/browser
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page

from tasks.management.demo import SampleLife
from tasks.models import Project, Task
from tasks.simulator.server import Simulator
from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser


@pytest.fixture
def demonstration(project: Project, sweeping: None, archiving: None) -> Iterator[User]:
    """A team at work: its past week, and a few tasks of just now."""
    random.seed(7)
    with Simulator(speed=1) as sim:
        SampleLife(sim.url).begin()
        yield User.objects.get(username="demo")


def test_the_demonstration_fills_the_list_and_makes_the_pictures(
    browser: Browser, enter: Enter, demonstration: User
) -> None:
    for theme in ("light", "dark"):
        size: Any = {"width": 1280, "height": 860}
        with browser.new_context(viewport=size, color_scheme=theme) as context:
            page = enter(demonstration, page=context.new_page())
            _wait_for_answers(page)
            page.reload()
            _show_frames(page)
            if os.environ.get("DAILIES_SCREENSHOTS"):
                page.screenshot(path=settings.BASE_DIR / "docs" / f"tasks-{theme}.png")
    assert Task.objects.filter(status="succeeded").count() > 10
    assert Task.objects.exclude(status="unknown").count() > 30


def _wait_for_answers(page: Page) -> None:
    for _ in range(100):
        if Task.objects.filter(status="unknown").count() <= 1:
            return
        page.wait_for_timeout(200)


def _show_frames(page: Page) -> None:
    """Previews load when somebody points at them; for the picture, all of them do."""
    page.evaluate(
        """async () => {
            const videos = [...document.querySelectorAll("video[data-preview]")].slice(0, 12);
            await Promise.all(videos.map((video) => new Promise((done) => {
                video.addEventListener("seeked", done, { once: true });
                video.addEventListener("error", done, { once: true });
                const seek = () => { video.currentTime = 2; };
                video.addEventListener("loadeddata", seek, { once: true });
                video.preload = "auto";
                video.load();
                setTimeout(done, 5000);
            })));
            for (const video of videos) video.closest(".screen").classList.add("is-playing");
        }"""
    )
