"""The browser reports no breach of the policy, whatever the form goes through."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tasks.models import Credential, Task
from tests.browser.conftest import Enter

pytestmark = pytest.mark.browser

#: Keeps what is reported from one page to the next.
LISTEN = """document.addEventListener("securitypolicyviolation", (event) => {
  const before = JSON.parse(sessionStorage.getItem("reports") || "[]");
  const report = `${event.effectiveDirective} by ${event.sourceFile}:${event.lineNumber}`;
  sessionStorage.setItem("reports", JSON.stringify([...before, report]));
});"""
#: Makes fields larger, as dragging the corner of a textarea does.
GROW = """() => {
    for (const field of document.querySelectorAll("#compose-body :is(textarea, fieldset)[id]"))
        field.style.height = `${field.offsetHeight + 40}px`;
}"""


def reports(page: Page) -> list[str]:
    found: list[str] = page.evaluate("JSON.parse(sessionStorage.getItem('reports') || '[]')")
    return found


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, page: Page) -> Page:
    page.add_init_script(LISTEN)
    return enter(member, "/tasks/new/")


def test_the_form_and_what_it_leads_to_break_no_rule(form: Page) -> None:
    form.locator("#id_prompt").fill("A paper boat on a canal")
    form.evaluate(GROW)
    for _ in range(2):
        with form.expect_response("**/preview/"):
            form.evaluate("htmx.trigger('#compose-body', 'change')")
        expect(form.locator("#compose-body:is(.htmx-settling, .htmx-request)")).to_have_count(0)
    form.get_by_role("button", name=re.compile("^(Make|Generate)")).first.click()
    expect(form.locator("#compose-outcome")).to_contain_text("1 request sent.")
    assert Task.objects.exists()
    assert reports(form) == []


def test_a_style_set_by_htmx_would_be_reported(form: Page) -> None:
    """Check what the test above listens to: the browser reports an attribute set by a script."""
    form.evaluate("document.body.setAttribute('style', 'color: red')")
    form.wait_for_function("() => sessionStorage.getItem('reports')")
    assert reports(form)[0].startswith("style-src-attr")
