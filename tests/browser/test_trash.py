"""Stars, deleting and restoring with the mouse; the trash and the audit on every screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tasks.models import AuditAction, AuditEntry, Project, Star, Task
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy, save_copy

__all__ = ["save_copy"]
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("complaints")]

LONG = "A prompt that goes on and on, " * 9 + "x" * 60


def test_a_star_is_set_with_one_press_and_found_again(
    enter: Enter, viewer: User, make_task: MakeTask
) -> None:
    first, second = make_task("cgt-1"), make_task("cgt-2")
    page = enter(viewer)
    page.click(f"#t{first.pk}-star")
    expect(page.locator(f"#t{first.pk}-star .is-starred")).to_be_visible()
    expect(page.locator(f"#t{second.pk}-star .is-starred")).to_have_count(0)
    assert list(Star.objects.tasks_of(viewer)) == [first.pk]
    page.click("#status-starred")
    expect(page.locator(".take")).to_have_count(1)
    page.click("[data-row-link]")
    page.click(f"#t{first.pk}-star")
    expect(page.locator(f"#t{first.pk}-star .is-starred")).to_have_count(0)
    assert_accessible(page)
    assert not Star.objects.exists()


def test_chosen_rows_go_to_the_trash_and_come_back(
    enter: Enter, manager: User, make_task: MakeTask
) -> None:
    tasks = [make_task(f"cgt-{number}") for number in range(3)]
    page = enter(manager)
    for task in tasks[:2]:
        page.locator(f"#t{task.pk} [data-choose]").check(force=True)
    page.click("#selection button:has-text('Delete')")
    expect(page.locator(".take")).to_have_count(1)
    expect(page.locator("#selection")).to_be_hidden()
    expect(page.locator(".toast-note")).to_contain_text("2 tasks moved to the trash")
    page.goto(page.url.rstrip("/") + "/trash/")
    expect(page.locator(".trash-row")).to_have_count(2)
    page.locator(".trash-restore").first.click()
    expect(page.locator(".trash-row")).to_have_count(1)
    page.locator("[data-choose]").check()
    page.click("#selection button:has-text('Delete permanently')")
    expect(page.locator("main")).to_contain_text(
        "1 task and its saved files will be deleted permanently"
    )
    assert_accessible(page)
    page.click("main button.btn-danger")
    expect(page.locator("main h2")).to_have_text("The trash is empty")
    assert Task.objects.kept().count() == 2


def test_deleting_the_video_leaves_its_task(
    enter: Enter, manager: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task("cgt-1", status="succeeded")
    save_copy(task, b"a frame", kind="last_frame")
    save_copy(task, b"no film that plays")
    page = enter(manager, "/trash/")
    page.goto(page.url.replace("/trash/", f"/tasks/{task.pk}/"))
    page.click(".act-more > summary")
    page.click(".deletion summary")
    assert_accessible(page)
    page.click("text=Delete video only")
    expect(page.locator(".screen-deleted")).to_be_visible()
    expect(page.locator(".kept-panel").first).to_contain_text("restorable until")
    assert_accessible(page)


@pytest.fixture
def furnished(make_task: MakeTask, save_copy: SaveCopy, member: User, project: Project) -> None:
    now = timezone.now()
    User.objects.filter(pk=member.pk).update(username="somebody-with-a-rather-long-name")
    for days in (1, 28):
        gone = {"deleted_at": now - timedelta(days=days), "deleted_by": member}
        make_task(prompt=LONG, **gone)
        save_copy(make_task(prompt=LONG), b"a video", **gone)
    for verb in AuditAction:
        AuditEntry.objects.create(
            verb=verb, actor=member.username, label=LONG[:200], project_id=project.pk,
            address="2001:db8:1234:5678:9abc:def0:1234:5678",
            changes={"role": ["viewer", "member"], "base_url": ["https://" + "a" * 70, ""]},
        )  # fmt: skip


@pytest.mark.looks
def test_the_trash_and_the_audit_fit_and_are_accessible(
    enter: Enter, page: Page, staff: User, furnished: None
) -> None:
    enter(staff, "/trash/")
    root = page.url.removesuffix("/trash/")
    filters = "?what=people&kind=task&since=2026-01-01&until=2036-01-01"
    filters += "&address=2001:db8:1234:5678:9abc:def0:1234:5678"
    for path in ("/trash/", "/trash/?kind=videos", "/audit/", f"/audit/{filters}"):
        page.goto(root + path)
        expect(page.locator(".trash-row, .audit-line, .empty-room").first).to_be_visible()
        check_appearance(page, closely=(320, 1440))
