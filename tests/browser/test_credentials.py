"""Credentials in a real browser: added, tested by a worker, and looked at in any light."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from playwright.sync_api import Browser, Page, expect

from tasks import jobs
from tasks.models import Credential, HealthMinute, latency
from tasks.models.health import AnswerTally
from tasks.simulator.server import Simulator
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance

pytestmark = pytest.mark.browser


@pytest.fixture
def working(transactional_db: None) -> Iterator[None]:
    """Run the queued tests of credentials, as a worker would."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            for row in OrmQ.objects.all():
                pk = row.task["args"][0]
                row.delete()
                jobs.test_credential(pk)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stop.set()
    worker.join()


@pytest.fixture
def a_day(account: Credential) -> Credential:
    """A credential with good and slow hours, errors, and a few minutes of too many requests."""
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = {}
    for ago in range(0, 1_440, 3):
        heard = AnswerTally(20, Counter(), Counter({latency.bin_of(0.2 + ago / 400): 20}))
        if 200 < ago < 260:
            heard.troubles.update(rate_limited=4, server=2)
        minutes[account.pk, now - timedelta(minutes=ago)] = heard
    HealthMinute.objects.add(minutes)
    return account


def test_an_account_is_added_and_its_test_appears_by_itself(
    enter: Enter, sim: Simulator, staff: User, working: None, complaints: list[str]
) -> None:
    page = enter(staff, "/credentials/add/")
    expect(page.locator("#id_base_url")).to_have_value("https://ark.cn-beijing.volces.com/api/v3")
    page.select_option("#id_provider", "dataeyes")
    expect(page.locator("#id_base_url")).to_have_value("https://api.dataeyes.ai")
    page.select_option("#id_provider", "volcengine")
    page.fill("#id_name", "Pretend Ark")
    page.fill("#id_base_url", sim.base_url("volcengine"))
    page.fill("#id_key", "sim-browser-0123")
    page.click("main button[type=submit]")
    expect(page.locator("#test .verdict")).to_contain_text("and the key works")
    expect(page.locator("#test [data-step=list]")).to_have_attribute("data-state", "ok")
    expect(page.locator("#condition .state")).to_have_class("state tone-green")
    assert "sim-browser-0123" not in page.content()
    page.fill("#id_new-key", "refused-0123456789")
    page.get_by_role("button", name="Replace and test").click()
    expect(page.locator("#test .verdict")).to_contain_text("rejected the key")
    expect(page.locator("#test [data-step=key]")).to_have_attribute("data-state", "failed")
    expect(page.locator("#test [data-step=reachable]")).to_have_attribute("data-state", "ok")
    expect(page.locator("#condition .state")).to_have_class("state tone-red")
    expect(page.locator("#matter .account-matter")).to_be_visible()
    assert_accessible(page)
    assert Credential.objects.get().trouble == "unauthorized"


def test_a_key_of_another_provider_is_recognized_while_it_is_typed(
    enter: Enter, staff: User, complaints: list[str]
) -> None:
    page = enter(staff, "/credentials/add/")
    hint = page.locator("#looks-like")
    expect(hint).to_be_hidden()
    page.select_option("#id_provider", "openrouter")
    page.fill("#id_key", "0f8b2c44-aaaa-4bbb-8ccc-1234567890ab")
    page.locator("#id_key").press("Tab")
    expect(hint).to_contain_text("Volcengine Ark")
    assert_accessible(page)
    hint.get_by_role("button").click()
    expect(hint).to_be_hidden()
    expect(page.locator("#id_provider")).to_have_value("volcengine")
    expect(page.locator("#id_base_url")).to_have_value("https://ark.cn-beijing.volces.com/api/v3")
    page.fill("#id_base_url", "openrouter.ai/api/v1")
    page.locator("#id_base_url").press("Tab")
    expect(hint).to_contain_text("OpenRouter")


def test_the_button_tests_again_and_keeps_the_focus(
    enter: Enter, account: Credential, staff: User, working: None, complaints: list[str]
) -> None:
    page = enter(staff, f"/credentials/{account.pk}/")
    expect(page.locator("#test")).to_contain_text("Not tested yet")
    page.locator("#test-button").press("Enter")
    expect(page.locator("#test .verdict")).to_contain_text("and the key works")
    expect(page.locator("#test-button")).to_be_enabled()
    expect(page.locator("#test-button")).to_be_focused()


@pytest.mark.looks
def test_the_pages_are_accessible_fit_every_window_and_every_thumb(
    live_server: Any,
    enter: Enter,
    a_day: Credential,
    staff: User,
    complaints: list[str],
    page: Page,
) -> None:
    enter(staff)
    for path in ("", f"{a_day.pk}/", "add/", f"{a_day.pk}/remove/"):
        page.goto(f"{live_server.url}/credentials/{path}")
        page.set_viewport_size({"width": 375, "height": 900})
        assert path.endswith("remove/") or too_small(page) == []
        for details in page.locator("main details").all():
            details.evaluate("element => { element.open = true; }")
        check_appearance(page)


def too_small(page: Page) -> list[str]:
    boxes: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main summary, main label")]
            .filter(e => e.checkVisibility() && getComputedStyle(e).display !== "inline")
            .filter(e => !e.matches(".form-label"))
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.width && box.height < 43.5)
            .map(([html, box]) => `${Math.round(box.height)} px: ${html}`)"""
    )
    return boxes


def test_everything_works_without_scripts(
    browser: Browser, enter: Enter, account: Credential, staff: User, working: None
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(staff, f"/credentials/{account.pk}/", page=context.new_page())
        page.click("#test-button")
        for _ in range(100):
            if page.locator("#test .verdict").count():
                break
            page.reload()
        expect(page.locator("#test .verdict")).to_contain_text("and the key works")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".account-head .state")).to_contain_text("Paused")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".account-head .state")).to_contain_text("Working")
