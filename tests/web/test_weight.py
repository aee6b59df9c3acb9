"""The weight of a list of 50 without its pictures, compressed as it is sent."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from tasks.web.lists.paging import ROWS
from tasks.web.stylesheet import IMPORT, SHEET
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy

COLD, WARM, SHEET_MOST = 250_000, 40_000, 30_000  # bytes
STATIC = settings.BASE_DIR / "static"
PROMPT = "Harbour at night, aurora over the cranes, camera slides left, film grain, take {}"


def weight(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def sheet() -> bytes:
    """The one style sheet, as collecting the static files joins it."""
    whole = (STATIC / SHEET).read_text()
    return IMPORT.sub(lambda found: (STATIC / found[1]).read_text(), whole).encode()


@pytest.fixture
def page(client: Client, staff: User, make_task: MakeTask, save_copy: SaveCopy) -> str:
    for number in range(ROWS):
        fields = {"model": "doubao-seedance-2-0-260128", "resolution": "720p", "ratio": "16:9"}
        state = "running" if number % 10 == 1 else "succeeded"
        task = make_task(status=state, prompt=PROMPT.format(number), duration=5, **fields)
        if state == "succeeded":
            task.ended_at = timezone.now()
            save_copy(task, b"a film", poster=b"a poster")
    client.force_login(staff)
    return client.get("/").content.decode()


def test_the_style_sheet_is_light() -> None:
    assert weight(sheet()) < SHEET_MOST


def test_a_list_of_fifty_is_light_at_first_and_lighter_again(page: str) -> None:
    assert len(re.findall(r'<li class="take', page)) == ROWS
    scripts = re.findall(r'<script src="/static/([^"]+)"', page)
    assert "dailies.js" in scripts and any("htmx" in each for each in scripts)
    files = [Path(str(finders.find(each))).read_bytes() for each in [*scripts, "icons.svg"]]
    html = weight(page.encode())
    assert html < WARM  # all else is in the browser's cache for good
    assert html + weight(sheet()) + sum(map(weight, files)) < COLD
