"""The grid: many clips at once, in a size of one's own."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.providers.status import Status
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser
WHOLE = """() => [...document.querySelectorAll(".take")].filter((take) => {
    const { top, bottom } = take.getBoundingClientRect();
    const bar = document.querySelector(".rail").getBoundingClientRect();
    const floor = bar.width > bar.height ? bar.top : innerHeight;
    return top < floor - 20 && bottom > 0;
}).length"""


@pytest.fixture(autouse=True)
def clips(make_task: MakeTask) -> None:
    ratios = ("16:9", "16:9", "9:16", "1:1", "16:9", "21:9", "4:3")
    for number in range(40):
        make_task(status=Status.SUCCEEDED, ratio=ratios[number % 7], prompt=f"Clip {number}")
    for status in Status:
        make_task(status=status, ratio="16:9", prompt=f"{status}: " + "a long prompt " * 20)


def test_many_clips_are_in_sight_at_once(enter: Enter, member: User, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, "/?view=grid")
    assert page.evaluate(WHOLE) >= 24
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(WHOLE) >= 6


def test_the_size_is_kept_on_this_device(enter: Enter, member: User, page: Page) -> None:
    enter(member, "/?view=grid")
    before = page.evaluate(WHOLE)
    page.locator("input[data-size]").fill("1")
    smaller = page.evaluate(WHOLE)
    assert smaller > before
    page.reload()
    assert page.evaluate(WHOLE) == smaller
    expect(page.locator("input[data-size]")).to_have_value("1")


def test_the_layout_changes_with_one_press(enter: Enter, member: User, page: Page) -> None:
    enter(member)
    page.get_by_role("button", name="Grid").click()
    expect(page.locator(".takes.wall")).to_be_visible()
    assert "view=grid" in page.url


@pytest.mark.looks
def test_the_grid_is_accessible_and_fits(enter: Enter, member: User, page: Page) -> None:
    enter(member, "/?view=grid")
    check_appearance(page, closely=(320, 1440))
