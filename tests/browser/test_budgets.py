"""Budgets of all kinds in a browser: read, set and changed, in either light and at all widths."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tasks.models import Budget, Charge, Credential, Period, Project
from tasks.models.charge import day_of
from tests.browser.conftest import Enter
from tests.browser.looks import check_appearance

pytestmark = pytest.mark.looks


@pytest.fixture
def budgets(project: Project, member: User, staff: User, credential: Credential) -> None:
    """One of each scope and period, in all states from fresh to used up."""
    subjects: list[dict[str, Any]] = [
        {"project": project},
        {"project": project, "person": member},
        {"project": project, "person": staff},
        {"person": staff},
        {"credential": credential},
    ]
    common = {"project": project, "day": day_of(timezone.now()), "credential": credential}
    for person in (member, staff):
        Charge.objects.create(**common, person=person.pk, tokens=700_000, state="billed")
        Charge.objects.create(**common, person=person.pk, tokens=120_000)
    for subject in subjects:
        for span, limit in zip(Period, (10_000_000, 950_000, 400_000), strict=True):
            row = {**subject, "period": span, "levels": "50, 75, 90"}
            Budget.objects.create(**row, limit=limit, set_by=staff, set_at=timezone.now())


def test_pages_of_budgets_are_accessible_and_fit(
    budgets: None, enter: Enter, staff: User, project: Project, live_server: Any
) -> None:
    page = enter(staff, "/budgets/")
    [own, *_] = Budget.objects.all()
    for path in (
        f"/budgets/{project.pk}/",
        "/budgets/site/",
        f"/budgets/{project.pk}/add/",
        f"/budgets/limits/{own.pk}/",
    ):
        page.goto(live_server.url + path)
        check_appearance(page)
    Project.objects.create(name="Second")
    page.goto(f"{live_server.url}/budgets/")
    check_appearance(page)


def test_a_manager_sets_changes_and_removes_a_budget(
    enter: Enter, manager: User, member: User, project: Project
) -> None:
    page = enter(manager, f"/budgets/{project.pk}/")
    page.get_by_role("link", name="Add a budget").click()
    page.get_by_label("For").select_option(str(member.pk))
    page.get_by_label("Period").select_option("week")
    page.get_by_label("Limit").fill("5000")
    page.get_by_label("Warn at").fill("eighty")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Warn at")).to_be_focused()
    page.get_by_label("Warn at").fill("60, 95")
    page.get_by_role("button", name="Save").click()
    shown = page.locator(".budget-of-person .budget-standing")
    expect(shown.locator(".budget-percent")).to_have_text("0 %")
    expect(shown.locator(".is-mark")).to_have_count(2)
    shown.get_by_role("link", name="Change").click()
    page.get_by_label("Limit").fill("6000")
    page.get_by_role("button", name="Save").click()
    expect(shown).to_contain_text("6,000 tokens")
    shown.get_by_role("link", name="Change").click()
    page.locator(".budget-remove button").click()
    page.wait_for_url(f"**/budgets/{project.pk}/")
    expect(shown).to_have_count(0)
