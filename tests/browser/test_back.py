"""Back shows a page at once, out of the browser's memory; after signing out it shows none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserType, Page, expect

from tasks.models import Profile
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser

PASSWORD = "a password of the tests"
REMEMBER = "addEventListener('pageshow', (e) => { window.outOfMemory = e.persisted; })"


@pytest.fixture
def remembering(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], live_server: Any
) -> Iterator[Page]:
    """A page of a browser that keeps pages in memory; Chromium's shell cannot."""
    whole = shutil.which("chromium")
    if whole is None:
        pytest.skip("Only a whole Chromium has pages in memory, and here is none.")
    options = browser_type_launch_args | {"executable_path": whole}
    kept = ["--disable-back-forward-cache"]
    with browser_type.launch(**options, ignore_default_args=kept) as browser:
        context = browser.new_context(base_url=by_name(live_server))
        context.add_init_script(REMEMBER)
        yield context.new_page()


def by_name(live_server: Any) -> str:
    return str(live_server.url.replace("127.0.0.1", "localhost"))


def sign_in(page: Page, base: str = "") -> None:
    page.goto(f"{base}/sign-in/")
    page.fill("#id_login", "member")
    page.fill("#id_password", PASSWORD)
    page.click("main form >> nth=0 >> button[type=submit]")


def sign_out(page: Page) -> None:
    page.locator("form[action='/sign-out/'] button").evaluate("button => button.form.submit()")
    page.wait_for_url("**/sign-in/**")


def test_back_shows_lists_and_tasks_out_of_the_browsers_memory(
    remembering: Page, member: User, make_task: MakeTask
) -> None:
    page, task = remembering, make_task(prompt="A boat at dawn")
    Profile.objects.remember(member, notifies=True)  # whose pages hold a lock while they are shown
    sign_in(page)
    for address in ("/", f"/tasks/{task.pk}/", "/archive/", "/tasks/new/", "/budgets/"):
        page.goto(address)
        page.goto("/settings/")
        page.go_back(wait_until="commit")
        page.wait_for_function("() => window.outOfMemory !== undefined")
        assert page.evaluate("window.outOfMemory"), address
        assert page.url.endswith(address)


def test_after_signing_out_back_leads_to_the_sign_in_page(
    remembering: Page, member: User, make_task: MakeTask
) -> None:
    page = remembering
    make_task(prompt="A boat at dawn")
    sign_in(page)
    page.goto("/archive/")
    page.goto("/")
    expect(page.locator("#content")).to_contain_text("A boat at dawn")
    sign_out(page)
    page.go_back(wait_until="commit")
    page.wait_for_url("**/sign-in/?next=**")
    expect(page.locator("#id_login")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("A boat at dawn")


def test_a_page_out_of_memory_is_shown_to_its_own_person_only(
    page: Page, live_server: Any, member: User, make_task: MakeTask
) -> None:
    make_task(prompt="A boat at dawn")
    sign_in(page, base=by_name(live_server))
    page.wait_for_load_state()  # the page's own script listens from then on
    comes_back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    page.evaluate(f"window.marked = true; {comes_back}")
    assert page.evaluate("window.marked") and "A boat at dawn" in page.content()
    page.evaluate(f"localStorage.setItem('person', '0'); {comes_back}")
    page.wait_for_function("() => window.marked === undefined")


def test_signing_out_leaves_nothing_that_scripts_stored(
    page: Page, live_server: Any, member: User
) -> None:
    sign_in(page, base=by_name(live_server))
    page.goto(f"{by_name(live_server)}/archive/")
    page.evaluate("localStorage.setItem('typed', 'a prompt')")
    sign_out(page)
    assert page.evaluate("localStorage.getItem('typed')") is None
