"""Takes of one press: a stack that opens in its place; the filters' line on desk and phone."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from tasks.models import ChangeCounter, Membership, Profile, Project, Task
from tasks.providers.status import Status
from tests.batched import put_into_a_batch
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.conftest import MakeTask
from tests.web.test_rows import charge

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]


@pytest.fixture
def takes(make_task: MakeTask) -> list[Task]:
    """A clip, four takes of one press, and a clip; the latest stands first."""
    usual = {"status": Status.SUCCEEDED, "ratio": "16:9"}
    first = make_task(prompt="Before", **usual)
    takes = [make_task(prompt=f"Take {number}", **usual) for number in range(4)]
    put_into_a_batch(takes, parent=first)
    make_task(prompt="After", **usual)
    return takes


@pytest.mark.parametrize("view", ["grid", "list"])
def test_a_stack_opens_and_closes_in_its_place(
    enter: Enter, member: User, page: Page, takes: list[Task], view: str
) -> None:
    enter(member, f"/?view={view}")
    shown = page.locator(".take:visible")
    expect(shown).to_have_count(3)
    stack = page.get_by_role("button", name="4 takes")
    stack.click()
    expect(shown).to_have_count(6)
    expect(stack).to_have_attribute("aria-expanded", "true")
    stack.press("Enter")
    expect(shown).to_have_count(3)
    assert page.url.endswith(f"view={view}")


def test_without_scripts_every_take_is_shown(
    browser: Browser, enter: Enter, member: User, takes: list[Task]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, page=context.new_page())
        expect(page.locator(".take:visible")).to_have_count(6)
        expect(page.locator("[data-stack]:visible")).to_have_count(0)


def test_the_keyboard_goes_by_what_is_folded(
    enter: Enter, member: User, page: Page, takes: list[Task]
) -> None:
    enter(member, "/?view=grid")

    def walked(steps: int) -> str:
        for _ in range(steps):
            page.keyboard.press("j")
        return page.evaluate("document.activeElement.closest('.take').id")

    assert walked(3) == f"t{takes[0].pk - 1}"
    page.get_by_role("button", name="4 takes").click()
    page.evaluate("document.activeElement.blur()")
    assert walked(4) == f"t{takes[1].pk}"


def test_takes_that_go_leave_the_number_right_and_hide_none(
    enter: Enter, member: User, page: Page, takes: list[Task]
) -> None:
    enter(member, "/?view=grid")
    shown = page.locator(".take:visible")
    expect(shown).to_have_count(3)

    def delete(task: Task) -> None:
        change = ChangeCounter.objects.next()
        Task.objects.filter(pk=task.pk).update(deleted_at=task.created_at, change=change)
        page.evaluate("htmx.trigger('#live', 'wake')")

    delete(takes[1])
    expect(page.get_by_role("button", name="3 takes")).to_be_visible()
    expect(page.locator(".day-count")).to_have_text("5 clips")
    delete(takes[3])
    expect(shown).to_have_count(4)


def test_a_days_line_goes_on_counting_money_and_stars(
    enter: Enter, member: User, page: Page, takes: list[Task], make_task: MakeTask
) -> None:
    charge(takes[0], 5_010_000)
    enter(member, "/?view=list")
    day = page.locator(".day")
    expect(day).to_have_text(re.compile(r"Today\s+6 clips\s+¥5\.01"))
    dearer = make_task(prompt="Dearer")
    expect(page.locator(f"#t{dearer.pk}")).to_be_visible()
    charge(dearer, 1_204_990_000)
    abroad = make_task(cost_micros=1_230_000, cost_currency="USD")
    number = ChangeCounter.objects.next()
    Task.objects.filter(pk=dearer.pk).update(status=Status.SUCCEEDED, change=number)
    expect(page.locator(f"#t{abroad.pk}")).to_be_visible()
    expect(page.locator(".day-money")).to_have_text("$1.23 · ¥1,210.00")
    page.locator(f"#t{abroad.pk}-star").click()
    expect(page.locator(".day-starred")).to_have_text("1 starred")
    page.reload()
    expect(page.locator(".day-money")).to_have_text("$1.23 · ¥1,210.00")
    expect(page.locator(".day-starred")).to_have_text("1 starred")


def test_filters_take_one_line_and_clips_begin_at_once(
    enter: Enter, member: User, page: Page, takes: list[Task], make_task: MakeTask
) -> None:
    for status in Status:
        make_task(status=status)
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, "/?view=grid")
    top = "selector => document.querySelector(selector).getBoundingClientRect().top"
    height = "selector => document.querySelector(selector).getBoundingClientRect().height"
    assert page.evaluate(height, ".filter-bar") < 40
    assert page.evaluate(top, ".take") <= 132
    page.set_viewport_size({"width": 375, "height": 812})
    assert page.evaluate(height, ".filter-bar") < 50
    assert page.evaluate(top, ".day") <= 100


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bar_and_filters_stay_one_line_on_a_small_desk(
    enter: Enter,
    member: User,
    manager: User,  # so that there is a choice of people
    page: Page,
    takes: list[Task],
    make_task: MakeTask,
    language: str,
) -> None:
    for status in Status:
        make_task(status=status)
    for name in ("Lantern Street", "Second unit"):  # so that a project can be chosen as well
        other = Project.objects.create(name=name)
        Membership.objects.create(project=other, user=member, role="member")
        Membership.objects.create(project=other, user=manager, role="manager")
    Profile.objects.remember(member, language=language)
    enter(member, "/?view=grid")
    for width in (1024, 1100, 1200, 1280, 1360, 1407, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        heights = page.evaluate(
            "['.filter-bar', '.bar'].map(e => document.querySelector(e).offsetHeight)"
        )
        assert heights[0] < 40 and heights[1] < 64, (width, heights)
        cut = page.evaluate(
            "(line => line.scrollWidth - line.clientWidth)(document.querySelector('.filter-line'))"
        )
        assert cut <= 0, (width, cut)
    page.set_viewport_size({"width": 1100, "height": 900})
    assert_accessible(page)


def test_menus_of_the_line_fit_every_window(
    enter: Enter, member: User, page: Page, takes: list[Task], make_task: MakeTask
) -> None:
    make_task(status=Status.UNCONFIRMED)
    enter(member, "/?view=grid")
    menus = page.locator(".filter-line .picker")
    expect(menus).to_have_count(3)
    for width in (320, 375, 768, 1024, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for number in range(3):
            summary = menus.nth(number).locator("> summary")
            summary.click()
            body = menus.nth(number).locator("> .menu-body")
            expect(body).to_be_visible()
            box = body.bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= width, (width, number)
            assert box["y"] >= 0 and box["y"] + box["height"] <= 900, (width, number)
            summary.click()


@pytest.mark.looks
def test_stacks_and_menus_are_accessible(
    enter: Enter, member: User, page: Page, takes: list[Task], make_task: MakeTask
) -> None:
    made = [make_task(status=status, ratio="16:9") for status in (Status.RUNNING, Status.FAILED)]
    put_into_a_batch(made, parent=takes[0])  # open from the first
    make_task(status=Status.UNCONFIRMED)
    for view in ("grid", "list"):
        enter(member, f"/?view={view}&resolution=720p&video=no")
        check_appearance(page, closely=(320, 1440))
        enter(member, f"/?view={view}")
        page.get_by_role("button", name="4 takes").click()
        page.locator(".rare > summary").click()
        check_appearance(page, closely=(320, 1440))


def test_a_filter_is_chosen_and_taken_away_with_one_press_each(
    enter: Enter, member: User, page: Page, takes: list[Task]
) -> None:
    Task.objects.filter(pk=takes[0].pk).update(model="doubao-seedance-2-0-260128")
    enter(member)
    page.get_by_label("Model").select_option("Seedance 2.0")
    page.wait_for_url("**/?model=Seedance+2.0")
    expect(page.locator(".take")).to_have_count(1)
    page.locator(".chips .chip", has_text="Seedance 2.0").click()
    page.wait_for_url(lambda url: "model" not in url)
    page.go_back()
    expect(page.locator(".take")).to_have_count(1)
