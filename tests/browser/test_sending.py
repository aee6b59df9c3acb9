"""Sending in the background: whatever happens, the form stays and nothing goes twice."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from tasks.models import Credential, Membership, Submission, Task
from tasks.simulator.server import Simulator
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.browser.sending import (
    BOAT,
    LANTERN,
    answer_post,
    creates,
    end_session,
    expect_sent,
    generate,
    generate_and_wait,
    lose_answer,
    outcome,
    sign_in,
    try_again,
    wait_until_stored,
    write,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    page = enter(member, "/tasks/new/")
    write(page, BOAT)
    return page


def prompts() -> list[str]:
    return list(Task.objects.order_by("pk").values_list("prompt", flat=True))


def test_the_page_stays_and_the_next_variation_is_one_edit_away(form: Page, sim: Simulator) -> None:
    generate(form)
    expect_sent(form)
    assert form.url.endswith("/tasks/new/")
    assert_accessible(form)
    assert form.locator("#id_prompt").input_value() == BOAT
    write(form, LANTERN)
    generate_and_wait(form)
    assert prompts() == [BOAT, LANTERN]
    assert creates(sim) == 2
    outcome(form).get_by_role("link", name="Show it").click()
    form.wait_for_url(f"**/tasks/{Task.objects.latest('pk').pk}/")


def test_the_page_hears_of_what_was_sent(form: Page) -> None:
    """The list on it is woken, and the composer shows what is new."""
    form.evaluate(
        """() => {
          const live = Object.assign(document.createElement("div"), { id: "live" });
          live.addEventListener("wake", () => { window.woken = true; });
          document.addEventListener("compose:sent", ({ detail }) => { window.sent = detail; });
          document.querySelector("#live")?.remove();
          document.body.append(live);
        }"""
    )
    generate(form)
    expect_sent(form)
    batch = Submission.objects.get().batch_id
    assert form.evaluate("window.woken")
    assert form.evaluate("window.sent.batch") == batch


def test_a_double_click_is_one_request(form: Page, sim: Simulator) -> None:
    form.locator("#generate").dblclick()
    expect_sent(form)
    assert creates(sim) == 1


def test_the_button_is_off_and_keeps_the_focus_while_it_is_sent(form: Page) -> None:
    held: list[Route] = []
    answer_post(form, held.append)
    generate(form)
    expect(outcome(form)).to_have_text("Sending…")
    expect(form.locator("#generate")).to_be_disabled()
    form.keyboard.press("Enter")
    held[0].continue_()
    expect_sent(form)
    expect(form.locator("#generate")).to_be_focused()
    assert len(held) == Task.objects.count() == 1


def test_typing_goes_on_while_it_is_sent(form: Page) -> None:
    held: list[Route] = []
    answer_post(form, held.append)
    generate(form)
    expect(outcome(form)).to_have_text("Sending…")
    write(form, LANTERN)
    held[0].continue_()
    expect_sent(form)
    expect(form.locator("#id_prompt")).to_have_value(LANTERN)
    generate_and_wait(form)
    assert prompts() == [BOAT, LANTERN]


def test_errors_are_shown_in_the_form_with_the_focus_on_the_first(form: Page) -> None:
    write(form, "")
    generate(form)
    expect(outcome(form)).to_contain_text("Nothing was sent. Fix the marked fields.")
    expect(form.locator("#id_prompt")).to_be_focused()
    expect(form.locator("#id_prompt_error")).to_be_visible()
    assert_accessible(form)
    write(form, BOAT)
    generate(form)
    expect_sent(form)


# Answers that do not come


@pytest.mark.parametrize(
    ("text", "told", "made"),
    [(BOAT, "Already sent: 1 request.", 1), (LANTERN, "already sent before you changed it", 2)],
    ids=["unchanged", "changed"],
)
def test_a_lost_answer(form: Page, sim: Simulator, text: str, told: str, made: int) -> None:
    """Unchanged it is found; changed, it is told and goes only when it is asked for again."""
    answer_post(form, lose_answer)
    generate(form)
    expect(outcome(form)).to_contain_text("Dailies didn't answer")
    expect(form.locator("#id_prompt")).to_have_value(BOAT)
    write(form, text)
    try_again(form)
    expect_sent(form, told)
    assert creates(sim) == 1
    assert_accessible(form)
    if made == 2:
        generate_and_wait(form)
    assert (creates(sim), prompts()) == (made, [BOAT, LANTERN][:made])


@pytest.mark.parametrize("text", [BOAT, LANTERN], ids=["unchanged", "changed"])
def test_a_server_that_is_away(form: Page, sim: Simulator, text: str) -> None:
    answer_post(form, lambda route: route.abort())
    generate(form)
    expect(outcome(form)).to_contain_text("Dailies didn't answer")
    write(form, text)
    try_again(form)
    expect_sent(form, "1 request sent.")
    assert (creates(sim), prompts()) == (1, [text])


@pytest.mark.parametrize(
    ("status", "told"),
    [(500, "Something went wrong on the server"), (502, "Something went wrong on the server"),
     (503, "Dailies is busy"), (429, "Dailies is busy"),
     (200, "Something went wrong on the server")],
)  # fmt: skip
def test_an_answer_that_is_not_ours(form: Page, sim: Simulator, status: int, told: str) -> None:
    """A page of a proxy's, though it says 200, is no success."""
    page = "<!DOCTYPE html><title>Proxy</title>2 requests sent."
    answer_post(form, lambda route: route.fulfill(status=status, body=page))
    generate(form)
    expect(outcome(form)).to_contain_text(told)
    expect(outcome(form)).not_to_contain_text("2 requests")
    try_again(form)
    expect_sent(form)
    assert creates(sim) == 1


def test_a_late_try_and_its_change_are_never_both_placed(form: Page, sim: Simulator) -> None:
    """The first try arrives after the changed one has been placed."""
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)
        route.abort()

    answer_post(form, keep)
    generate(form)
    expect(outcome(form)).to_contain_text("Dailies didn't answer")
    write(form, LANTERN)
    try_again(form)
    expect_sent(form)
    first = late[0].request
    answer = form.request.post(first.url, headers=first.headers, data=first.post_data_buffer)
    assert answer.status == 409
    assert (creates(sim), prompts()) == (1, [LANTERN])


def test_two_tabs_with_one_draft_send_it_once(form: Page, sim: Simulator) -> None:
    other = form.context.new_page()
    form.locator("#id_prompt").press("Tab")
    wait_until_stored(form)
    other.goto(form.url)
    other.locator("#compose-draft").get_by_role("button", name="Restore").click()
    expect(other.locator("#id_prompt")).to_have_value(BOAT)
    generate(form)
    expect_sent(form)
    generate(other)
    expect_sent(other, "Already sent: 1 request.")
    assert creates(sim) == 1
    other.close()


# Sessions


def test_a_form_that_is_renewed_after_the_session_has_ended_is_left_as_it_was(form: Page) -> None:
    end_session(form)
    form.locator("#id_duration").select_option("8")
    expect(form.locator("#session-ended")).to_be_visible()
    expect(form.locator("#id_prompt")).to_have_value(BOAT)
    expect(form.locator("#id_login")).to_have_count(0)


def test_an_ended_session_keeps_the_form_and_leads_back_to_it(
    form: Page, member: User, sim: Simulator
) -> None:
    end_session(form)
    generate(form)
    told = "Your session has ended. Sign in again. What you typed is kept."
    expect(outcome(form)).to_contain_text(told)
    assert_accessible(form)
    outcome(form).get_by_role("link", name="Sign in").click()
    form.wait_for_url("**/sign-in/?next=*")
    sign_in(form, member.username)
    form.wait_for_url("**/tasks/new/?project=*")
    expect(form.locator("#id_prompt")).to_have_value(BOAT)
    generate(form)
    expect_sent(form)
    assert creates(sim) == 1


def in_another_tab(form: Page, person: User) -> None:
    """Sign in there, which gives this browser another session and another CSRF token."""
    end_session(form)
    tab = form.context.new_page()
    tab.goto(form.url.replace("/tasks/new/", "/sign-in/"))
    sign_in(tab, person.username)
    tab.close()


def test_after_a_new_sign_in_elsewhere_the_open_form_is_sent(
    form: Page, member: User, sim: Simulator
) -> None:
    in_another_tab(form, member)
    generate(form)
    expect_sent(form)
    assert creates(sim) == 1


def test_what_one_person_typed_is_not_sent_as_another(form: Page, manager: User) -> None:
    in_another_tab(form, manager)
    generate(form)
    expect(outcome(form)).to_contain_text("Someone else has signed in in this browser")
    assert not Task.objects.exists()


def test_without_the_right_to_spend_nothing_is_sent(form: Page, member: User) -> None:
    Membership.objects.filter(user=member).update(role="viewer")
    generate(form)
    expect(outcome(form)).to_contain_text("no longer have permission")
    assert not Task.objects.exists()


@pytest.mark.looks
@pytest.mark.parametrize("status", [500, 503])
def test_outcomes_fit_every_window(form: Page, status: int) -> None:
    answer_post(form, lambda route: route.fulfill(status=status))
    generate(form)
    expect(outcome(form).get_by_role("button")).to_be_visible()
    check_appearance(form, closely=(320, 1440))
