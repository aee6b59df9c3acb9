"""Clips under a mouse, a keyboard and a thumb: scrubbing, playing in place, opening, decoders."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tasks.models import Task
from tasks.providers.status import Status
from tests.batched import put_into_a_batch
from tests.browser.conftest import Enter, watch
from tests.browser.looks import check_appearance
from tests.browser.test_copies import FILM, IMAGE, copy_of, saved
from tests.conftest import MakeTask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

FRAMES, COLUMNS, WIDTH, HEIGHT = 10, 4, 16, 9
IS_PLAYING = "video => !video.paused && video.currentTime > 0.2"
DECODERS = "() => [...document.querySelectorAll('video')].filter((v) => v.readyState).length"
#: The grey that is drawn over the picture that is pointed at.
DRAWN = (
    "() => document.querySelector('.clip-frame').getContext('2d').getImageData(8, 4, 1, 1).data[0]"
)
NOTE_PLAYS = """() => {
    window.log = [];
    for (const kind of ["play", "pause"]) {
        document.addEventListener(kind, () => log.push(kind), true);
    }
}"""


def grey(frame: int) -> int:
    return 20 * frame + 10


def sheet() -> bytes:
    """A PNG of FRAMES frames in COLUMNS columns, each of a grey of its own."""
    rows = -(-FRAMES // COLUMNS)
    lines = (
        b"\0" + bytes(grey(y // HEIGHT * COLUMNS + x // WIDTH) for x in range(COLUMNS * WIDTH))
        for y in range(rows * HEIGHT)
    )
    header = struct.pack(">IIBBBBB", COLUMNS * WIDTH, rows * HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def give_sheets(page: Page) -> list[str]:
    """Let each clip of the page have a sheet of frames; the addresses that are then asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=sheet(), content_type="image/png")

    page.route("**/sheet.png*", answer)
    page.evaluate(
        """([frames, columns]) => document.querySelectorAll("[data-clip]").forEach(
            (clip, n) => Object.assign(clip.dataset, {
                sprite: `/sheet.png?${n}`, spriteFrames: frames, spriteColumns: columns,
            }))""",
        [FRAMES, COLUMNS],
    )
    return asked


@pytest.fixture
def clips(make_task: MakeTask) -> list[Task]:
    """Eight clips with a poster, the newest last."""
    tasks = [make_task(status=Status.SUCCEEDED, ratio="16:9", prompt=f"Clip {n}") for n in range(8)]
    for each in tasks:
        copy_of(each, **saved(each, FILM, IMAGE))
    return tasks


def row(page: Page, task: Task) -> Locator:
    return page.locator(f"#t{task.pk}")


def play(page: Page, task: Task) -> Any:
    row(page, task).locator("[data-clip-play]").click()
    video = row(page, task).locator("video").element_handle()
    page.wait_for_function(IS_PLAYING, arg=video)
    return video


def point(page: Page, task: Task, share: float) -> None:
    """Point at a clip's picture, at this share of its width."""
    screen = row(page, task).locator(".screen")
    screen.scroll_into_view_if_needed()
    box = screen.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 3)


# A mouse


@pytest.mark.parametrize("view", ["grid", "list"])
def test_pointing_scrubs_and_plays_nothing(
    enter: Enter, member: User, clips: list[Task], view: str
) -> None:
    page = enter(member, f"/?view={view}")
    give_sheets(page)
    for share, frame in ((0.55, 5), (0.02, 0), (0.98, 9)):
        point(page, clips[3], share)
        expect(row(page, clips[3]).locator(".is-scrubbing .clip-line")).to_be_visible()
        page.wait_for_function(f"() => ({DRAWN})() === {grey(frame)}")
    line = row(page, clips[3]).locator(".clip-line").bounding_box()
    screen = row(page, clips[3]).locator(".screen").bounding_box()
    assert line and screen and line["width"] == pytest.approx(0.98 * screen["width"], abs=2)
    point(page, clips[4], 0.5)
    expect(row(page, clips[4]).locator(".is-scrubbing")).to_be_visible()
    expect(page.locator(".is-scrubbing")).to_have_count(1)
    page.mouse.move(1, 1)
    expect(page.locator(".is-scrubbing, .clip-frame")).to_have_count(0)
    assert page.evaluate(DECODERS) == 0


def test_the_first_frame_is_there_as_soon_as_one_points(
    enter: Enter, member: User, clips: list[Task]
) -> None:
    page = enter(member, "/?view=grid")
    asked = give_sheets(page)
    page.evaluate(
        """() => {
            let at = 0;
            window.addEventListener("pointermove", () => { at = performance.now(); }, true);
            new MutationObserver(() => { window.waited ??= performance.now() - at; }).observe(
                document.querySelector("#takes"), { subtree: true, childList: true });
        }"""
    )
    page.mouse.move(1, 1)  # a mouse on the page: what is in view is fetched
    page.wait_for_function(
        """() => performance.getEntriesByType("resource")
            .filter(({ name }) => name.includes("sheet.png")).length === 8"""
    )
    assert len(set(asked)) == 8
    page.evaluate("() => { delete window.waited; }")
    point(page, clips[0], 0.5)
    page.wait_for_function("() => window.waited !== undefined")
    assert 0 <= page.evaluate("waited") < 100  # ms
    assert len(asked) == 8, "none was asked for again"


def test_where_data_is_to_be_saved_a_sheet_is_fetched_when_one_points_at_its_clip(
    enter: Enter, member: User, clips: list[Task], page: Page
) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    enter(member, "/?view=grid")
    asked = give_sheets(page)
    page.mouse.move(1, 1)
    point(page, clips[2], 0.5)
    expect(page.locator(".is-scrubbing")).to_have_count(1)
    assert len(asked) == 1


def test_without_frames_pointing_shows_the_button_alone(
    enter: Enter, member: User, clips: list[Task]
) -> None:
    page = enter(member, "/?view=grid")
    button = row(page, clips[0]).locator("[data-clip-play]")
    expect(button).to_have_css("opacity", "0")
    point(page, clips[0], 0.2)
    expect(button).to_have_css("opacity", "1")
    expect(page.locator(".is-scrubbing, .clip-frame, .is-playing")).to_have_count(0)
    assert page.evaluate(DECODERS) == 0
    play(page, clips[0])


def test_a_clip_plays_in_its_place_muted_and_alone(
    enter: Enter, member: User, clips: list[Task]
) -> None:
    page = enter(member, "/?view=grid")
    first = play(page, clips[0])
    assert first.evaluate("video => video.muted")
    sound = row(page, clips[0]).locator("[data-clip-sound]")
    sound.click()
    assert not first.evaluate("video => video.muted")
    expect(sound).to_have_attribute("aria-pressed", "true")
    second = play(page, clips[1])
    assert first.evaluate("video => video.paused && video.muted")
    expect(page.locator(".is-playing")).to_have_count(1)
    row(page, clips[1]).locator("[data-clip-play]").click()
    assert second.evaluate("video => video.paused")
    expect(page.locator(".is-playing")).to_have_count(0)


@pytest.mark.parametrize("view", ["grid", "list"])
def test_a_click_on_the_picture_opens_the_task_also_while_it_plays(
    enter: Enter, member: User, clips: list[Task], view: str
) -> None:
    page = enter(member, f"/?view={view}")
    play(page, clips[0])
    point(page, clips[0], 0.8)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**/tasks/{clips[0].pk}/**")


def test_the_page_of_a_task_is_fetched_while_its_picture_is_pressed(
    enter: Enter, member: User, clips: list[Task]
) -> None:
    page = enter(member, "/?view=grid&status=succeeded")
    page.wait_for_function(
        """() => performance.getEntriesByType("resource")
            .some(({ name, responseEnd }) => name.endsWith(".speculationrules") && responseEnd)"""
    )
    point(page, clips[0], 0.2)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**/tasks/{clips[0].pk}/?view=grid&status=succeeded")
    how = page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType")
    assert how == "navigational-prefetch"


# A keyboard


def test_space_plays_the_focused_clip_and_stops_it(
    enter: Enter, member: User, clips: list[Task]
) -> None:
    page = enter(member)
    page.keyboard.press("j")
    assert page.evaluate(DECODERS) == 0
    page.keyboard.press("Space")
    video = row(page, clips[-1]).locator("video").element_handle()
    page.wait_for_function(IS_PLAYING, arg=video)
    page.keyboard.press("Space")
    expect(page.locator(".is-playing")).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tasks/{clips[-1].pk}/**")


# A thumb


@pytest.fixture
def phone(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    size: Any = {"width": 390, "height": 844}
    with browser.new_context(viewport=size, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        watch(page, complaints)
        yield page


def tap(phone: Page, target: Locator) -> None:
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    phone.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 3)


@pytest.mark.parametrize("view", ["grid", "list"])
@pytest.mark.parametrize("on", [".screen", "[data-clip-play]"])
def test_a_tap_plays_the_next_one_stops_and_nothing_does_both(
    enter: Enter, member: User, clips: list[Task], phone: Page, view: str, on: str
) -> None:
    enter(member, f"/?view={view}", page=phone)
    asked = give_sheets(phone)
    phone.evaluate(NOTE_PLAYS)
    tap(phone, row(phone, clips[-1]).locator(on))
    video = row(phone, clips[-1]).locator("video").element_handle()
    phone.wait_for_function(IS_PLAYING, arg=video)
    assert phone.evaluate("log") == ["play"]
    tap(phone, row(phone, clips[-1]).locator(on))
    phone.wait_for_function("video => video.paused", arg=video)
    tap(phone, row(phone, clips[-2]).locator(on))
    another = row(phone, clips[-2]).locator("video").element_handle()
    phone.wait_for_function(IS_PLAYING, arg=another)
    assert phone.evaluate("log") == ["play", "pause", "play"]
    expect(phone.locator(".clip-frame")).to_have_count(0)
    assert asked == []


def test_a_tap_that_plays_fetches_no_page(
    enter: Enter, member: User, clips: list[Task], phone: Page
) -> None:
    enter(member, "/?view=grid", page=phone)
    asked: list[str] = []
    session = phone.context.new_cdp_session(phone)
    session.on("Network.requestWillBeSent", lambda each: asked.append(each["request"]["url"]))
    session.send("Network.enable")
    tap(phone, row(phone, clips[-1]).locator(".screen"))
    phone.wait_for_function(IS_PLAYING, arg=row(phone, clips[-1]).locator("video").element_handle())
    assert any(each.endswith("/video") for each in asked)
    assert not any("/?" in each for each in asked if "/tasks/" in each)


@pytest.mark.parametrize("view", ["grid", "list"])
def test_the_line_below_a_clip_opens_its_task(
    enter: Enter, member: User, clips: list[Task], phone: Page, view: str
) -> None:
    enter(member, f"/?view={view}", page=phone)
    tap(phone, row(phone, clips[-1]).locator(".screen"))
    expect(phone.locator(".is-playing")).to_have_count(1)
    line = row(phone, clips[-1]).locator("[data-row-link]")
    box = line.bounding_box()
    assert box and box["height"] >= 44
    tap(phone, line)
    phone.wait_for_url(f"**/tasks/{clips[-1].pk}/**")


# Decoders


def test_a_page_keeps_at_most_six_decoders(enter: Enter, member: User, clips: list[Task]) -> None:
    page = enter(member, "/?view=grid")
    numbers = []
    for each in clips:
        play(page, each)
        numbers.append(page.evaluate(DECODERS))
    assert numbers == [1, 2, 3, 4, 5, 6, 6, 6]
    page.mouse.move(1, 1)
    expect(row(page, clips[0]).locator("video")).to_have_count(0)
    expect(row(page, clips[0]).locator("[data-clip-play]")).to_have_attribute(
        "aria-pressed", "false"
    )
    play(page, clips[0])


def test_of_many_takes_those_in_view_play_at_once(
    enter: Enter, member: User, make_task: MakeTask, clips: list[Task]
) -> None:
    batch = put_into_a_batch(clips, parent=make_task())
    page = enter(member, batch.get_absolute_url())
    page.set_viewport_size({"width": 1440, "height": 4000})
    page.locator("[data-play-all]").click()
    page.wait_for_function(f"() => ({DECODERS})() === 6")
    expect(page.locator(".is-playing")).to_have_count(6)
    play(page, clips[-1])
    assert page.evaluate(DECODERS) == 6


def test_first_frames_are_drawn_by_few_decoders_and_kept_as_pictures(
    enter: Enter, member: User, make_task: MakeTask, page: Page
) -> None:
    for number in range(12):
        each = make_task(status=Status.SUCCEEDED, ratio="16:9", prompt=f"Clip {number}")
        copy_of(each, **saved(each))
    page.add_init_script(
        f"""window.most = 0;
        document.addEventListener("loadeddata", () => {{
            most = Math.max(most, ({DECODERS})());
        }}, true);"""
    )
    enter(member, "/?view=grid")
    expect(page.locator(".clip img[src^='data:image/jpeg']")).to_have_count(12)
    assert 1 <= page.evaluate("most") <= 6
    assert page.evaluate(DECODERS) == 0
    newest = Task.objects.latest("pk")
    play(page, newest)


# The look


@pytest.mark.looks
@pytest.mark.parametrize("view", ["grid", "list"])
def test_clips_are_accessible_at_rest_and_while_they_play(
    enter: Enter, member: User, clips: list[Task], view: str
) -> None:
    page = enter(member, f"/?view={view}")
    check_appearance(page, closely=(320, 1440))
    play(page, clips[0])
    check_appearance(page, closely=(320, 1440))


def test_without_scripts_a_clip_leads_to_the_browsers_own_player(
    browser: Browser, enter: Enter, member: User, clips: list[Task]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, page=context.new_page())
        clip = row(page, clips[0])
        expect(clip.locator("[data-clip-play]")).to_be_hidden()
        clip.locator(".clip").click()
        page.wait_for_url(f"**/tasks/{clips[0].pk}/**")
        expect(page.locator("video[controls]")).to_be_visible()
