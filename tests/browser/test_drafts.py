"""Drafts: what is typed stays in this browser until it is sent, for its own person only."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from tasks.models import Credential, Membership, Project, Task
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.browser.sending import (
    BOAT,
    LANTERN,
    answer_post,
    end_session,
    expect_sent,
    generate,
    lose_answer,
    outcome,
    sign_in,
    stored,
    wait_until_stored,
    write,
)
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/tasks/new/")


def line(page: Page) -> Locator:
    return page.locator("#compose-draft")


def press(page: Page, name: str) -> None:
    line(page).get_by_role("button", name=name).click()


def prompt(page: Page) -> Locator:
    return page.locator("#id_prompt")


def come_back(page: Page, path: str = "/tasks/new/") -> None:
    base = page.url.split("/tasks/")[0]
    page.goto(base + "/settings/")
    page.goto(base + path)


def another_tab(page: Page) -> Page:
    tab = page.context.new_page()
    tab.goto(page.url)
    return tab


def plant(page: Page, person: User, project: Project, text: str, **more: Any) -> str:
    """Put a draft into the browser as of twelve minutes ago; return its name."""
    key = uuid.uuid4()
    name = f"draft:{person.pk}:{project.pk}:{key}"
    pairs = [["prompt", text], *more.pop("pairs", [])]
    page.evaluate(
        "([name, draft]) => localStorage.setItem(name, JSON.stringify("
        "{ at: Date.now() - 720_000, tried: '', ...draft }))",
        [name, {"pairs": pairs, **more}],
    )
    return name


def test_what_was_typed_comes_back_by_itself_and_can_be_undone(form: Page) -> None:
    write(form, BOAT)
    form.locator("#id_duration").select_option("8")
    key = form.locator("[name=key]").input_value()
    come_back(form)
    expect(prompt(form)).to_have_value(BOAT)
    expect(form.locator("#id_duration")).to_have_value("8")
    expect(form.locator("[name=key]")).to_have_value(key)
    expect(line(form)).to_contain_text("Your unsent draft from 1 minute ago is back.")
    assert_accessible(form)
    press(form, "Undo")
    expect(prompt(form)).to_have_value("")
    expect(form.locator("[name=key]")).not_to_have_value(key)
    expect(line(form)).to_contain_text("You have an unsent draft from 1 minute ago.")
    press(form, "Restore")
    expect(prompt(form)).to_have_value(BOAT)
    generate(form)
    expect_sent(form)
    assert str(Task.objects.get().submission.batch.key) == key


def test_another_tab_offers_it_and_can_discard_it(form: Page) -> None:
    write(form, BOAT)
    wait_until_stored(form)
    tab = another_tab(form)
    expect(line(tab)).to_contain_text("You have an unsent draft from 1 minute ago.")
    assert prompt(tab).input_value() == ""
    assert_accessible(tab)
    press(tab, "Discard")
    expect(line(tab)).to_be_hidden()
    expect(prompt(tab)).to_be_focused()
    assert stored(tab) == []
    tab.close()


def test_a_form_that_was_opened_for_something_else_is_left_alone(
    form: Page, make_task: MakeTask, account: Credential
) -> None:
    write(form, BOAT)
    task = make_task(prompt=LANTERN, credential=account)
    come_back(form, f"/tasks/new/?from={task.pk}")
    expect(line(form)).to_contain_text("You have an unsent draft")
    assert prompt(form).input_value() == LANTERN
    write(form, "A lantern, larger")
    press(form, "Restore")
    expect(prompt(form)).to_have_value(BOAT)
    press(form, "Undo")
    expect(prompt(form)).to_have_value("A lantern, larger")
    assert len(stored(form)) == 2  # neither is lost


def test_drafts_are_of_their_project(
    form: Page, account: Credential, member: User, project: Project
) -> None:
    other = Project.objects.create(name="Another")
    Membership.objects.create(project=other, user=member, role="member")
    plant(form, member, other, LANTERN)
    plant(form, member, project, BOAT)
    come_back(form, f"/tasks/new/?project={other.pk}")
    press(form, "Restore")
    expect(prompt(form)).to_have_value(LANTERN)
    come_back(form, f"/tasks/new/?project={project.pk}")
    expect(line(form)).to_contain_text("You have an unsent draft from 12 minutes ago.")
    press(form, "Restore")
    expect(prompt(form)).to_have_value(BOAT)


def test_what_is_sent_is_no_draft_any_more(form: Page) -> None:
    write(form, BOAT)
    generate(form)
    expect_sent(form)
    assert stored(form) == []
    come_back(form)
    expect(line(form)).to_be_hidden()
    assert prompt(form).input_value() == ""


def test_the_next_variation_is_a_draft_under_the_new_key(form: Page) -> None:
    write(form, BOAT)
    generate(form)
    expect_sent(form)
    write(form, LANTERN)
    come_back(form)
    expect(prompt(form)).to_have_value(LANTERN)
    generate(form)
    expect_sent(form)
    assert set(Task.objects.values_list("prompt", flat=True)) == {BOAT, LANTERN}


def test_a_draft_whose_answer_was_lost_is_told_as_sent(form: Page) -> None:
    answer_post(form, lose_answer)
    write(form, BOAT)
    generate(form)
    expect(outcome(form)).to_contain_text("Dailies didn't answer")
    come_back(form)
    expect(outcome(form)).to_contain_text("Already sent: 1 request.")
    expect(line(form)).to_be_hidden()
    assert (prompt(form).input_value(), stored(form)) == ("", [])


def test_a_draft_that_never_arrived_comes_back(form: Page) -> None:
    answer_post(form, lambda route: route.abort())
    write(form, BOAT)
    generate(form)
    expect(outcome(form)).to_contain_text("Dailies didn't answer")
    come_back(form)
    expect(prompt(form)).to_have_value(BOAT)


def test_a_removed_picture_is_told(form: Page, member: User, project: Project) -> None:
    pictures = [["mode", "first_frame"], ["first_frame", "upload:999"]]
    plant(form, member, project, BOAT, pairs=pictures)
    come_back(form)
    press(form, "Restore")
    expect(prompt(form)).to_have_value(BOAT)
    gone = "A picture is no longer in this project. Add it again."
    expect(form.locator("#compose")).to_contain_text(gone)


def test_a_draft_that_cannot_be_opened_is_kept(form: Page, member: User, project: Project) -> None:
    name = plant(form, member, project, BOAT)
    come_back(form)
    form.route("**/tasks/new/preview/", lambda route: route.abort(), times=1)
    press(form, "Restore")
    expect(line(form)).to_contain_text("couldn't be opened. It's kept.")
    assert name in stored(form)
    press(form, "Restore")
    expect(prompt(form)).to_have_value(BOAT)


def test_what_is_no_draft_is_left_out(form: Page, member: User, project: Project) -> None:
    start = f"draft:{member.pk}:{project.pk}:"
    for number, text in enumerate(["", "{", "null", "7", json.dumps({"at": 1, "pairs": []})]):
        form.evaluate(
            "([name, text]) => localStorage.setItem(name, text)", [f"{start}{number}", text]
        )
    come_back(form)
    expect(line(form)).to_be_hidden()
    write(form, BOAT)
    generate(form)
    expect_sent(form)
    assert stored(form) == []


def test_what_was_typed_into_the_dock_comes_back_when_it_opens(
    enter: Enter, account: Credential, member: User, complaints: list[str]
) -> None:
    wall = enter(member)
    wall.locator("#dock textarea").press_sequentially(BOAT)
    expect(prompt(wall)).to_have_value(BOAT)
    wait_until_stored(wall)
    wall.reload()
    wall.locator("#dock textarea").click()
    expect(prompt(wall)).to_have_value(BOAT)
    expect(line(wall)).to_contain_text("Your unsent draft from 1 minute ago is back.")


# Whose they are


def test_signing_out_removes_them(form: Page, member: User) -> None:
    write(form, BOAT)
    wait_until_stored(form)
    form.route("**/sign-out/", without_clearing)
    form.locator("form[action='/sign-out/']").evaluate("form => form.requestSubmit()")
    form.wait_for_url("**/sign-in/**")
    assert stored(form) == []
    sign_in(form, member.username)
    assert stored(form) == []


@pytest.mark.parametrize("is_cleared", [True, False], ids=["https", "http"])
def test_a_page_left_open_over_signing_out_and_in_again_keeps_no_draft(
    form: Page, member: User, is_cleared: bool
) -> None:
    write(form, BOAT)
    wait_until_stored(form)
    tab = another_tab(form)
    if not is_cleared:
        tab.route("**/sign-out/", without_clearing)
    tab.locator("form[action='/sign-out/']").evaluate("form => form.requestSubmit()")
    tab.wait_for_url("**/sign-in/**")
    sign_in(tab, member.username)
    assert stored(tab) == []
    write(form, LANTERN)
    form.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert stored(form) == []
    # One that was opened since keeps them as ever.
    later = another_tab(form)
    write(later, LANTERN)
    wait_until_stored(later)
    for page in (tab, later):
        page.close()


def without_clearing(route: Any) -> None:
    """Answer as over plain http, where browsers ignore Clear-Site-Data."""
    answer = route.fetch(max_redirects=0)
    headers = {name: value for name, value in answer.headers.items() if name != "clear-site-data"}
    route.fulfill(response=answer, headers=headers)


def test_an_ended_session_keeps_them_for_the_same_person_only(form: Page, manager: User) -> None:
    write(form, BOAT)
    come_back(form)
    end_session(form)
    come_back(form)
    form.wait_for_url("**/sign-in/?next=**")
    assert len(stored(form)) == 1
    sign_in(form, manager.username)
    form.wait_for_url("**/tasks/new/")
    assert stored(form) == []
    assert prompt(form).input_value() == ""


# Storage

FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } })
"""
FULL = """Storage.prototype.setItem = () => {
  throw new DOMException("full", "QuotaExceededError");
}"""


@pytest.mark.parametrize("script", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_without_room_everything_but_the_drafts_works(
    enter: Enter, account: Credential, member: User, complaints: list[str], page: Page, script: str
) -> None:
    page.add_init_script(script)
    form = enter(member, "/tasks/new/")
    write(form, BOAT)
    end_session(form)
    generate(form)
    expect(outcome(form)).to_contain_text("This browser keeps no drafts")
    with form.expect_popup() as popup:
        outcome(form).get_by_role("link").click()
    tab = popup.value
    sign_in(tab, member.username)
    tab.close()
    outcome(form).get_by_role("button", name="Try again").click()
    expect_sent(form)
    assert Task.objects.get().prompt == BOAT


@pytest.mark.looks
def test_the_line_fits_every_window(form: Page, member: User, project: Project) -> None:
    plant(form, member, project, BOAT)
    come_back(form)
    expect(line(form)).to_be_visible()
    check_appearance(form, closely=(320, 1440))
