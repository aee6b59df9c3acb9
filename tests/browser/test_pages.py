"""Every page, as different people see it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tasks.models import Batch, Bill, Charge, Credential, SavedPrompt, Task, search
from tasks.providers.status import Status
from tasks.tracking.bills import comparing
from tasks.tracking.bills.columns import Columns
from tests.batched import put_into_a_batch
from tests.browser.conftest import Enter, assert_nothing_became_a_picture, watch
from tests.browser.looks import check_appearance
from tests.conftest import MakeTask

pytestmark = pytest.mark.browser


@pytest.fixture
def tasks(make_task: MakeTask, member: User, credential: Credential) -> list[Task]:
    """One task of each status, with long words in two languages."""
    now = timezone.now()
    prompt = (
        "雨后的霓虹小巷，一把红伞缓缓走过 — a red umbrella drifts through a neon alley after rain"
    )
    rows = [
        make_task(
            status=status,
            prompt=prompt,
            search_text=search.searchable(prompt),
            model="doubao-seedance-2-0-260128",
            resolution="720p",
            ratio="16:9",
            duration=5,
            seed=2**32 - 1,
            total_tokens=108_900,
            created_by=member,
            created_at=now - timedelta(minutes=3),
            ended_at=None if status in ("queued", "running") else now,
            error_code="OutputVideoSensitiveContentDetected.PolicyViolation",
            error_message="The request failed because of " + "x" * 200,
            request_id="0217842797869830000000000000000000",
            link_ends_at=now + timedelta(hours=3),
            raw='{"id": "cgt-1", "long": "' + "y" * 300 + '"}',
        )
        for status in Status
    ]
    for row in rows:
        _charge(row, member)
    _bill(rows)
    put_into_a_batch(rows[:2], parent=rows[2])
    SavedPrompt.objects.create(
        project=rows[0].project, name="霓虹 alley", text=f"{prompt}, {{{{colour}}}}"
    )
    Credential.objects.update(trouble="rate_limited", trouble_message="HTTP 429", trouble_since=now)
    return rows


def _charge(task: Task, person: User) -> None:
    """Let the task have cost something, so that the pages of costs have something to show."""
    Charge.objects.create(
        task=task,
        project=task.project,
        credential=task.credential,
        person=person.pk,
        day=task.created_at.date(),
        placed_at=task.created_at,
        state="billed",
        tokens=108_900,
        is_counted=True,
        model="seedance-2-0",
        provider=task.provider,
        outcome="failed" if task.status == Status.FAILED else "succeeded",
        error_code=task.error_code if task.status == Status.FAILED else "",
        currency="CNY",
        micros=5_009_400,
        finish_seconds=120,
    )


def _bill(tasks: list[Task]) -> None:
    """Let there be a bill that is compared, and one whose columns nobody has chosen."""
    lines = "".join(f"{task.remote_id},{task.created_at:%Y-%m-%d},9,5\n" for task in tasks[1:])
    content = f"Task ID,Day,Tokens,Amount\n{lines}cgt-only-there,2026-11-03,9,5\n"
    columns = Columns(
        task_id="Task ID", day="Day", tokens="Tokens", money="Amount", one_currency="CNY"
    )
    made = {"credential": tasks[0].credential, "uploaded_at": timezone.now()}
    made |= {"content": content.encode(), "file_name": "bill-of-november.csv"}
    for chosen in (columns.to_json(), {}):
        bill = Bill.objects.create(columns=chosen, digest=str(len(chosen)), **made)
        comparing.work(bill.pk, 60)


def paths(tasks: list[Task]) -> list[str]:
    return [
        "/",
        "/?status=failed&q=umbrella",
        "/?q=nothing-has-this",
        *(f"/tasks/{task.pk}/" for task in tasks[:6]),
        *(batch.get_absolute_url() for batch in Batch.objects.all()),
        "/archive/",
        "/credentials/",
        f"/credentials/{tasks[0].credential_id}/",
        f"/credentials/{tasks[0].credential_id}/prices/",
        "/budgets/",
        f"/budgets/{tasks[0].project_id}/",
        "/costs/?by=model&then=outcome&measure=takes",
        "/costs/failures/",
        "/costs/differences/",
        "/costs/charges/",
        *(f"/costs/bills/{path}" for path in ("", *(f"{bill.pk}/" for bill in Bill.objects.all()))),
        "/costs/exports/",
        "/settings/",
        "/tasks/track/",
        "/tasks/new/",
        "/prompts/",
        *(saved.get_absolute_url() for saved in SavedPrompt.objects.all()),
        "/welcome/",
        "/password/",
        "/no-such-page",
    ]


@pytest.mark.looks
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh-hans", "dark")])
def test_every_page_is_accessible_and_fits_in_either_light_and_language(
    live_server: Any,
    enter: Enter,
    staff: User,
    tasks: list[Task],
    theme: str,
    language: str,
    complaints: list[str],
    page: Page,
) -> None:
    """Ask axe in English, in both themes; another language has the same elements and colours."""
    for name, value in (("theme", theme), ("django_language", language)):
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    enter(staff)
    for path in paths(tasks):
        page.goto(live_server.url + path)
        root = "document.documentElement"
        assert page.evaluate(f"[{root}.dataset.theme, {root}.lang]") == [theme, language]
        check_appearance(page, closely=(1440,) if language == "en" else ())


@pytest.mark.looks
def test_a_statement_is_accessible_and_light_in_any_light(
    live_server: Any,
    enter: Enter,
    staff: User,
    tasks: list[Task],
    complaints: list[str],
    page: Page,
) -> None:
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": live_server.url}])
    enter(staff)
    month = timezone.now().strftime("%Y-%m")
    page.goto(f"{live_server.url}/costs/statement/{tasks[0].project_id}/{month}/?takes=1")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    check_appearance(page)


@pytest.mark.looks
def test_the_public_pages_are_accessible(
    live_server: Any, page: Page, staff: User, complaints: list[str]
) -> None:
    for path in ("/sign-in/", "/enter/of-no-use/"):
        page.goto(live_server.url + path)
        check_appearance(page)


@pytest.mark.looks
def test_the_page_of_all_components_is_accessible(
    settings: Any, enter: Enter, member: User, page: Page
) -> None:
    settings.IS_DEMO = True
    enter(member, "/design/")
    check_appearance(page, closely=(320, 1440))


def test_targets_are_large_enough_for_a_thumb(
    enter: Enter, staff: User, tasks: list[Task], page: Page
) -> None:
    page.set_viewport_size({"width": 375, "height": 900})
    enter(staff)
    small = page.evaluate(
        """() => [...document.querySelectorAll(":is(main, header, nav) :is(a, button, summary)")]
            .filter(e => e.checkVisibility() && getComputedStyle(e).display !== "inline")
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.width && box.height < 43.5)
            .map(([html, box]) => `${Math.round(box.height)} px: ${html}`)"""
    )
    assert small == []


def test_texts_of_others_are_escaped_everywhere(
    live_server: Any, enter: Enter, staff: User, hostile: list[Task], page: Page
) -> None:
    enter(staff)
    for path in paths(hostile):
        page.goto(live_server.url + path)
        assert_nothing_became_a_picture(page)
    page.goto(live_server.url)
    assert "<script>alert(2)</script>{{7*7}}" in page.inner_text("body")


def test_everything_but_liveness_works_without_scripts(
    browser: Browser, enter: Enter, member: User, tasks: list[Task]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, page=context.new_page())
        expect(page.locator(".take")).to_have_count(len(tasks))
        page.locator(".statuses a", has_text="Failed").click()
        expect(page.locator(".take")).to_have_count(1)
        page.fill("#search", "umbrella")
        page.press("#search", "Enter")
        page.locator(".take a").first.click()
        expect(page.locator("[data-status=failed]").first).to_be_visible()
        expect(page.locator("main")).to_contain_text("PolicyViolation")
        page.click(".act-more > summary")
        page.click("[data-refresh]")
        page.click(".menu-more summary")
        page.locator(".menu-more a", has_text="Track").click()
        page.fill("#id_ids", "cgt-20261120120000-zzzzz")
        page.click("button[value=preview]")
        page.click("button[value=track]")
        expect(page.locator(".take")).to_have_count(len(tasks) + 1)


def test_filters_live_in_the_address_and_the_back_button_undoes_them(
    enter: Enter, member: User, tasks: list[Task], complaints: list[str]
) -> None:
    page = enter(member)
    page.locator(".statuses a", has_text="Generating").click()
    page.wait_for_url("**/?status=queued&status=running&status=submitting")
    expect(page.locator(".take")).to_have_count(3)
    page.go_back()
    expect(page.locator(".take")).to_have_count(len(tasks))


def test_the_keyboard_is_enough(
    enter: Enter, member: User, tasks: list[Task], complaints: list[str]
) -> None:
    page = enter(member)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("j")
    assert page.input_value("#search") == "j"
    page.fill("#search", "")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**/tasks/{tasks[-2].pk}/")
    page.keyboard.press("s")
    expect(page.locator(".is-starred")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("e")
    page.wait_for_url(f"**/tasks/new/?from={tasks[-2].pk}")
    page.go_back()
    page.keyboard.press("n")
    page.wait_for_url("**/tasks/new/")
    enter(member)
    page.keyboard.press("g")
    page.wait_for_url("**view=grid")


def test_a_shortcut_works_at_once_when_a_dialog_was_closed(
    enter: Enter, member: User, tasks: list[Task], complaints: list[str]
) -> None:
    page = enter(member, f"/tasks/{tasks[-2].pk}/")
    # Until the next frame the focus is still on the button of the dialog that is gone.
    page.evaluate(
        """() => {
            const dialog = document.querySelector("#keys"), button = dialog.querySelector("button");
            dialog.showModal();
            dialog.close();
            button.dispatchEvent(new KeyboardEvent("keydown", { key: "e", bubbles: true }));
        }"""
    )
    page.wait_for_url(f"**/tasks/new/?from={tasks[-2].pk}")


def test_language_and_theme_are_one_click_away(
    enter: Enter, member: User, tasks: list[Task], complaints: list[str]
) -> None:
    page = enter(member, "/?status=failed")
    menu = page.locator("details.menu", has_text="简体中文")
    menu.locator("summary").click()
    menu.get_by_text("简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert "status=failed" in page.url
    expect(page.locator(".state[data-status=failed]").first).to_have_text("失败")
    menu.locator("summary").click()
    menu.get_by_text("深色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_system_decides_between_light_and_dark_until_a_person_does(
    browser: Browser, enter: Enter, member: User
) -> None:
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = enter(member, page=context.new_page())
            assert page.get_attribute("html", "data-theme") == scheme


def test_a_viewer_sees_nothing_that_would_be_refused(
    live_server: Any, enter: Enter, viewer: User, tasks: list[Task]
) -> None:
    page = enter(viewer)
    errors: list[str] = []
    watch(page, errors)
    page.goto(f"{live_server.url}/tasks/{tasks[0].pk}/")
    assert page.locator("[data-refresh]").count() == 0
    assert page.locator("a[href='/tasks/track/'], a[href^='/admin/']").count() == 0
    assert not errors
