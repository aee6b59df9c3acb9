"""The pictures in the README, taken of the demonstration.

They are written only on request: DAILIES_SCREENSHOTS=1 python3 manage.py test tests/browser
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page

from tasks.archive import Archive
from tasks.management import demo_plan
from tasks.management.demo import SampleLife
from tasks.models import Copy, Project, Task
from tasks.providers.status import LIVE
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.browser.conftest import Enter
from tests.browser.looks import set_theme

pytestmark = [pytest.mark.browser, pytest.mark.looks]

IS_WANTED = bool(os.environ.get("DAILIES_SCREENSHOTS"))
WIDE: Any = {"width": 1200, "height": 750}
PHONE: Any = {"width": 390, "height": 844}
QUALITY = "82"  # of WebP
ENOUGH = 60  # clips whose previews are waited for: more than a page shows


@pytest.fixture
def demonstration(
    project: Project, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[User]:
    """A team with a past and a few new tasks, all of which have been polled once.

    The worker finishes before the browser starts, because beside it it would be slow. For
    pictures the past is whole, and sweeps and archive go on, so that no page warns of a worker.
    """
    random.seed(7)
    if not IS_WANTED:
        monkeypatch.setitem(demo_plan.STORY, "days", 14)
    stop = threading.Event()
    with Simulator(speed=1) as sim, ThreadPoolExecutor(2) as elsewhere:
        SampleLife(sim.url).begin()
        try:
            elsewhere.submit(_sweep).result()
            if IS_WANTED:
                for work in (lambda: refresh.sweep(1), lambda: Archive().run(10)):
                    elsewhere.submit(_repeat, work, stop)
                _wait_for_posters()
            yield User.objects.get(username="demo")
        finally:
            stop.set()


def _sweep() -> None:
    """Poll outside the test's own thread, where Playwright's event loop runs."""
    patience = time.monotonic() + 60
    while Task.objects.filter(status="unknown").count() > 1 and time.monotonic() < patience:
        refresh.sweep(1)
    Archive().run(1)
    connection.close()


def _repeat(work: Callable[[], Any], stop: threading.Event) -> None:
    while not stop.is_set():
        work()
    connection.close()


def _wait_for_posters() -> None:
    """Wait until the clips that the pages show are saved and have their pictures."""
    patience = time.monotonic() + 300
    while time.monotonic() < patience:
        newest = Copy.objects.saved_videos().order_by("-id").values_list("pk", flat=True)[:ENOUGH]
        coming = Copy.objects.unsaved().filter(trouble="").count()
        if not coming and not Copy.objects.without_previews().filter(pk__in=list(newest)).exists():
            return
        time.sleep(1)


def test_the_demonstration_fills_the_list_and_makes_the_pictures(
    browser: Browser, enter: Enter, demonstration: User
) -> None:
    for size, paths in ((WIDE, _wide_paths()), (PHONE, {"phone": "/?view=grid"})):
        with browser.new_context(viewport=size) as context:
            page = context.new_page()
            for name, path in paths.items():
                _take(enter(demonstration, path, page=page), name)
    assert Task.objects.filter(status="succeeded").count() > 10
    assert Task.objects.exclude(status="unknown").count() > 30


def _wide_paths() -> dict[str, str]:
    """The pages of the pictures, by their names."""
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    newest = Task.objects.exclude(status__in=LIVE).filter(copies__state="saved").first()
    assert newest
    return {
        "grid": "/?view=grid",
        "list": "/?view=list",
        "composer": f"/tasks/new/?from={newest.pk}",
        "task": newest.get_absolute_url(),
        "costs": f"/costs/?period=month&on={last_month}&by=model",
    }


def _take(page: Page, name: str) -> None:
    """Keep a picture of the page in both lights."""
    for theme in ("light", "dark"):
        set_theme(page, theme)
        if IS_WANTED:
            page.wait_for_timeout(1_500)  # posters come, and colours have changed
            picture = settings.BASE_DIR / "docs" / f"{name}-{theme}.webp"
            _write_webp(page.screenshot(), picture)


def _write_webp(png: bytes, path: Path) -> None:
    import av

    with av.open(BytesIO(png), "r") as source:
        frame = next(source.decode(video=0))
    with av.open(str(path), "w", format="webp") as target:
        stream = target.add_stream("libwebp", options={"quality": QUALITY})
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "bgra"
        for part in (frame.reformat(format="bgra"), None):  # the encoder converts the colours
            target.mux(stream.encode(part))
