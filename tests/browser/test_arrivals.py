"""New tasks on an open page: they slide in while nobody is busy there, and wait otherwise."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web import live_feed
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance
from tests.browser.test_copies import FILM, IMAGE, change, copy_of, saved
from tests.conftest import MakeTask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

WATCH_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries()))
        .observe({ type: "layout-shift" });
}"""
#: Of what moved without anybody's doing; the animation must have ended, as it moves things as well.
SHIFTED = """async () => {
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 100)));
    return shifts.reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0);
}"""
ORDER = "() => [...document.querySelectorAll('.take')].map((row) => Number(row.id.slice(1)))"
DAYS = "() => [...document.querySelectorAll('.day time')].map((day) => day.textContent)"


def pill(page: Page) -> Any:
    return page.locator("[data-show-new]")


def ids(*tasks: Task) -> list[int]:
    return [task.pk for task in tasks]


@pytest.mark.parametrize("view", ["grid", "list"])
def test_new_tasks_slide_in_without_a_jump_while_the_page_is_at_rest(
    enter: Enter, make_task: MakeTask, member: User, view: str
) -> None:
    ratios = ("16:9", "9:16", "1:1", "21:9")
    states = (Status.SUCCEEDED, Status.SUCCEEDED, Status.RUNNING)
    here = [make_task(ratio=ratios[n % 4], status=states[n % 3]) for n in range(40)]
    for each in here:
        if each.status == Status.SUCCEEDED:
            copy_of(each, **saved(each, FILM, IMAGE))
    page = enter(member, f"/?view={view}")
    page.wait_for_load_state()
    page.evaluate(WATCH_SHIFTS)
    opened = page.evaluate("window.opened = Math.random()")
    new = [make_task(ratio="16:9"), make_task(ratio="9:16")]
    expect(page.locator(".take")).to_have_count(42)
    assert page.evaluate(SHIFTED) < 0.02
    assert page.evaluate(ORDER) == ids(*reversed([*here, *new]))
    assert page.evaluate(DAYS) == ["Today"]
    expect(pill(page)).to_have_count(0)
    assert page.evaluate("window.opened") == opened
    expect(page.locator("#announce")).to_have_text("2 new tasks")


def test_an_empty_page_fills_by_itself(
    enter: Enter, make_task: MakeTask, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "SLOW", 1)  # without live tasks it asks every 20 s
    page = enter(member, "/?view=grid")
    expect(page.locator(".empty-room")).to_be_visible()
    page.evaluate("window.opened = true")
    first = make_task()
    expect(page.locator(f"#t{first.pk}")).to_be_visible()
    expect(page.locator(".empty-room")).to_be_hidden()
    assert page.evaluate("window.opened")


def test_only_tasks_that_fit_the_filters_come(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task(status=Status.QUEUED)
    page = enter(member, "/?status=queued")
    make_task()
    fits = make_task(status=Status.QUEUED)
    expect(page.locator(f"#t{fits.pk}")).to_be_visible()
    expect(page.locator(".take")).to_have_count(2)


def test_a_new_day_begins_above_the_last_one_which_gets_its_new_name(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task(created_at=timezone.now() - timedelta(days=1))
    page = enter(member)
    assert page.evaluate(DAYS) == ["Yesterday"]
    page.evaluate("document.querySelector('.day time').textContent = 'Today'")  # as a day ago
    make_task()
    expect(page.locator(".take")).to_have_count(2)
    expect(page.locator(".day time")).to_have_text(["Today", "Yesterday"])


def test_a_page_left_open_keeps_the_newest_rows_and_leads_on_to_the_others(
    enter: Enter, make_task: MakeTask, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.web.live_feed.MOST_ROWS", 6)
    older = [make_task(created_at=timezone.now() - timedelta(days=1)) for _ in range(4)]
    page = enter(member)
    new: list[Task] = []
    for _ in range(4):
        new += [make_task(), make_task()]
        expect(page.locator(f"#t{new[-1].pk}")).to_be_visible()
    expect(page.locator(".take")).to_have_count(6)
    assert page.evaluate(ORDER) == ids(*reversed(new[2:]))
    assert page.evaluate(DAYS) == ["Today"]
    expect(page.locator(".day-count")).to_have_text("6+ clips")
    page.locator("#pages [rel=next]").click()
    page.wait_for_url("**before=**")
    assert page.evaluate(ORDER) == ids(*reversed([*older, *new[:2]]))


def point(page: Page) -> None:
    # Until all is there, also what the bar says, the row may move from under the pointer.
    page.wait_for_load_state()
    expect(page.get_by_text("Worker last seen")).to_be_attached()
    page.locator(".take").last.hover()
    expect(page.locator(".take:hover")).to_have_count(1)


def focus(page: Page) -> None:
    page.keyboard.press("j")


def tick(page: Page) -> None:
    page.locator("[data-choose]").last.check(force=True)
    page.mouse.move(1, 1)
    page.evaluate("document.activeElement.blur()")


def scroll(page: Page) -> None:
    page.evaluate("scrollTo(0, 400)")


def play(page: Page) -> None:
    page.locator("[data-clip-play]").last.click()
    page.mouse.move(1, 1)
    page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("busy", [point, focus, tick, scroll, play])
def test_new_tasks_wait_for_somebody_who_is_busy(
    enter: Enter, make_task: MakeTask, member: User, busy: Callable[[Page], None]
) -> None:
    clip = make_task(status=Status.SUCCEEDED)
    copy_of(clip, **saved(clip, FILM, IMAGE))
    here = [clip, *(make_task() for _ in range(30))]
    page = enter(member)
    busy(page)
    new = [make_task(), make_task()]
    expect(pill(page)).to_have_text("2 new tasks")
    expect(page.locator(".take")).to_have_count(len(here))
    page.evaluate("window.opened = true")
    pill(page).click()
    expect(page.locator(".take")).to_have_count(len(here) + 2)
    expect(pill(page)).to_have_count(0)
    assert page.evaluate(ORDER)[:2] == ids(*reversed(new))
    assert page.evaluate("window.opened")
    page.wait_for_function("() => scrollY === 0")


def test_they_come_by_themselves_when_nobody_is_busy_any_more(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task()
    page = enter(member)
    point(page)
    make_task()
    expect(pill(page)).to_be_visible()
    page.mouse.move(1, 1)
    expect(page.locator(".take")).to_have_count(2)


def test_they_wait_if_somebody_became_busy_while_they_were_on_their_way(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task()
    page = enter(member)
    held: list[Route] = []
    page.route("**/live/?fresh=1*", lambda route: held.append(route))
    with page.expect_request("**/live/?fresh=1*"):
        make_task()
    point(page)
    held[0].continue_()
    expect(pill(page)).to_be_visible()
    expect(page.locator(".take")).to_have_count(1)


def test_pressed_by_key_it_leads_to_the_first_of_them(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task()
    page = enter(member)
    focus(page)
    new = make_task()
    pill(page).focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#t{new.pk}-link")).to_be_focused()


def test_what_somebody_sends_from_this_page_comes_at_once(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task()
    page = enter(member)
    point(page)
    make_task()
    expect(pill(page)).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('compose:sent'))")
    expect(page.locator(".take")).to_have_count(2)


def test_a_row_that_came_is_as_live_as_the_others(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    make_task()
    page = enter(member)
    new = make_task(status=Status.QUEUED)
    badge = page.locator(f"#t{new.pk} [data-task]")
    expect(badge).to_have_attribute("data-status", "queued")
    copy = copy_of(new, **saved(new, FILM, IMAGE))
    Task.objects.filter(pk=new.pk).update(status=Status.SUCCEEDED)
    change(copy)
    expect(badge).to_have_attribute("data-status", "succeeded")
    page.locator(f"#t{new.pk} [data-clip-play]").click()
    expect(page.locator(f"#t{new.pk} .is-playing")).to_be_visible()


@pytest.mark.parametrize(("motion", "times"), [("no-preference", 1), ("reduce", 0)])
def test_a_finished_clip_fades_in_where_its_frame_was_drawn(
    enter: Enter, make_task: MakeTask, member: User, page: Page, motion: Any, times: int
) -> None:
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(
        """window.faded = 0;
        new MutationObserver((changes) => {
            for (const { oldValue } of changes) if (oldValue?.includes("is-coming")) faded += 1;
        }).observe(document, {
            subtree: true, attributes: true, attributeFilter: ["class"], attributeOldValue: true,
        });"""
    )
    task = make_task()
    enter(member, "/?view=grid")
    copy = copy_of(task, **saved(task, FILM, IMAGE))
    Task.objects.filter(pk=task.pk).update(status=Status.SUCCEEDED)
    change(copy)
    picture = page.locator(f"#t{task.pk} .clip img")
    expect(picture).not_to_have_class("is-coming")
    expect(picture).to_be_visible()
    assert page.evaluate("faded") == times


@pytest.mark.looks
def test_the_pill_is_accessible_and_fits(enter: Enter, make_task: MakeTask, member: User) -> None:
    for _ in range(3):
        make_task()
    page = enter(member, "/?view=grid")
    tick(page)
    make_task()
    page.evaluate("htmx.trigger('#live', 'wake')")
    expect(pill(page)).to_be_visible()
    check_appearance(page, closely=(320, 1440))
