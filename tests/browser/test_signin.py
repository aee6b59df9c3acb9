"""Signing in, tracking and the Django admin in a real Chromium, under our CSP."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import Credential, Project, Task
from tasks.team import signin
from tests.browser.conftest import Enter, assert_nothing_became_a_picture
from tests.browser.looks import COLOUR_RULES, assert_accessible, set_theme
from tests.conftest import MakeTask
from tests.web.test_admin import every_admin_page

pytestmark = pytest.mark.browser


def test_an_empty_installation_leads_to_its_first_tracked_task(
    live_server: Any, page: Page, project: Project, complaints: list[str]
) -> None:
    page.goto(live_server.url)
    assert_accessible(page)
    page.goto(signin.sign_in_url(live_server.url))
    assert_accessible(page)
    page.fill("#id_username", "first")
    page.fill("#id_password1", "tall-orange-7")
    page.fill("#id_password2", "tall-orange-7")
    page.click("main button[type=submit].btn-primary")
    page.click("text=Add a credential >> nth=-1")
    page.fill("#id_name", "Ark")
    page.fill("#id_key", "ark-0123456789abcdef")
    page.click("main button[type=submit]")
    expect(page.locator("#test")).to_contain_text("Test of the connection")
    page.goto(f"{live_server.url}/tasks/track/")
    assert_accessible(page)
    page.fill("#id_ids", "cgt-20261120120000-aaaaa task_0123456789abc cgt!2026 cgt-1")
    page.click("button[value=preview]")
    assert_accessible(page)
    page.click("button[value=track]")
    expect(page.locator("body")).to_contain_text("Tracking 2 tasks")
    assert Task.objects.count() == 2


def test_a_password_can_be_looked_at_until_it_is_sent(
    live_server: Any, page: Page, staff: User, complaints: list[str]
) -> None:
    page.goto(f"{live_server.url}/sign-in/")
    field, button = page.locator("#id_password"), page.locator("main .secret-show")
    field.fill("tall-orange-7")
    expect(field).to_have_attribute("type", "password")
    button.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.url.endswith("/sign-in/"), "it sends nothing"
    assert_accessible(page)
    page.locator("main form").first.evaluate("form => form.dispatchEvent(new Event('submit'))")
    expect(field).to_have_attribute("type", "password")
    expect(button).to_have_attribute("aria-pressed", "false")


@pytest.mark.looks
def test_the_admin_is_accessible_in_either_light(
    live_server: Any, page: Page, enter: Enter, staff: User, make_task: MakeTask
) -> None:
    task = make_task()
    enter(staff)
    task_pages = ["tasks/task/", f"tasks/task/{task.pk}/change/", f"tasks/task/{task.pk}/delete/"]
    project = f"tasks/project/{task.project_id}/change/"
    forms = ["tasks/credential/add/", project, "auth/user/add/"]
    for path in ("", *task_pages, *forms, "tasks/credential/", "tasks/statuschange/"):
        page.goto(f"{live_server.url}/admin/{path}")
        for theme in ("light", "dark"):
            set_theme(page, theme)
            assert_accessible(page, *(COLOUR_RULES if theme == "dark" else ()))


def test_the_admin_works_under_the_policy_and_shows_what_others_wrote_as_text(
    live_server: Any,
    page: Page,
    enter: Enter,
    staff: User,
    hostile: list[Task],
    complaints: list[str],
) -> None:
    enter(staff)
    for url in every_admin_page():
        page.goto(live_server.url + url)
        assert_nothing_became_a_picture(page)
    page.goto(f"{live_server.url}/admin/tasks/project/{Project.objects.get().pk}/change/")
    page.click("text=Add another Membership")
    page.click(".select2-selection >> nth=0")
    assert page.inner_text(".select2-results__option >> nth=0")


def test_a_mistake_in_a_form_gets_the_focus(
    enter: Enter,
    member: User,
    credential: Credential,
    complaints: list[str],
) -> None:
    page = enter(member, "/tasks/track/")
    page.fill("#id_ids", "sk-only-a-key-12345")
    page.click("button[value=preview]")
    expect(page.locator("#id_ids")).to_be_focused()
    assert page.input_value("#id_ids") == "sk-only-a-key-12345"
    assert_accessible(page)
