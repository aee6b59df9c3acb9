"""Badges, times and previews that change by themselves."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import ChangeCounter, Credential, Task
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.web import live_feed
from tests.browser.conftest import Clock, Enter, track
from tests.browser.looks import assert_accessible
from tests.browser.sweeps import brisk
from tests.conftest import MakeTask

__all__ = ["brisk"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints", "brisk")]

IS_PLAYING = "video => !video.paused && video.currentTime > 0"


def change(task: Task, **fields: object) -> None:
    Task.objects.filter(pk=task.pk).update(change=ChangeCounter.objects.next(), **fields)


def badge(page: Page, task: Task) -> Any:
    return page.locator(f'[data-task="{task.remote_id}"]').first


def test_a_pasted_task_is_watched_from_its_queue_to_its_video(
    enter: Enter,
    sim: Simulator,
    clock: Clock,
    account: Credential,
    member: User,
    sweeping: None,
) -> None:
    remote_id = sim.create(
        "A lighthouse in fog sim:queue=1000 sim:run=1000 sim:ok", key="sim-browser-0123"
    )
    page = enter(member, "/tasks/track/")
    page.fill("#id_ids", remote_id)
    page.click("button[value=preview]")
    page.click("button[value=track]")
    task = Task.objects.get()
    seen = []
    for status in ("queued", "running", "succeeded"):
        expect(badge(page, task)).to_have_attribute("data-status", status)
        seen.append(status)
        clock.ahead += 1200
    assert [c.became for c in task.changes.all()] == seen
    page.locator(f"#t{task.pk} [data-clip-play]").click()
    video = page.locator(f"#t{task.pk} video")
    page.wait_for_function(IS_PLAYING, arg=video.element_handle())
    assert_accessible(page)


def test_the_page_of_a_task_gets_its_player_by_itself(
    enter: Enter,
    sim: Simulator,
    clock: Clock,
    account: Credential,
    member: User,
    sweeping: None,
) -> None:
    remote_id = sim.create("A lighthouse sim:queue=0 sim:run=1000 sim:ok", key="sim-browser-0123")
    [task] = track(account, member, remote_id)
    page = enter(member, f"/tasks/{task.pk}/")
    expect(badge(page, task)).to_have_attribute("data-status", "running")
    clock.ahead += 1200
    expect(badge(page, task)).to_have_attribute("data-status", "succeeded")
    video = page.locator("video").element_handle()
    video.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function(IS_PLAYING, arg=video)


def test_a_playing_video_is_not_interrupted_by_news_of_its_row(
    enter: Enter, sim: Simulator, account: Credential, member: User, sweeping: None
) -> None:
    remote_id = sim.create("Waves sim:ok", key="sim-browser-0123", ago=600)
    [task] = track(account, member, remote_id)
    page = enter(member)
    expect(badge(page, task)).to_have_attribute("data-status", "succeeded")
    page.reload()
    page.locator(f"#t{task.pk} [data-clip-play]").click()
    video = page.locator(f"#t{task.pk} video").element_handle()
    page.wait_for_function(IS_PLAYING, arg=video)
    video.evaluate("video => { window.theirs = video; }")
    change(task, status=Status.FAILED, error_code="OutputVideoSensitiveContentDetected")
    page.evaluate("htmx.trigger('#live', 'wake')")
    expect(badge(page, task)).to_have_attribute("data-status", "failed")
    assert page.evaluate("theirs.isConnected && !theirs.paused")


def test_the_end_of_tasks_is_announced_once_for_all(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    tasks = [make_task() for _ in range(2)]
    page = enter(member)
    number = ChangeCounter.objects.next()
    Task.objects.filter(pk__in=[t.pk for t in tasks]).update(status="failed", change=number)
    expect(page.locator("[role=status]").filter(has_text="2 tasks finished")).to_be_attached()


def test_a_hidden_tab_asks_nothing_and_catches_up_on_return(
    enter: Enter, page: Page, make_task: MakeTask, member: User
) -> None:
    task = make_task()
    page.clock.install()
    enter(member)
    with page.expect_response("**/live/**"):
        pass
    hide(page, True)
    page.wait_for_timeout(300)
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/live/" in request.url else None
    )
    change(task, status=Status.FAILED)
    page.clock.run_for(20_000 * live_feed.QUICK)  # as often as a page in sight would ask
    page.wait_for_timeout(300)
    assert not asked
    hide(page, False)
    expect(badge(page, task)).to_have_attribute("data-status", "failed")
    assert asked


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_page_without_live_tasks_slows_down(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    task = make_task()
    page = enter(member)
    assert f"every {live_feed.QUICK}s" in (page.get_attribute("#live", "hx-trigger") or "")
    change(task, status=Status.FAILED)
    expect(badge(page, task)).to_have_attribute("data-status", "failed")
    assert "every 20s" in (page.get_attribute("#live", "hx-trigger") or "")


def test_a_server_that_went_away_is_said_and_asked_less(
    enter: Enter, make_task: MakeTask, member: User, complaints: list[str]
) -> None:
    make_task()
    page = enter(member)
    page.route("**/live/**", lambda route: route.abort())
    expect(page.locator("#lost")).to_be_visible()
    page.unroute("**/live/**")
    expect(page.locator("#lost")).to_be_hidden()
    complaints[:] = [text for text in complaints if "htmx:" not in text]  # the cut, told by htmx


def test_asking_again_by_hand_is_one_key(
    enter: Enter, sim: Simulator, account: Credential, member: User, sweeping: None
) -> None:
    remote_id = sim.create("Waves sim:ok", key="sim-browser-0123", ago=600)
    [task] = track(account, member, remote_id)
    page = enter(member, f"/tasks/{task.pk}/")
    expect(badge(page, task)).to_have_attribute("data-status", "succeeded")
    asked = Task.objects.get(pk=task.pk).asked_at
    page.keyboard.press("r")
    for _ in range(200):
        again = Task.objects.get(pk=task.pk).asked_at
        if again != asked:
            break
        page.wait_for_timeout(100)
    assert asked and again and again > asked
