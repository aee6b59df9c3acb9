"""Pages about another project's task, and about asking too often: their look, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tasks.models import Credential, Project, Task
from tasks.providers.status import Status
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance
from tests.conftest import MakeTask


@pytest.fixture
def note(make_task: MakeTask, stranger: User) -> Task:
    return make_task(
        "cgt-20261120120000-found",
        project=Project.objects.get(name="Elsewhere"),
        status=Status.FOREIGN,
        base_url="note:1",
        created_by=stranger,
        check_after=None,
    )


@pytest.mark.looks
@pytest.mark.usefixtures("complaints", "transactional_db")
def test_a_note_looks_like_a_page_of_its_own(
    enter: Enter, stranger: User, note: Task, make_task: MakeTask
) -> None:
    make_task(project=note.project, prompt="A paper boat", status=Status.SUCCEEDED)
    page = enter(stranger, note.get_absolute_url())
    expect(page.locator("#task-status")).to_contain_text("belongs to another project")
    check_appearance(page)
    page.goto(page.url.replace(note.get_absolute_url(), "/"))
    expect(page.locator(f"#t{note.pk}-status")).to_contain_text("belongs to another project")
    check_appearance(page)


@pytest.mark.looks
@pytest.mark.usefixtures("complaints", "transactional_db")
def test_the_page_for_searching_too_often(enter: Enter, member: User, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"search": (1, 60)}
    page = enter(member, "/?q=boat")
    page.reload()
    expect(page.get_by_role("heading")).to_have_text("Too many requests")
    expect(page.locator("main")).to_contain_text("You searched for “boat”.")
    check_appearance(page)


@pytest.mark.usefixtures("transactional_db")
def test_the_form_for_tracking_keeps_what_was_typed(
    enter: Enter, member: User, credential: Credential, settings: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"track": (1, 3600)}
    page = enter(member, "/tasks/track/")
    for _ in range(2):
        page.goto(page.url)
        page.get_by_label("Task ids").fill("cgt-20261120120000-found")
        page.locator("main button[type=submit]").first.click()
    expect(page.locator("#toasts")).to_contain_text("You can continue in 60 min, at")
    expect(page.get_by_label("Task ids")).to_have_value("cgt-20261120120000-found")


@pytest.mark.usefixtures("transactional_db")
def test_htmx_shows_what_a_429_says(
    enter: Enter, member: User, make_task: MakeTask, settings: Any
) -> None:
    task = make_task(status=Status.RUNNING, check_after=timezone.now())
    page = enter(member, task.get_absolute_url())
    told = '<div class="toasts" id="toasts" role="status" hx-swap-oob="true">Until noon</div>'
    page.route(
        "**/refresh/",
        lambda route: route.fulfill(status=429, headers={"HX-Reswap": "none"}, body=told),
    )
    page.locator("details:has([data-refresh]) > summary").click()
    page.locator("[data-refresh]").click()
    expect(page.locator("#toasts")).to_have_text("Until noon")
