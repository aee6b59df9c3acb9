"""The rows of the list, each with its picture in its own shape, and what tiles of the grid say."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import Profile, Task
from tasks.providers.status import Status
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance
from tests.conftest import MakeTask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]
RATIOS = ("16:9", "9:16", "1:1", "21:9", "4:3", "3:4")
#: Rows that are seen whole, above a phone's bar.
WHOLE = """() => [...document.querySelectorAll(".take")].filter((take) => {
    const { top, bottom } = take.getBoundingClientRect();
    const bar = document.querySelector(".rail").getBoundingClientRect();
    return top >= 0 && bottom <= (bar.width > bar.height ? bar.top : innerHeight);
}).length"""


@pytest.fixture(autouse=True)
def tasks(make_task: MakeTask, member: User) -> list[Task]:
    """One of each status beneath twenty clips, all with long words."""
    long = "雨后的霓虹小巷 — a red umbrella drifts through a neon alley after rain. " * 3
    usual = {"model": "doubao-seedance-2-0-260128", "duration": 5, "resolution": "1080p"}
    usual |= {"created_by": member, "prompt": long}
    refused = {"error_code": "InputTextSensitiveContentDetected", "error_message": "No."}
    states = [
        make_task(status=status, ratio="16:9", **usual | (refused if status == "failed" else {}))
        for status in Status
    ]
    clips = [
        make_task(status=Status.SUCCEEDED, ratio=RATIOS[number % 6], **usual)
        for number in range(20)
    ]
    return clips + states


def test_a_dozen_rows_are_in_sight_at_once(enter: Enter, member: User, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, "/?view=list")
    assert page.evaluate(WHOLE) >= 12
    Profile.objects.remember(member, density="compact")
    page.reload()
    assert page.evaluate(WHOLE) >= 15


def test_a_row_is_no_higher_for_what_it_says(enter: Enter, member: User, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, "/?view=list")
    heights = page.evaluate(
        "[...document.querySelectorAll('.take')].map(e => e.getBoundingClientRect().height)"
    )
    assert max(heights) <= 72


@pytest.mark.parametrize("width", [375, 1440])
def test_each_picture_has_its_own_shape(
    enter: Enter, member: User, page: Page, tasks: list[Task], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    enter(member, "/?view=list")
    for task in tasks[:6]:
        box = page.locator(f"#t{task.pk}-screen").bounding_box()
        assert box
        wide, high = map(int, task.ratio.split(":"))
        assert box["width"] / box["height"] == pytest.approx(wide / high, rel=0.03), task.ratio


def test_a_phone_keeps_picture_title_and_state(enter: Enter, member: User, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    enter(member, "/?view=list&status=failed")
    row = page.locator(".take")
    for part in (".screen", ".take-prompt", ".state", ".error-words"):
        expect(row.locator(part)).to_be_visible()
    for part in (".take-model", ".take-facts", ".take-when", ".star"):
        expect(row.locator(part)).to_be_hidden()


def test_the_id_is_copied_by_one_press(
    enter: Enter, member: User, page: Page, tasks: list[Task]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(member, "/?view=list")
    row = page.locator(f"#t{tasks[0].pk}")
    row.hover()
    row.get_by_role("button", name="Copy id").click()
    expect(row.locator(".take-id.is-done")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == tasks[0].remote_id


def test_a_tile_says_what_it_waits_for_and_why_there_is_no_clip(
    enter: Enter, member: User, page: Page, tasks: list[Task]
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, "/?view=grid")
    by_status = {task.status: page.locator(f"#t{task.pk}") for task in tasks}
    for status in ("queued", "running", "failed", "unconfirmed"):
        expect(by_status[status].locator(".state")).to_be_visible()
    expect(by_status["failed"].locator(".error-words")).to_be_visible()
    expect(by_status["queued"].locator(".clock")).to_be_visible()
    for part in (".take-model", ".take-when", ".take-cost"):
        expect(by_status["failed"].locator(part)).to_be_hidden()


@pytest.mark.looks
@pytest.mark.parametrize("view", ["list", "grid"])
def test_rows_are_accessible_and_fit(
    enter: Enter, member: User, page: Page, view: str, live_server: Any
) -> None:
    enter(member, f"/?view={view}")
    check_appearance(page, closely=(375, 1440))
