"""Personal settings in a browser: looks, shortcuts and notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tasks.models import ChangeCounter, Profile, StatusChange, Task
from tests.browser.conftest import Enter
from tests.browser.looks import (
    STOP_ANIMATIONS,
    assert_accessible,
    assert_no_sideways_scrolling,
    check_appearance,
)
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser

#: Records notifications, as headless Chromium shows none.
NOTIFICATIONS = """
    window.told = [];
    window.Notification = class {
        static permission = "PERMISSION";
        static async requestPermission() {
            window.asked = (window.asked || 0) + 1;
            return (this.permission = "granted");
        }
        constructor(title, options) {
            Object.assign(this, { title, ...options });
            window.told.push(this);
        }
        close() {}
    };
    window.tones = 0;
    window.AudioContext = class extends AudioContext {
        createOscillator() { window.tones += 1; return super.createOscillator(); }
    };
"""

#: Records what the tabs of one person ask and answer each other.
LISTEN = """(name) => {
    window.heard = [];
    window.ear = new BroadcastChannel(name);
    ear.onmessage = ({ data }) => heard.push(data);
}"""


def end(status: str, *tasks: Task) -> None:
    """Record the end of tasks as the sweep does."""
    number, now = ChangeCounter.objects.next(), timezone.now()
    for task in tasks:
        Task.objects.filter(pk=task.pk).update(status=status, change=number)
        StatusChange.objects.create(task=task, was=task.status, became=status, at=now)


Tab = Callable[..., Page]


@pytest.fixture
def tab(browser: Browser, enter: Enter, member: User) -> Iterator[Tab]:
    """tab("/archive/"): another tab of the member's browser, with a clock that the test moves."""
    Profile.objects.remember(member, notifies=True)
    with browser.new_context() as context:
        context.add_init_script(NOTIFICATIONS.replace("PERMISSION", "granted"))
        context.add_init_script(STOP_ANIMATIONS)
        context.clock.install()

        def tab(path: str, *, hidden: bool = False) -> Page:
            page = context.new_page()
            if hidden:
                page.add_init_script(
                    'Object.defineProperty(document, "hidden", {value: true, configurable: true})'
                )
            enter(member, path, page=page)
            return page

        yield tab


def told(*tabs: Page) -> list[list[str]]:
    """Title and body of the notifications that these tabs have shown so far."""
    script = "told.map(({ title, body }) => [title, body])"
    return [each for page in tabs for each in page.evaluate(script)]


def wait_for_the_first(page: Page) -> None:
    """Wait for the first answer, after which ended tasks are reported."""
    page.wait_for_function(
        "() => Object.keys(localStorage).some((name) => name.startsWith('endings-'))"
    )


def ask_again(context: BrowserContext) -> None:
    """Wait until the tab that polls for all has had another answer."""
    with context.expect_event("response", lambda response: "/notifications/" in response.url):
        context.clock.fast_forward(15_000)


def wait_until_told(page: Page) -> None:
    """Move the clock over the pauses until a notification is shown; polls take real time."""
    for _ in range(600):
        if page.evaluate("told.length"):
            return
        page.context.clock.fast_forward(1_000)
        page.wait_for_timeout(50)
    raise AssertionError("Nothing is told.")


# Notifications


def test_of_two_hidden_tabs_one_notifies_once_of_an_own_task(
    tab: Tab, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member, prompt="A lighthouse in fog")
    one, other = tab("/settings/", hidden=True), tab("/", hidden=True)
    wait_for_the_first(one)
    end("succeeded", task)
    ask_again(one.context)
    wait_until_told(one)
    for _ in range(2):
        ask_again(one.context)
    assert told(one, other) == [["Succeeded", "A lighthouse in fog"]]
    assert told(one)[0]


def test_the_next_tab_takes_over_when_one_is_closed(
    tab: Tab, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member, prompt="A lighthouse in fog")
    one, other = tab("/settings/", hidden=True), tab("/", hidden=True)
    wait_for_the_first(one)
    end("failed", task)
    one.close()
    wait_until_told(other)
    assert told(other) == [["Failed", "A lighthouse in fog"]]


def test_tasks_of_others_cause_no_notification(
    tab: Tab, member: User, manager: User, make_task: MakeTask
) -> None:
    theirs, own = make_task(created_by=manager), make_task(created_by=member, prompt="Own")
    page = tab("/", hidden=True)
    wait_for_the_first(page)
    end("succeeded", theirs)
    ask_again(page.context)
    end("expired", own)
    ask_again(page.context)
    wait_until_told(page)
    assert told(page) == [["Expired", "Own"]]


def test_tasks_that_end_together_cause_one_notification_in_the_persons_language(
    tab: Tab, member: User, make_task: MakeTask
) -> None:
    Profile.objects.remember(member, language="zh-hans")
    tasks = [make_task(created_by=member, prompt=f"Take {number}") for number in range(5)]
    page = tab("/", hidden=True)
    wait_for_the_first(page)
    late = tasks[2:]

    def answer(route: Route) -> None:
        """End the other tasks after the first answer, but before the notification."""
        news = route.fetch()
        if news.status == 200 and late:
            end("succeeded", *late)
            late.clear()
        route.fulfill(response=news)

    page.route("**/notifications/**", answer)
    end("failed", *tasks[:2])
    ask_again(page.context)
    wait_until_told(page)
    [[title, words]] = told(page)
    assert "5" in title
    assert len(words.splitlines()) == 3
    assert set(words.splitlines()) <= {
        *("失败: Take 0", "失败: Take 1", "成功: Take 2", "成功: Take 3", "成功: Take 4"),
    }


def test_a_task_on_a_visible_page_causes_no_notification(
    tab: Tab, member: User, make_task: MakeTask
) -> None:
    seen, unseen = (make_task(created_by=member, prompt=word) for word in ("Seen", "Unseen"))
    hidden = tab("/settings/", hidden=True)
    wait_for_the_first(hidden)
    tab(f"/tasks/{seen.pk}/")
    hidden.evaluate(LISTEN, f"endings-{member.pk}")
    clock = hidden.context.clock
    clock.pause_at(timezone.now() + timedelta(seconds=1))  # the other tab may take its time
    end("succeeded", seen, unseen)
    for _ in range(600):
        if hidden.evaluate("heard.length"):
            break
        clock.fast_forward(900)  # ms, less than the tabs have for an answer
        hidden.wait_for_timeout(20)
    hidden.wait_for_function("() => heard.some(({ shown }) => shown && shown.length)")
    clock.fast_forward(1_000)
    hidden.wait_for_function("() => told.length")
    assert told(hidden) == [["Succeeded", "Unseen"]]


def test_a_visible_tab_notifies_of_tasks_that_it_does_not_show(
    tab: Tab, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member, prompt="Elsewhere")
    page = tab("/settings/")
    wait_for_the_first(page)
    end("cancelled", task)
    ask_again(page.context)
    wait_until_told(page)
    assert told(page) == [["Cancelled", "Elsewhere"]]


def test_a_click_opens_the_task(tab: Tab, member: User, make_task: MakeTask) -> None:
    task = make_task(created_by=member)
    page = tab("/settings/", hidden=True)
    wait_for_the_first(page)
    end("succeeded", task)
    ask_again(page.context)
    wait_until_told(page)
    page.evaluate("told[0].onclick()")
    page.wait_for_url(f"**/tasks/{task.pk}/")


@pytest.mark.parametrize("sounds", [False, True])
def test_a_sound_is_made_only_where_it_is_wanted(
    tab: Tab, member: User, make_task: MakeTask, sounds: bool
) -> None:
    Profile.objects.remember(member, sounds=sounds)
    task = make_task(created_by=member)
    page = tab("/settings/", hidden=True)
    wait_for_the_first(page)
    end("succeeded", task)
    ask_again(page.context)
    wait_until_told(page)
    assert page.evaluate("told[0].silent")  # not the system's, in either case
    assert page.evaluate("tones") == int(sounds)


# Permission


def with_permission(page: Page, state: str) -> None:
    page.add_init_script(NOTIFICATIONS.replace("PERMISSION", state))


def test_permission_is_asked_for_by_a_button_and_never_by_a_page(
    enter: Enter, page: Page, member: User, complaints: list[str]
) -> None:
    Profile.objects.remember(member, notifies=True)
    with_permission(page, "default")
    enter(member, "/")
    page.wait_for_load_state("networkidle")
    assert not page.evaluate("window.asked")
    page.goto(page.url + "settings/")
    page.uncheck("#id_notifies")
    assert not page.evaluate("window.asked")
    page.get_by_role("button", name="Allow in this browser").click()
    expect(page.get_by_role("button", name="Show an example")).to_be_visible()
    expect(page.locator("#id_notifies")).to_be_checked()
    assert page.evaluate("asked") == 1
    page.get_by_role("button", name="Show an example").click()
    assert told(page) == [["An example", "This is what you'll see when one of your tasks ends."]]


def test_a_browser_with_denied_permission_says_how_to_change_it(
    enter: Enter, page: Page, member: User, complaints: list[str]
) -> None:
    with_permission(page, "denied")
    enter(member, "/settings/")
    expect(page.get_by_text("blocks notifications")).to_be_visible()
    assert page.get_by_role("button", name="Allow in this browser").count() == 0
    assert_accessible(page)


def test_plain_http_is_named_as_the_reason(
    enter: Enter, page: Page, member: User, complaints: list[str]
) -> None:
    Profile.objects.remember(member, notifies=True)
    page.add_init_script("""
        Object.defineProperty(window, "isSecureContext", { value: false });
        delete window.Notification;
    """)
    enter(member, "/settings/")
    expect(page.get_by_text("this page uses http")).to_be_visible()


# Language, zone, density, keys


def test_a_chinese_profile_overrides_a_browser_that_prefers_english(
    browser: Browser, enter: Enter, member: User
) -> None:
    Profile.objects.remember(member, language="zh-hans")
    with browser.new_context(locale="en-US") as context:
        page = enter(member, page=context.new_page())
        expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
        expect(page.locator(".rail-item").first).to_have_text("工作台")


def test_the_browsers_zone_is_offered_and_then_holds_elsewhere(
    browser: Browser, enter: Enter, member: User, make_task: MakeTask
) -> None:
    task = make_task()
    with browser.new_context(timezone_id="Asia/Shanghai") as context:
        page = enter(member, "/settings/", page=context.new_page())
        offer = page.locator("[data-zone-offer]")
        expect(offer).to_contain_text("Asia/Shanghai")
        offer.get_by_role("button").click()
        expect(offer).to_be_hidden()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        expect(page.locator("#id_time_zone")).to_have_value("Asia/Shanghai")
    with browser.new_context(timezone_id="America/New_York") as context:
        page = enter(member, f"/tasks/{task.pk}/", page=context.new_page())
        expect(page.locator("time[data-shows=absolute]").first).to_contain_text("GMT+8")


def test_without_a_choice_times_are_in_the_browsers_zone(
    browser: Browser, enter: Enter, member: User, make_task: MakeTask
) -> None:
    task = make_task()
    with browser.new_context(timezone_id="Asia/Tokyo") as context:
        page = enter(member, f"/tasks/{task.pk}/", page=context.new_page())
        expect(page.locator("time[data-shows=absolute]").first).to_contain_text("GMT+9")


@pytest.mark.looks
def test_compact_rows_are_lower(
    enter: Enter, page: Page, member: User, make_task: MakeTask
) -> None:
    make_task(
        prompt="A red umbrella drifts through a neon alley after rain. " * 4, model="seedance"
    )

    def heights() -> list[float]:
        enter(member)
        return [height_at(page, width) for width in (375, 1000, 1440)]

    comfortable = heights()
    Profile.objects.remember(member, density="compact")
    for compact, usual in zip(heights(), comfortable, strict=True):
        assert compact < 0.85 * usual
    check_appearance(page, closely=(375, 1440))


def height_at(page: Page, width: int) -> float:
    page.set_viewport_size({"width": width, "height": 900})
    assert_no_sideways_scrolling(page)
    box = page.locator(".take").bounding_box()
    assert box
    return box["height"]


def test_shortcuts_that_are_off_do_nothing_and_the_help_says_where_they_are_on(
    enter: Enter, page: Page, member: User, make_task: MakeTask, complaints: list[str]
) -> None:
    make_task()
    Profile.objects.remember(member, shortcuts=False)
    enter(member)
    for key in ("/", "j", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("#keys")).to_be_hidden()
    menu = page.locator("details.menu", has_text="Keyboard shortcuts")
    menu.locator("summary").click()
    page.keyboard.press("Escape")  # no shortcut of ours: what opens must close
    expect(menu.get_by_role("button", name="Keyboard shortcuts")).to_be_hidden()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("link", name="Turn them on in the settings").click()
    page.check("#id_shortcuts")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


@pytest.mark.looks
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh-hans", "dark")])
def test_the_page_is_accessible_and_as_wide_as_the_window(
    enter: Enter, page: Page, member: User, complaints: list[str], theme: str, language: str
) -> None:
    Profile.objects.remember(member, theme=theme, language=language, notifies=True)
    enter(member, "/settings/")
    assert page.get_attribute("html", "data-theme") == theme
    check_appearance(page, closely=(320, 1440))


def test_settings_are_saved_without_scripts(browser: Browser, enter: Enter, member: User) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, "/settings/", page=context.new_page())
        page.get_by_label("Compact", exact=True).check()
        page.get_by_label("Dark", exact=True).check()
        page.select_option("#id_time_zone", "Europe/Berlin")
        page.uncheck("#id_shortcuts")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    kept = Profile.objects.get(user=member)
    assert (kept.density, kept.theme) == ("compact", "dark")
    assert (kept.time_zone, kept.shortcuts) == ("Europe/Berlin", False)
