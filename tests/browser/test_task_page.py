"""A task's page: the picture and what one does next, and the way on through the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from tasks.models import Credential, Submission, Task
from tasks.providers.status import Status
from tasks.simulator.media import CLIPS
from tests.batched import put_into_a_batch
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.conftest import MakeTask
from tests.web.composing import PRO, ark
from tests.web.conftest import SaveCopy, save_copy
from tests.web.live_pages import change

__all__ = ["ark", "save_copy"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

FILM = (CLIPS / "aurora.mp4").read_bytes()
IMAGE = (CLIPS / "aurora.jpg").read_bytes()
IS_PLAYING = "video => !video.paused && video.currentTime > 0"
BOX = "element => element.getBoundingClientRect().toJSON()"


@pytest.fixture
def takes(make_task: MakeTask, save_copy: SaveCopy, member: User, ark: Credential) -> list[Task]:
    """Four takes of a batch, made again after a task that failed, and a task after them."""
    facts: dict[str, Any] = {"model": PRO, "prompt": "A harbour at night", "created_by": member}
    facts |= {"credential": ark, "resolution": "720p", "duration": 5, "ratio": "16:9"}
    parent = make_task(status=Status.FAILED, **facts)
    tasks = [make_task(status=Status.SUCCEEDED, **facts) for _ in range(4)]
    for number, task in enumerate(tasks):
        Task.objects.filter(pk=task.pk).update(ratio=("16:9", "9:16", "1:1", "21:9")[number])
        save_copy(task, FILM, poster=IMAGE, width=960, height=540)
    put_into_a_batch(tasks, parent=parent, prompt="A harbour at night", model=PRO)
    make_task(status=Status.RUNNING, **facts)
    return tasks


def box(page: Page, selector: str) -> dict[str, float]:
    return page.locator(selector).first.evaluate(BOX)


def see(page: Page, task: Task, query: str = "") -> None:
    page.wait_for_url(lambda url: url.endswith(f"/tasks/{task.pk}/{query}"))
    expect(page.locator(f"#t{task.pk}-screen")).to_be_visible()


def test_one_goes_on_through_the_list_with_its_filters_and_back(
    enter: Enter, member: User, takes: list[Task]
) -> None:
    page = enter(member, "/?status=succeeded")
    page.click(f"#t{takes[3].pk}-link")
    query = "?status=succeeded"
    see(page, takes[3], query)
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    see(page, takes[2], query)
    page.keyboard.press("j")
    see(page, takes[1], query)
    page.get_by_role("link", name="Next").click()
    see(page, takes[0], query)
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.keyboard.press("k")
    see(page, takes[1], query)
    page.keyboard.press("ArrowLeft")
    see(page, takes[2], query)
    page.click(".task-back")
    page.wait_for_url("**/?status=succeeded*")
    expect(page.locator(".take")).to_have_count(4)


def test_a_link_opened_in_a_new_tab_carries_the_filters_too(
    enter: Enter, member: User, takes: list[Task]
) -> None:
    page = enter(member, "/?status=succeeded")
    with page.context.expect_page() as opened:
        page.click(f"#t{takes[3].pk}-link", modifiers=["Control"])
    see(opened.value, takes[3], "?status=succeeded")


def test_the_keys_leave_alone_who_types_plays_or_switched_them_off(
    enter: Enter, member: User, takes: list[Task]
) -> None:
    page = enter(member, f"/tasks/{takes[1].pk}/")
    url = page.url
    page.locator("#search").press("ArrowRight")
    page.locator(".task-stage video").press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert page.url == url


def test_running_again_asks_once_and_sends_one_request(
    enter: Enter, member: User, takes: list[Task]
) -> None:
    page = enter(member, f"/tasks/{takes[0].pk}/")
    again = page.locator("#once-more")
    expect(again.locator("form")).to_be_hidden()
    again.locator("summary").click()
    expect(again).to_contain_text("You'll be charged again.")
    assert_accessible(page)
    before = Submission.objects.count()
    again.get_by_role("button", name="Run again").dblclick(no_wait_after=True)
    page.wait_for_url(lambda url: f"/tasks/{takes[0].pk}/" not in url)
    assert Submission.objects.count() == before + 1


def test_news_leave_what_plays_what_is_open_and_where_one_is(
    enter: Enter, member: User, takes: list[Task]
) -> None:
    page = enter(member, f"/tasks/{takes[0].pk}/")
    video = page.locator(".task-stage video").element_handle()
    video.evaluate("video => { video.muted = true; video.loop = true; return video.play(); }")
    page.wait_for_function(IS_PLAYING, arg=video)
    page.click(".task-details > summary")
    page.click(".act-more > summary")
    page.focus("[data-refresh]")
    change(Task.objects.get(pk=takes[0].pk), seed=987_654, raw='{"news": true}')
    page.evaluate("htmx.trigger('#live', 'wake')")
    expect(page.locator("[data-key=seed] dd")).to_have_text("987654")
    expect(page.locator("#raw")).to_contain_text("news")
    assert video.evaluate("video => video.isConnected && !video.paused")
    assert page.evaluate("document.activeElement.matches('[data-refresh]')")
    expect(page.locator("#raw")).to_be_visible()


def test_a_take_that_ends_gets_its_picture_in_the_strip(
    enter: Enter, member: User, takes: list[Task], make_task: MakeTask
) -> None:
    page = enter(member, f"/tasks/{takes[0].pk}/")
    expect(page.locator(".film [aria-current]")).to_contain_text("Take 1")
    expect(page.locator(".film img")).to_have_count(4)
    change(Task.objects.get(pk=takes[2].pk), status=Status.LOST)
    page.evaluate("htmx.trigger('#live', 'wake')")
    expect(page.locator(f"#related{takes[2].pk} .state")).to_have_text("Lost")


def test_the_picture_comes_first_on_a_phone_and_is_beside_the_words_on_a_desk(
    enter: Enter, member: User, takes: list[Task], page: Page
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    enter(member, f"/tasks/{takes[0].pk}/")
    picture, prompt, primary = (box(page, each) for each in (".screen", "#prompt", "#make-another"))
    assert prompt["left"] > picture["right"] and primary["bottom"] < 500
    assert picture["width"] > 800
    page.set_viewport_size({"width": 390, "height": 844})
    picture, prompt, primary = (box(page, each) for each in (".screen", "#prompt", "#make-another"))
    assert (picture["left"], picture["right"]) == (0, 390)
    assert picture["top"] < 100 and prompt["top"] >= picture["bottom"]
    assert primary["bottom"] < 560


def test_every_part_opens_without_scripts(
    browser: Browser, enter: Enter, member: User, takes: list[Task]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, f"/tasks/{takes[0].pk}/", page=context.new_page())
        page.click(".task-details > summary")
        expect(page.locator("#raw")).to_be_visible()
        page.click("#once-more > summary")
        page.click("#once-more button")
        expect(page.locator("#task-status [data-status=submitting]")).to_be_visible()
        expect(page.locator(".lineage")).to_contain_text("made again")


@pytest.mark.looks
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_with_everything_open_fits_and_is_accessible(
    live_server: Any, enter: Enter, member: User, takes: list[Task], page: Page, language: str
) -> None:
    words = "雨后的霓虹小巷，一把红伞缓缓走过 — a red umbrella " * 12
    Task.objects.filter(pk=takes[1].pk).update(prompt=words, raw='{"long": "' + "y" * 300 + '"}')
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": live_server.url}]
    )
    enter(member, f"/tasks/{takes[1].pk}/")
    for summary in (".task-details", ".act-more", "#once-more"):
        page.click(f"{summary} > summary")
    check_appearance(page, closely=(320, 1440) if language == "en" else ())


@pytest.mark.looks
def test_the_wall_of_a_batch_fits_and_is_accessible(
    enter: Enter, member: User, takes: list[Task], page: Page
) -> None:
    batch = Submission.objects.get(task=takes[0]).batch
    enter(member, batch.get_absolute_url())
    expect(page.locator(".batch-take")).to_have_count(4)
    check_appearance(page, closely=(320, 1440))
    compared = f"{batch.get_absolute_url()}?take={takes[0].pk}&take={takes[1].pk}"
    page.goto(page.url.replace(batch.get_absolute_url(), compared))
    check_appearance(page, closely=(1440,))
