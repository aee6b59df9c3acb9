"""Copies in a real browser: marks that change, players that switch files, rows to choose."""

import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from tasks.models import Budget, ChangeCounter, Copy, CopyKind, Credential, Lease, Project, Task
from tasks.simulator.media import CLIPS
from tasks.simulator.server import Simulator
from tests.browser.conftest import Enter, track
from tests.browser.looks import assert_no_sideways_scrolling, check_appearance
from tests.conftest import MakeTask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

FILM = (CLIPS / "aurora.mp4").read_bytes()
IMAGE = (CLIPS / "aurora.jpg").read_bytes()
IS_PLAYING = "video => !video.paused && video.currentTime > 0"


def saved(task: Task, data: bytes = FILM, poster: bytes = b"", **fields: Any) -> dict[str, Any]:
    """The fields of a copy, with its file written to the storage."""
    put = storages["videos"].save
    return {
        "state": "saved",
        "name": put(f"{task.pk}.mp4", ContentFile(data)),
        "poster": put(f"{task.pk}.jpg", ContentFile(poster)) if poster else "",
        "size": len(data),
        "sha256": "5" * 64,
        "video_codec": "h264",
        "saved_at": timezone.now(),
        **fields,
    }


def copy_of(task: Task, kind: str = "video", **fields: Any) -> Copy:
    return Copy.objects.create(task=task, kind=kind, created_at=timezone.now(), **fields)


def change(copy: Copy, **fields: Any) -> None:
    Copy.objects.filter(pk=copy.pk).update(**fields)
    Task.objects.filter(pk=copy.task_id).update(change=ChangeCounter.objects.next())


def mark(page: Page, task: Task) -> Locator:
    return page.locator(f"#t{task.pk}-kept [data-kept]")


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task(status="succeeded", prompt="A kite", video_url="https://x.volces.com/a.mp4")


def alive() -> None:
    """Heartbeats of worker and archive that stay fresh during the whole test."""
    later = timezone.now() + timedelta(minutes=5)
    for name in ("sweep", "archive"):
        Lease.objects.update_or_create(name=name, defaults={"until": later, "beat_at": later})


@pytest.fixture
def every_state(make_task: MakeTask, member: User) -> list[Task]:
    """A task in each state a copy can be in, with long words."""
    now, hour = timezone.now(), timedelta(hours=1)
    states: list[dict[str, Any]] = [
        {"ends": 20 * hour},
        {"ends": 20 * hour, "state": "saving", "bytes_done": 43, "bytes_total": 100},
        {"ends": 20 * hour, "state": "saving", "bytes_done": 4300},
        {"ends": hour, "trouble": "storage", "trouble_message": "x" * 200, "tries": 12},
        {"ends": hour, "state": "saving", "bytes_done": 43, "bytes_total": 100},
        {
            "ends": -hour,
            "state": "gone",
            "trouble": "link_dead",
            "trouble_message": "Dead (HTTP 403)",
        },
        {"ends": 20 * hour, "state": "saved", "mismatch": "duration:5.04:10 audio:no:yes"},
        {"ends": -hour, "state": "saved"},
        {"ends": -hour, "state": "gone", "damage": "missing", "damaged_at": now - 30 * hour},
        {"ends": -hour, "state": "gone", "damage": "changed", "damaged_at": now - 2 * hour},
        {
            "ends": 9 * hour,
            "trouble": "changed",
            "damage": "changed",
            "damaged_at": now - hour,
        },
    ]
    tasks = []
    for fields in states:
        ends_at = now + fields.pop("ends")
        task = make_task(
            status="succeeded",
            prompt="雨后的霓虹小巷，一把红伞缓缓走过 — a red umbrella drifts through " + "a" * 60,
            created_by=member,
            video_url="https://gateway.example/a.mp4",
            link_ends_at=ends_at,
        )
        whole = saved(task, poster=IMAGE) if fields.get("state") == "saved" else {}
        due_at = now + timedelta(minutes=9)
        copy_of(task, link_ends_at=ends_at, **{**whole, "due_at": due_at, **fields})
        copy_of(task, CopyKind.LAST_FRAME, link_ends_at=ends_at)
        tasks.append(task)
    Lease.objects.create(name="sweep", until=now, beat_at=now - timedelta(seconds=40))
    Lease.objects.create(name="damage", until=now, beat_at=now - hour)
    return tasks


# The look


def paths(tasks: list[Task]) -> list[str]:
    archive = [
        "/archive/",
        "/archive/?state=at_risk",
        "/archive/?state=gone",
        "/archive/?state=lost",
        "/archive/?after=-.1",
    ]
    return ["/", *archive, *(f"/tasks/{task.pk}/" for task in tasks)]


@pytest.mark.looks
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh-hans", "dark")])
def test_every_state_is_accessible_fits_and_has_large_targets(
    live_server: Any,
    enter: Enter,
    member: User,
    every_state: list[Task],
    theme: str,
    language: str,
    page: Page,
) -> None:
    """Ask axe in English, in both themes; another language has the same elements and colours."""
    for name, value in (("theme", theme), ("django_language", language)):
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    enter(member)

    def thumbs(width: int) -> None:
        assert width >= 768 or too_small(page) == []

    for path in paths(every_state):
        page.goto(live_server.url + path)
        if page.locator("[data-choose]").count():
            page.locator("[data-choose]").first.check(force=True)
            expect(page.locator("#selection")).to_be_visible()
        check_appearance(page, closely=(1440,) if language == "en" else (), also=thumbs)


def too_small(page: Page) -> list[str]:
    boxes: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main label, header a")]
            .filter(e => e.checkVisibility() && getComputedStyle(e).display !== "inline")
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.width && box.height < 43.5)
            .map(([html, box]) => `${Math.round(box.height)} px: ${html}`)"""
    )
    return boxes


# Live


def test_a_mark_changes_by_itself_until_the_video_is_saved(
    enter: Enter, task: Task, member: User
) -> None:
    copy = copy_of(task, link_ends_at=timezone.now() + timedelta(hours=20), due_at=timezone.now())
    page = enter(member)
    expect(mark(page, task)).to_have_text("Waiting to be saved")
    change(copy, state="saving", bytes_done=43, bytes_total=100)
    expect(mark(page, task)).to_contain_text("43 %")
    expect(page.get_by_role("progressbar", name="Saved so far")).to_have_js_property("value", 43)
    change(copy, state="waiting", trouble="timeout")
    expect(mark(page, task)).to_have_text("At risk")
    change(copy, **saved(task), trouble="")
    expect(mark(page, task)).to_have_text("Saved")
    clip = page.locator(f"#t{task.pk} .clip")
    expect(clip).to_have_attribute("data-clip", f"/tasks/{task.pk}/video")


def test_a_finished_video_is_saved_by_itself_and_then_plays_from_our_origin(
    enter: Enter,
    sim: Simulator,
    account: Credential,
    member: User,
    sweeping: None,
    archiving: None,
) -> None:
    remote_id = sim.create("Waves sim:ok", key="sim-browser-0123", ago=600)
    [task] = track(account, member, remote_id)
    page = enter(member, f"/tasks/{task.pk}/")
    kept = page.locator("#task-kept [data-kept]")
    expect(kept).to_have_attribute("data-kept", "saved")
    video = page.locator("video")
    expect(video).to_have_attribute("src", f"/tasks/{task.pk}/video")
    player = video.element_handle()
    assert player
    player.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function(IS_PLAYING, arg=player)
    expect(page.locator("#fact-video-sha256")).to_have_text(task.copies.get().sha256)


def test_the_mark_changes_when_the_link_expires_without_the_server(
    enter: Enter, page: Page, task: Task, member: User
) -> None:
    ends_at = timezone.now() + timedelta(hours=3)
    copy = copy_of(task, link_ends_at=ends_at, due_at=ends_at)
    page.clock.install()
    enter(member)
    expect(mark(page, task)).to_have_attribute("data-kept", "waiting")
    an_hour_passes(page, copy)
    expect(mark(page, task)).to_have_attribute("data-kept", "at_risk")
    with page.expect_request("**/live/**") as later:
        page.clock.run_for(2_000)
    assert "turned" not in later.value.url


def an_hour_passes(page: Page, copy: Copy) -> None:
    """Move both clocks by 61 minutes; the server neither gets nor sends a change."""
    length = timedelta(hours=1, minutes=1)
    Copy.objects.filter(pk=copy.pk).update(link_ends_at=F("link_ends_at") - length)
    page.clock.fast_forward(round(length.total_seconds() * 1000))


def test_a_paused_player_switches_to_our_file_at_its_position(
    enter: Enter, make_task: MakeTask, member: User, live_server: Any
) -> None:
    elsewhere = make_task(status="succeeded", video_url="https://x.volces.com/a.mp4")
    other = make_task(status="succeeded")
    copy_of(other, **saved(other))
    url = f"{live_server.url}/tasks/{other.pk}/video"
    Task.objects.filter(pk=elsewhere.pk).update(video_url=url, base_url=live_server.url)
    copy = copy_of(elsewhere, due_at=timezone.now())
    page = enter(member, f"/tasks/{elsewhere.pk}/")
    player = page.locator("video")
    expect(player).to_have_attribute("src", url)
    player.evaluate("video => { video.muted = true; video.currentTime = 2; }")
    page.wait_for_function("() => document.querySelector('video').currentTime === 2")
    change(copy, **saved(elsewhere))
    expect(player).to_have_attribute("src", f"/tasks/{elsewhere.pk}/video")
    page.wait_for_function("() => document.querySelector('video').currentTime === 2")


def test_a_playing_video_switches_to_our_file_only_when_it_ends(
    enter: Enter, make_task: MakeTask, member: User, live_server: Any
) -> None:
    elsewhere, other = make_task(status="succeeded"), make_task(status="succeeded")
    copy_of(other, **saved(other))
    url = f"{live_server.url}/tasks/{other.pk}/video"
    Task.objects.filter(pk=elsewhere.pk).update(video_url=url, base_url=live_server.url)
    copy = copy_of(elsewhere, due_at=timezone.now())
    page = enter(member, f"/tasks/{elsewhere.pk}/")
    theirs = page.locator("video").element_handle()
    assert theirs
    theirs.evaluate("v => { window.theirs = v; v.muted = true; v.loop = true; return v.play(); }")
    page.wait_for_function(IS_PLAYING, arg=theirs)
    change(copy, **saved(elsewhere))
    expect(page.locator("#task-kept [data-kept]")).to_have_text("Saved")
    assert page.evaluate("theirs.isConnected && !theirs.paused")
    theirs.evaluate("video => { video.loop = false; video.currentTime = video.duration - 0.2; }")
    expect(page.locator("video")).to_have_attribute("src", f"/tasks/{elsewhere.pk}/video")


def test_a_saved_video_shows_its_poster_or_first_frame(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    with_poster, without = make_task(status="succeeded"), make_task(status="succeeded")
    copy_of(with_poster, **saved(with_poster, poster=IMAGE))
    copy_of(without, **saved(without))
    page = enter(member)
    expect(page.locator(f"#t{without.pk} .has-frame")).to_be_visible()
    picture = page.locator(f"#t{with_poster.pk} .clip img")
    expect(picture).to_have_attribute("src", f"/tasks/{with_poster.pk}/poster")


def test_a_browser_without_hevc_offers_the_download_at_once(
    enter: Enter, task: Task, member: User
) -> None:
    copy_of(task, **saved(task, video_codec="hevc"))
    page = enter(member, f"/tasks/{task.pk}/")
    if page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"hvc1\"')"):
        pytest.skip("this browser plays HEVC")
    expect(page.locator("[data-unplayable]")).to_contain_text("HEVC (H.265)")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download file").click()
    assert download.value.path().read_bytes() == FILM


# The header


def test_the_header_shows_risk_and_a_silent_worker_by_itself(
    enter: Enter, task: Task, member: User
) -> None:
    alive()
    page = enter(member, "/tasks/track/")
    expect(page.locator("#header-status")).to_be_hidden()
    copy_of(task, link_ends_at=timezone.now() + timedelta(minutes=30, seconds=30))
    Lease.objects.update(beat_at=timezone.now() - timedelta(seconds=50))
    page.evaluate("htmx.trigger('#header-status', 'wake')")
    expect(page.locator("#header-status-risk")).to_contain_text("1 at risk")
    expect(page.locator(".header-status-silent")).to_contain_text("Worker last seen 0:5")
    page.locator("#header-status-risk").click()
    page.wait_for_url("**/archive/?state=at_risk")
    expect(page.locator(".queue-row")).to_have_count(1)


@pytest.mark.looks
def test_risk_a_spent_budget_and_a_silent_worker_fit_into_the_header(
    enter: Enter, task: Task, manager: User, project: Project
) -> None:
    copy_of(task, link_ends_at=timezone.now() + timedelta(minutes=30, seconds=30))
    Lease.objects.update(beat_at=timezone.now() - timedelta(seconds=50))
    Budget.objects.create(project=project, limit=0)
    page = enter(manager, "/tasks/track/")
    for width in (960, 1279, 1280, 1599):  # where the header changes
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_sideways_scrolling(page)
        bar = page.locator(".bar").bounding_box()
        assert bar and bar["height"] < 80, f"more than a line at {width} px"
    check_appearance(page, closely=(320, 1440))
    page.locator("#header-status-budget").click()
    page.wait_for_url(f"**/budgets/{project.pk}/")


# Save now


def test_save_now_is_one_click_on_page_row_and_selection(
    enter: Enter, make_task: MakeTask, member: User, live_server: Any
) -> None:
    far = timezone.now() + timedelta(hours=9)
    tasks = [make_task(status="succeeded") for _ in range(3)]
    copies = [copy_of(each, link_ends_at=far, due_at=far) for each in tasks]
    page = enter(member, f"/tasks/{tasks[0].pk}/")
    page.locator("[data-save-now]").click()
    expect(page.locator("#toasts")).to_contain_text("1 file will be saved next.")
    page.goto(f"{live_server.url}/archive/")
    page.locator(f"#c{copies[1].pk} [data-save-now]").click()
    expect(page.locator("#toasts")).to_contain_text("1 file will be saved next.")
    page.goto(live_server.url)
    page.locator(f"#t{tasks[2].pk} [data-choose]").check()
    page.locator("#selection").get_by_text("Save now").click()
    expect(page.locator("#toasts")).to_contain_text("1 file will be saved next.")
    assert not Copy.objects.filter(due_at=far).exists()
    change(copies[0], **saved(tasks[0]))
    page.goto(f"{live_server.url}/tasks/{tasks[0].pk}/")
    expect(page.locator("[data-save-now]")).to_be_hidden()


def test_save_now_works_without_scripts(
    browser: Browser, enter: Enter, make_task: MakeTask, member: User
) -> None:
    far = timezone.now() + timedelta(hours=9)
    copies = [copy_of(make_task(status="succeeded"), due_at=far) for _ in range(3)]
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, "/archive/", page=context.new_page())
        page.locator(f"#c{copies[0].pk} [data-save-now]").click()
        expect(page.locator("#toasts")).to_contain_text("1 file will be saved next.")
        page.locator(f"#c{copies[1].pk} [data-choose]").check()
        page.locator("#selection").get_by_text("Save now").click()
        expect(page.locator("#toasts")).to_contain_text("1 file will be saved next.")
    assert list(Copy.objects.filter(due_at=far)) == [copies[2]]


# Choosing


def test_rows_are_chosen_by_mouse_or_key_and_come_as_one_zip(
    enter: Enter, make_task: MakeTask, member: User
) -> None:
    tasks = [make_task(status="succeeded", prompt=f"Kite {n}") for n in range(3)]
    for each in tasks:
        copy_of(each, **saved(each))
    page = enter(member)
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    page.locator("[data-choose]").first.check()
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("2 selected")
    with page.expect_download() as download:
        bar.get_by_text("Download ZIP").click()
    with zipfile.ZipFile(download.value.path()) as whole:
        assert whole.testzip() is None
        assert len(whole.namelist()) == 2
    expect(bar.get_by_text("Download ZIP")).to_be_enabled()
    bar.get_by_text("Clear").click()
    expect(bar).to_be_hidden()
    page.wait_for_function("() => document.activeElement.id === 'content'")


def test_what_is_chosen_stays_chosen_while_rows_change(
    enter: Enter, task: Task, member: User
) -> None:
    copy = copy_of(task, due_at=timezone.now())
    page = enter(member)
    page.locator("[data-choose]").check()
    change(copy, state="saving", bytes_done=1, bytes_total=2)
    expect(mark(page, task)).to_contain_text("50 %")
    expect(page.locator("[data-choose]")).to_be_checked()


def test_clocks_never_jump_back_when_the_header_is_updated(
    enter: Enter, make_task: MakeTask, task: Task, member: User
) -> None:
    alive()
    page = enter(member, f"/tasks/{make_task(created_at=timezone.now()).pk}/")
    clock = page.locator(".clock[data-since]").first
    expect(clock).to_have_text("0:03")
    copy_of(task, link_ends_at=timezone.now() + timedelta(minutes=30))
    page.evaluate("htmx.trigger('#header-status', 'wake')")
    expect(page.locator("#header-status-risk")).to_be_visible()
    assert clock.inner_text() >= "0:03"
