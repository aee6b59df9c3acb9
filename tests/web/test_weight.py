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

from tasks.web.joined_files import IMPORTS, SCRIPT, SHEET, joined
from tasks.web.lists.paging import ROWS
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy

pytestmark = pytest.mark.looks

COLD, WARM, SHEET_MOST = 250_000, 40_000, 30_000  # bytes
STATIC = settings.BASE_DIR / "static"
PROMPT = "Harbour at night, aurora over the cranes, camera slides left, film grain, take {}"


def weight(content: str) -> int:
    return len(gzip.compress(content.encode(), 6))


def read(name: str) -> str:
    """The file's text, with those that are joined to it when static files are collected."""
    found = Path(str(finders.find(name)))
    if name in IMPORTS:
        return joined(name, lambda each: (STATIC / each).read_text())
    return found.read_text()


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
    assert weight(read(SHEET)) < SHEET_MOST


def test_a_list_of_fifty_is_light_at_first_and_lighter_again(page: str) -> None:
    assert len(re.findall(r'<li class="take', page)) == ROWS
    scripts = re.findall(r'<script src="/static/([^"]+)"', page)
    files = [*scripts, SHEET, "icons.svg"]
    assert weight(page) < WARM  # all else is in the browser's cache for good
    assert weight(page) + sum(weight(read(each)) for each in files) < COLD


def test_a_list_asks_for_three_scripts(page: str) -> None:
    """Each more is a round trip on a phone; compose.js and its kin come when somebody begins."""
    scripts = re.findall(r'<script src="/static/([^"]+)"', page)
    assert [each for each in scripts if "htmx" not in each] == ["theme.js", SCRIPT]
    assert len(scripts) == 3


def test_the_one_script_of_a_page_is_all_that_it_imports() -> None:
    whole, imported = read(SCRIPT), IMPORTS[SCRIPT].findall((STATIC / SCRIPT).read_text())
    assert len(imported) > 5
    assert all((STATIC / each).read_text() in whole for each in imported)
    assert not re.search(r"^import ", whole, re.M)


def test_a_clip_has_no_player_until_somebody_wants_one(page: str) -> None:
    assert page.count("data-clip=") == 45
    assert "<video" not in page
    assert page.count("data-clip-sound") == 1  # in the template


def test_a_row_of_a_clip_has_few_elements(page: str) -> None:
    """The time that a phone takes to lay a page out goes by their number; an icon is five."""
    rows = re.findall(r'<li class="take.*?</li>', page, re.S)
    found = [len(re.findall(r"<[a-z]", row)) for row in rows]
    assert len(found) == ROWS and max(found) <= 37
