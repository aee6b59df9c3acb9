"""The composer in a real browser: its row, its keys, pictures for the prompt, and the dock."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from tasks.models import Credential, Submission, Task, Upload
from tasks.providers.status import Status
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance
from tests.browser.test_compose import expect_shown, hand_over, part, settled
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.conftest import save_copy
from tests.web.live_pages import change

__all__ = ["save_copy"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("save_copy")]  # a storage of its own

TASK = re.compile(r"/tasks/\d+/$")
UNDER = """([above, below]) => {
  const [one, other] = [above, below].map((each) => document.querySelector(each));
  return other.getBoundingClientRect().bottom - one.getBoundingClientRect().top;
}"""


#: Choices of the row that are wider than their place.
TOO_WIDE = """() => {
  const row = document.querySelector(".picks");
  const ends = [...row.children].map((each) => each.getBoundingClientRect().right);
  return ends.filter((end) => end > row.getBoundingClientRect().right + 1);
}"""
TOPS = (
    "() => [...document.querySelector('.picks').children].map(e => e.getBoundingClientRect().top)"
)


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/tasks/new/")


@pytest.fixture
def wall(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/")


def prompt_of(page: Page) -> str:
    return page.locator("#id_prompt").input_value()


def open_dock(page: Page, words: str = "A boat") -> None:
    """Begin to write in the dock, and wait for its form."""
    page.locator("#dock textarea").press_sequentially(words)
    expect(page.locator("#dock #id_prompt")).to_have_value(words)
    expect(page.locator("#dock")).not_to_have_attribute("aria-busy", "true")


# The form


def test_the_prompt_has_the_focus_and_keys_send_it_once(form: Page) -> None:
    expect(form.locator("#id_prompt")).to_be_focused()
    form.keyboard.type("A paper boat")
    form.keyboard.press("Enter")
    form.keyboard.type("on a canal")
    assert not Submission.objects.exists()
    form.keyboard.press("Control+Enter")
    expect(form.locator("#compose-outcome")).to_contain_text("1 request sent.")
    assert Submission.objects.get().generation.prompt == "A paper boat\non a canal"


def test_a_ratio_is_chosen_from_drawn_shapes_and_renews_the_price(form: Page) -> None:
    menu, price = form.locator("#pick-ratio"), form.locator("#compose-price")
    expect(price).to_contain_text("about 108,900 tokens")
    menu.locator("summary").click()
    menu.get_by_text("Same as input", exact=True).click()
    expect(menu).not_to_have_attribute("open", "")  # one look at the result, and one click less
    expect(price).to_contain_text("108,900 tokens to 109,586 tokens")
    expect(menu.locator("summary")).to_contain_text("Same as input")
    settled(form)
    menu.locator("summary").press("Enter")
    menu.get_by_label("Same as input").press("ArrowUp")
    expect(menu.locator("summary")).to_contain_text("21:9")
    expect(menu).to_have_attribute("open", "")  # by keyboard one goes on
    settled(form)
    form.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_a_picture_dropped_on_the_prompt_is_the_first_frame_and_a_second_one_the_last(
    form: Page,
) -> None:
    prompt = form.locator("#id_prompt")
    assert hand_over(prompt, "dragover", boat=png())
    assert hand_over(prompt, "drop", boat=png())
    expect_shown(part(form, "first_frame").locator("img"), 640)
    expect(form.get_by_label("Mode", exact=True)).to_have_value("first_frame")
    settled(form)
    assert hand_over(prompt, "paste", boat=png(700, 400))
    expect_shown(part(form, "last_frame").locator("img"), 700)
    expect_shown(part(form, "first_frame").locator("img"), 640)
    settled(form)
    form.get_by_label("Mode", exact=True).select_option("reference")
    expect_shown(part(form, "reference_image").locator("img"), 640, 700)


def test_many_pictures_dropped_on_the_prompt_are_references(form: Page) -> None:
    hand_over(form.locator("#id_prompt"), "drop", a=png(), b=png(640, 400), c=png(640, 410))
    expect_shown(part(form, "reference_image").locator("img"), 640, 640, 640)
    expect(form.get_by_label("Mode", exact=True)).to_have_value("reference")


def test_a_mode_without_pictures_says_so_and_keeps_what_is_in_it(form: Page) -> None:
    form.get_by_label("Model", exact=True).select_option("doubao-seedance-2-5-260628")
    settled(form)
    form.get_by_label("Mode", exact=True).select_option("final")
    expect(form.get_by_label("Draft task ID")).to_be_visible()
    settled(form)
    hand_over(form.locator(".prompt-box"), "drop", boat=png())
    expect(form.locator("#uploads-refused")).to_contain_text("This mode can't take more of these")
    assert not Upload.objects.exists()


def test_the_latest_results_change_while_one_writes(
    enter: Enter, account: Credential, member: User, make_task: MakeTask, complaints: list[str]
) -> None:
    task = make_task(created_by=member, prompt="A boat", status=Status.QUEUED)
    page = enter(member, "/tasks/new/")
    page.locator("#id_prompt").fill("Another boat")
    badge = page.locator("#compose-results .state")
    expect(badge).to_have_attribute("data-status", "queued")
    change(task, status=Status.RUNNING)
    expect(badge).to_have_attribute("data-status", "running")
    assert prompt_of(page) == "Another boat"


@pytest.mark.looks
def test_the_open_drawer_and_menus_fit_any_screen_in_any_light(form: Page) -> None:
    form.locator("#compose-more > summary").click()
    form.locator("#pick-ratio > summary").click()
    check_appearance(form, closely=(320, 1440))


def test_the_row_is_one_line_on_a_desk_whatever_the_mode_is_called(form: Page) -> None:
    for mode in ("first_and_last_frame", "reference", "text"):
        form.locator("#id_mode").select_option(mode)
        settled(form)
        for width in (1024, 1280, 1440):
            form.set_viewport_size({"width": width, "height": 900})
            tops = form.evaluate(TOPS)
            assert len(tops) > 6 and max(tops) - min(tops) < 2, (mode, width, tops)
            assert form.evaluate(TOO_WIDE) == []


# The dock


def test_the_dock_keeps_what_is_typed_while_its_form_comes(wall: Page) -> None:
    asked: list[str] = []
    wall.on("request", lambda request: asked.append(request.url))
    expect(wall.locator("#dock .dock-rest")).to_be_visible()
    expect(wall.locator(".dock-rest .compose-price")).to_have_text("about 108,900 tokens")
    assert not [url for url in asked if "dock" in url]
    open_dock(wall, "A paper boat on a canal")
    expect(wall.locator("#dock #id_prompt")).to_be_focused()
    expect(wall.locator("#dock #compose-price")).to_contain_text("about 108,900 tokens")
    expect(wall.locator("#dock [data-unit=words]")).to_contain_text("6")
    assert len([url for url in asked if "?dock" in url]) == 1


def test_what_the_dock_sent_stands_on_the_wall_once_its_rows_are_written(
    wall: Page, make_task: MakeTask
) -> None:
    open_dock(wall, "A paper boat on a canal")
    wall.keyboard.press("Control+Enter")
    expect(wall.locator("#compose-outcome")).to_contain_text("1 request sent.")
    expect(wall.locator("#dock .picks")).to_be_hidden()  # one looks at the wall again
    task = Task.objects.get()
    expect(wall.locator(f"#t{task.pk}, .new-tasks").first).to_be_visible()
    expect(wall).to_have_url(re.compile("/$"))


def test_the_dock_is_one_line_again_where_one_looks_at_the_wall(wall: Page) -> None:
    open_dock(wall)
    row = wall.locator("#dock .picks")
    expect(row).to_be_visible()
    wall.mouse.click(700, 200)
    expect(row).to_be_hidden()
    expect(wall.locator("#dock #generate")).to_be_visible()  # with its price
    expect(wall.locator("#dock #compose-price")).to_be_visible()
    wall.locator("#dock #id_prompt").click()
    expect(row).to_be_visible()
    wall.keyboard.press("Escape")
    expect(row).to_be_hidden()


def test_a_picture_dropped_on_the_resting_dock_opens_it(wall: Page) -> None:
    resting = wall.locator("#dock textarea")
    assert hand_over(resting, "dragover", boat=png())
    assert hand_over(resting, "drop", boat=png())
    expect_shown(part(wall, "first_frame").locator("img"), 640)
    expect(wall.locator("#dock .picks")).to_be_visible()


def test_the_first_press_of_the_button_shows_the_price_and_sends_nothing(wall: Page) -> None:
    wall.locator("#dock").get_by_role("button", name="Generate").click()
    expect(wall.locator("#dock #compose-price")).to_contain_text("about 108,900 tokens")
    expect(wall.locator("#dock #id_prompt")).to_be_focused()
    assert not Submission.objects.exists()


def test_the_last_row_and_the_selection_are_never_below_the_dock(
    enter: Enter, account: Credential, member: User, make_task: MakeTask, complaints: list[str]
) -> None:
    for number in range(12):
        make_task(prompt=f"No. {number}", created_by=member)
    for width in (375, 1440):
        page = enter(member, "/?view=list")
        page.set_viewport_size({"width": width, "height": 700})
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        assert page.evaluate(UNDER, ["#dock > *", ".take:last-child"]) <= 0, width
        page.locator("[data-choose]").first.check(force=True)
        expect(page.locator("#dock")).to_be_hidden()
        expect(page.locator(".selection")).to_be_visible()


@pytest.mark.looks
def test_the_dock_fits_any_screen_in_any_light_open_and_at_rest(
    enter: Enter, account: Credential, member: User, make_task: MakeTask, complaints: list[str]
) -> None:
    make_task(prompt="A boat", created_by=member)
    page = enter(member, "/")
    check_appearance(page, closely=(320, 1440))
    open_dock(page)
    check_appearance(page, closely=(320, 1440))
    page.locator("#compose-more > summary").click()
    check_appearance(page, closely=(320, 1440))


def test_without_scripts_the_dock_leads_to_the_form(
    browser: Browser, enter: Enter, account: Credential, member: User
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, "/", context.new_page())
        page.locator("#dock textarea").fill("A paper boat")
        page.locator("#dock button").click()
        page.wait_for_url("**/tasks/new/?*")
        assert prompt_of(page) == "A paper boat"
        page.get_by_role("button", name="Generate").click()
        page.wait_for_url(TASK)
    assert Task.objects.get().prompt == "A paper boat"
