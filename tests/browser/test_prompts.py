"""The prompt box in a real browser: length, variables, Chinese, and several prompts."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from tasks.models import Credential, Project, SavedPrompt, Submission
from tasks.web.compose import prompts
from tests.browser.conftest import Enter
from tests.browser.looks import (
    COLOUR_RULES,
    assert_accessible,
    assert_no_sideways_scrolling,
    set_theme,
)
from tests.browser.test_compose import settled
from tests.web.conftest import save_copy

__all__ = ["save_copy"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("save_copy")]  # a storage of its own

TYPED = [
    "",
    "A paper boat, it's half-sunk",
    "镜头 slow push-in 推进 35mm",
    "かもめ 𠀀 été—now",
    "船" * 501,
]


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/tasks/new/")


@pytest.fixture
def boat(project: Project, member: User) -> SavedPrompt:
    text = "A {{colour}} boat, {{镜头}}"
    return SavedPrompt.objects.create(project=project, created_by=member, name="Boat", text=text)


def test_the_browser_counts_as_the_server_does(form: Page) -> None:
    long = form.get_by_text("Longer than recommended")
    for text in TYPED:
        form.get_by_label("Prompt", exact=True).fill(text)
        is_length = prompts.length(text)
        presented = [
            f"{label} {number} / {most}"
            for label, number, most in (
                ("Characters", is_length.characters, "500"),
                ("Words", is_length.words, "1,000"),
            )
            if number
        ]
        units = form.locator("#prompt-length [data-unit]").filter(visible=True)
        assert [" ".join(each.split()) for each in units.all_inner_texts()] == presented
        expect(long).to_be_visible(visible=len(text) > 500)


def test_a_variable_gets_its_field_while_one_types_on(form: Page) -> None:
    form.get_by_label("Prompt", exact=True).press_sequentially("A {{colour}} boat")
    colour = form.get_by_label("colour")
    expect(colour).to_be_visible()
    form.keyboard.type(" at dusk")  # the focus has stayed where it was
    expect(form.get_by_label("Prompt", exact=True)).to_have_value("A {{colour}} boat at dusk")
    colour.fill("red\nblue")
    expect(form.locator("#prompt-filled")).to_have_text("A red boat at dusk")
    colour.press("Tab")
    expect(form.locator(".plan-title")).to_have_text("2 videos")
    form.get_by_role("button", name="Generate").click()
    expect(form.locator("#compose-outcome")).to_contain_text("2 requests sent.")
    made = Submission.objects.order_by("take")
    assert [row.generation.prompt for row in made] == ["A red boat at dusk", "A blue boat at dusk"]


def test_the_form_is_not_renewed_while_chinese_is_composed(form: Page) -> None:
    asked: list[str] = []
    form.on("request", lambda request: asked.append(request.url))
    keys = form.context.new_cdp_session(form)
    form.get_by_label("Prompt", exact=True).focus()
    for so_far in ("{{ys", "{{yan se", "{{颜色}}"):
        keys.send(
            "Input.imeSetComposition",
            {"text": so_far, "selectionStart": len(so_far), "selectionEnd": len(so_far)},
        )
    form.evaluate("document.querySelector('#compose-body').dispatchEvent(new Event('compose:ask'))")
    form.wait_for_timeout(1_000)  # longer than the pause after which a field is asked for
    assert not [url for url in asked if "look" in url]
    keys.send("Input.insertText", {"text": "{{颜色}}"})
    expect(form.get_by_label("颜色")).to_be_visible()
    expect(form.get_by_label("Prompt", exact=True)).to_have_value("{{颜色}}")


def test_several_are_tried_on_a_phone_by_keyboard(form: Page, boat: SavedPrompt) -> None:
    form.set_viewport_size({"width": 320, "height": 700})
    form.reload()
    form.locator("#prompt-library > summary").press("Enter")
    form.get_by_role("button", name="Use “Boat”").press("Enter")
    prompt = form.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value(boat.text)
    expect(prompt).to_be_focused()
    settled(form)
    form.locator("#compose-more > summary").press("Enter")
    form.get_by_label("Try several").press("Space")
    settled(form)
    form.locator("#pick-ratio > summary").press("Enter")
    expect(form.get_by_role("group", name="Ratio", exact=True)).to_be_visible()
    form.get_by_label("9:16", exact=True).press("Space")
    expect(form.locator(".plan-title")).to_have_text("2 videos")
    expect(form.get_by_label("9:16", exact=True)).to_be_focused()
    settled(form)
    assert_accessible(form)
    set_theme(form, "dark")
    assert_accessible(form, *COLOUR_RULES)
    assert_no_sideways_scrolling(form)
    targets = ".pick, .pick-way, .prompt-library .btn, .plan summary"
    for target in form.locator(targets).all():
        box = target.bounding_box()
        assert not box or box["height"] >= 43.5


def test_a_name_and_enter_save_the_prompt_and_spend_nothing(form: Page) -> None:
    form.get_by_label("Prompt", exact=True).fill("A paper boat")
    form.locator("#prompt-library > summary").click()
    settled(form)
    form.get_by_label("Save the prompt above as").fill("Boat")
    settled(form)
    form.get_by_label("Save the prompt above as").press("Enter")
    expect(form.get_by_text("Saved as “Boat”")).to_be_visible()
    expect(form.get_by_role("button", name="Use “Boat”")).to_be_visible()
    settled(form)
    form.get_by_label("Takes").fill("2")
    form.get_by_label("Takes").press("Enter")
    settled(form)
    expect(form.get_by_label("Takes")).to_have_value("2")
    assert not Submission.objects.exists() and SavedPrompt.objects.get().text == "A paper boat"


def test_prompts_work_without_scripts(
    browser: Browser, enter: Enter, account: Credential, member: User, boat: SavedPrompt
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, "/tasks/new/", context.new_page())
        page.locator("#prompt-library > summary").click()
        page.get_by_role("button", name="Use “Boat”").click()
        page.get_by_label("colour").fill("red\nblue")
        page.get_by_label("镜头").fill("slow push-in")
        page.locator("#compose-more > summary").click()
        page.get_by_label("Try several").check()
        page.get_by_role("button", name="Update options").click()
        page.locator("#pick-ratio > summary").click()
        page.get_by_label("9:16", exact=True).check()
        page.get_by_role("button", name="Update options").click()
        expect(page.locator(".plan-title")).to_have_text("4 videos")
        page.get_by_role("button", name="Generate").click()
        page.wait_for_url(re.compile(r"/$"))
    assert Submission.objects.count() == 4
