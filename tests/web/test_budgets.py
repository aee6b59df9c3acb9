"""The pages of budgets: what they show to whom, their forms, and the form's line about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.models import (
    AuditAction,
    AuditEntry,
    Budget,
    Charge,
    Credential,
    Membership,
    Period,
    Project,
    Scope,
    TakeLimits,
)
from tasks.models.charge import day_of
from tests.web.conftest import ClientOf
from tests.web.test_billing import ONE, ark, desk, look, office, words

__all__ = ["ark", "desk", "office"]

ENTERED = {"period": "week", "limit": "500", "unit": "CNY", "levels": "50, 90"}


def spend(project: Project, tokens: int, **more: Any) -> Charge:
    usual = {"day": day_of(timezone.now()), "state": "billed"}
    return Charge.objects.create(project=project, tokens=tokens, **usual | more)


def recorded() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(verb=AuditAction.BUDGET_CHANGED).order_by("pk"))


# Setting them


def test_a_manager_sets_a_budget_of_the_project_and_that_is_on_the_record(
    office: Client, project: Project, manager: User
) -> None:
    answer = office.post(f"/budgets/{project.pk}/add/", ENTERED | {"person": ""})
    assert answer.headers["Location"] == f"/budgets/{project.pk}/"
    row = Budget.objects.get()
    assert (row.scope, row.period, row.unit, row.limit) == (Scope.PROJECT, "week", "CNY", 500)
    assert (row.levels, row.set_by) == ("50, 90", manager) and row.set_at is not None
    [entry] = recorded()
    assert (entry.project_id, entry.label) == (project.pk, "Dailies")
    assert entry.changes == {
        "period": [None, "week"],
        "unit": [None, "CNY"],
        "limit": [None, "500"],
        "levels": [None, "50, 90"],
    }


def test_a_manager_sets_a_budget_of_a_person_in_the_project(
    office: Client, project: Project, member: User
) -> None:
    office.post(f"/budgets/{project.pk}/add/", ENTERED | {"person": member.pk})
    row = Budget.objects.get()
    assert (row.scope, row.person, row.project) == (Scope.MEMBER, member, project)
    assert recorded()[0].label == "Dailies · member"


def test_only_people_who_spend_in_the_project_can_be_chosen(
    office: Client, project: Project, viewer: User, stranger: User
) -> None:
    for person in (viewer, stranger):
        answer = office.post(f"/budgets/{project.pk}/add/", ENTERED | {"person": person.pk})
        assert "person" in answer.context["form"].errors
    assert not Budget.objects.exists()


def test_staff_set_budgets_of_people_over_all_and_of_credentials(
    client_of: ClientOf, staff: User, member: User, ark: Credential
) -> None:
    office = client_of(staff)
    for kind, subject in (
        ("people", {"person": member.pk}),
        ("credentials", {"credential": ark.pk}),
    ):
        answer = office.post(f"/budgets/{kind}/add/", ENTERED | subject)
        assert answer.headers["Location"] == "/budgets/site/"
        assert office.post(f"/budgets/{kind}/add/", ENTERED).context["form"].errors
    assert [row.scope for row in Budget.objects.order_by("pk")] == [Scope.PERSON, Scope.CREDENTIAL]
    assert [(entry.project_id, entry.label) for entry in recorded()] == [
        (None, "member"),
        (None, str(ark)),
    ]


def test_a_change_is_on_the_record_with_what_was_before(office: Client, project: Project) -> None:
    row = Budget.objects.create(project=project, limit=Decimal("7.5"), unit="CNY")
    url = f"/budgets/limits/{row.pk}/"
    page = office.get(url)
    initial = page.context["form"].initial
    assert (initial["limit"], initial["levels"]) == ("7.5", "80, 100")
    form = {"period": "month", "limit": "8", "unit": "CNY", "levels": "80,100"}
    assert office.post(url, form).status_code == 302
    assert [entry.changes for entry in recorded()] == [{"limit": ["7.5", "8"]}]
    office.post(url, form)
    assert len(recorded()) == 1


def test_a_budget_is_removed_and_what_was_used_stays_counted(
    office: Client, project: Project
) -> None:
    row = Budget.objects.create(project=project, limit=0)
    spend(project, 77)
    answer = office.post(f"/budgets/limits/{row.pk}/remove/")
    assert answer.headers["Location"] == f"/budgets/{project.pk}/"
    assert not Budget.objects.exists()
    [entry] = recorded()
    assert entry.changes["limit"] == ["0", None]
    assert "77 tokens" in words(office.get(f"/budgets/{project.pk}/"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"limit": "-1"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "1.5", "unit": "tokens"}, "limit"),
        ({"unit": "XXX"}, "unit"),
        ({"period": "year"}, "period"),
        ({"levels": "0"}, "levels"),
        ({"levels": "eighty"}, "levels"),
    ],
)
def test_an_invalid_budget_is_refused_beside_its_field(
    office: Client, project: Project, wrong: dict[str, str], field: str
) -> None:
    answer = office.post(f"/budgets/{project.pk}/add/", ENTERED | wrong)
    assert answer.context["form"].errors.keys() == {field}
    assert not Budget.objects.exists()


def test_a_second_budget_of_the_same_kind_is_refused(office: Client, project: Project) -> None:
    office.post(f"/budgets/{project.pk}/add/", ENTERED)
    again = office.post(f"/budgets/{project.pk}/add/", ENTERED | {"limit": "9"})
    assert again.context["form"].errors.keys() == {"period"}
    office.post(f"/budgets/{project.pk}/add/", ENTERED | {"period": "day"})
    first, second = Budget.objects.order_by("pk")
    changed = office.post(f"/budgets/limits/{second.pk}/", ENTERED)
    assert changed.context["form"].errors.keys() == {"period"}
    assert (first.limit, Budget.objects.get(pk=second.pk).period) == (500, "day")


def test_a_manager_changes_nothing_outside_their_projects(
    office: Client, member: User, ark: Credential, stranger: User
) -> None:
    rows = [
        Budget.objects.create(project=stranger.projects.get(), limit=1),
        Budget.objects.create(person=member, limit=1),
        Budget.objects.create(credential=ark, limit=1),
    ]
    for row in rows:
        assert office.get(f"/budgets/limits/{row.pk}/").status_code == 404
        assert office.post(f"/budgets/limits/{row.pk}/", ENTERED).status_code == 404
        assert office.post(f"/budgets/limits/{row.pk}/remove/").status_code == 404
    assert set(Budget.objects.values_list("limit", flat=True)) == {1}


def test_limits_of_takes_are_changed_on_the_projects_page_and_on_the_record(
    office: Client, project: Project
) -> None:
    form = {"most_takes": "8", "takes_per_hour": ""}
    office.post(f"/budgets/{project.pk}/", form)
    row = TakeLimits.objects.get()
    assert (row.most_takes, row.takes_per_hour) == (8, None)
    [entry] = recorded()
    assert (entry.project_id, entry.changes) == (project.pk, {"most_takes": [20, 8]})
    office.post(f"/budgets/{project.pk}/", form)
    assert len(recorded()) == 1
    wrong = office.post(f"/budgets/{project.pk}/", {"most_takes": "0", "takes_per_hour": ""})
    assert wrong.context["form"].errors.keys() == {"most_takes"}


# What the pages show


def test_a_budget_shows_what_is_used_billed_reserved_and_left(
    office: Client, project: Project
) -> None:
    Budget.objects.create(project=project, limit=1_000)
    spend(project, 300)
    spend(project, 250, state="reserved")
    text = words(office.get(f"/budgets/{project.pk}/"))
    assert "550 tokens of 1,000 tokens 55 %" in text
    assert "Billed 300 tokens" in text and "Reserved 250 tokens" in text
    assert "Left 450 tokens" in text


def test_each_period_counts_its_own_days(office: Client, project: Project) -> None:
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):  # a Friday
        for span in Period:
            Budget.objects.create(project=project, period=span, limit=1_000)
        for day, tokens in ((20, 1), (16, 20), (15, 300)):
            spend(project, tokens, day=datetime(2026, 11, day, tzinfo=UTC).date())
        text = words(office.get(f"/budgets/{project.pk}/"))
    assert "This month 321 tokens" in text
    assert "This week 21 tokens" in text
    assert "Today 1 tokens" in text


def test_a_level_that_is_passed_is_named_and_marked_on_the_bar(
    office: Client, project: Project
) -> None:
    Budget.objects.create(project=project, limit=1_000, levels="30, 50, 100")
    spend(project, 550)
    page = office.get(f"/budgets/{project.pk}/")
    assert "Past the level of 50 %." in words(page)
    assert page.content.decode().count('class="is-mark"') == 2
    Budget.objects.update(limit=500)
    assert "Used up. It resets on" in words(office.get(f"/budgets/{project.pk}/"))


@pytest.mark.parametrize(
    ("day", "billed", "said"),
    [
        (16, 590, "At this pace: 118 % on November 30. It would be used up on November 26."),
        (16, 400, "At this pace: 80 % on November 30."),
        (2, 590, "No forecast before November 4: too little of the month has passed."),
        (16, 0, "No forecast: nothing has been billed yet."),
    ],
)
def test_a_budget_says_where_its_pace_leads_or_why_that_is_not_known(
    office: Client, project: Project, day: int, billed: int, said: str
) -> None:
    with time_machine.travel(datetime(2026, 11, day, tzinfo=UTC), tick=False):
        Budget.objects.create(project=project, limit=1_000)
        spend(project, billed)
        spend(project, 100, state="reserved")  # which is no pace
        assert said in words(office.get(f"/budgets/{project.pk}/"))


def test_a_days_forecast_names_hours(office: Client, project: Project) -> None:
    Budget.objects.create(project=project, limit=1_000, period=Period.DAY)
    with time_machine.travel(datetime(2026, 11, 16, 12, tzinfo=UTC), tick=False):
        spend(project, 750)
        text = words(office.get(f"/budgets/{project.pk}/"))
    assert "At this pace: 150 % at the end of the day." in text
    assert "It would be used up at about 16:00." in text


def test_the_use_by_each_person_and_their_budgets_are_shown_to_managers_only(
    office: Client, client_of: ClientOf, viewer: User, member: User, project: Project
) -> None:
    common = {"project": project, "day": day_of(timezone.now())}
    Budget.objects.create(project=project, limit=1_000)
    Budget.objects.create(project=project, person=member, limit=612)
    Charge.objects.create(**common, person=member.pk, tokens=300, state="billed")
    Charge.objects.create(**common, person=member.pk, tokens=200)
    Charge.objects.create(**common, person=10**6, tokens=50, currency="CNY", micros=2_300_000)
    text = words(office.get(f"/budgets/{project.pk}/"))
    assert "550 tokens of 1,000 tokens" in text and "55 %" in text and "450 tokens" in text
    assert "member 2 500 –" in text and "a former member 1 50 ¥2.30" in text
    assert "500 tokens of 612 tokens" in text
    assert client_of(viewer).get(f"/budgets/{project.pk}/").status_code == 403
    Project.objects.update(viewers_see_details=True)
    for person in (viewer, member):
        page = client_of(person).get(f"/budgets/{project.pk}/")
        assert "550 tokens of 1,000 tokens" in words(page)
        assert ("of 612 tokens" in words(page)) == (person == member)
        assert "By person" not in words(page) and "/budgets/limits/" not in page.content.decode()


def test_a_member_sees_their_own_budgets_and_no_other_persons(
    desk: Client, member: User, manager: User, project: Project, ark: Credential
) -> None:
    subjects: list[dict[str, Any]] = [
        {"project": project, "person": member},
        {"person": member},
        {"project": project, "person": manager},
        {"person": manager},
        {"credential": ark},
    ]
    for number, subject in enumerate(subjects):
        Budget.objects.create(**subject, limit=611 + number)
    text = words(desk.get("/budgets/"))
    shown = [number for number in range(611, 616) if f"of {number} tokens" in text]
    assert shown == [611, 612]


def test_staff_see_budgets_of_people_and_credentials_on_one_page(
    client_of: ClientOf, staff: User, member: User, ark: Credential, project: Project
) -> None:
    Budget.objects.create(person=member, limit=612)
    Budget.objects.create(credential=ark, limit=613)
    spend(project, 5, person=member.pk, credential=ark)
    text = words(client_of(staff).get("/budgets/site/"))
    assert "member" in text and "5 tokens of 612 tokens" in text
    assert str(ark) in text and "5 tokens of 613 tokens" in text


def test_an_earlier_month_is_looked_at_by_its_name_with_its_monthly_budgets_only(
    office: Client, project: Project
) -> None:
    last = (day_of(timezone.now()).replace(day=1) - timedelta(days=1)).replace(day=1)
    Budget.objects.create(project=project, limit=1_001)
    Budget.objects.create(project=project, limit=1_002, period=Period.WEEK)
    spend(project, 77, day=last)
    page = f"/budgets/{project.pk}/"
    before = words(office.get(f"{page}?month={last:%Y-%m}"))
    assert f"{last:%Y-%m} 77 tokens of 1,001 tokens" in before
    assert "1,002" not in before and "forecast" not in before.lower()
    for odd in ("", "?month=2999-01", "?month=x", "?month=2026-13", "?month=0001-01"):
        assert "77 tokens" not in words(office.get(page + odd))


def test_who_set_a_budget_is_said(office: Client, project: Project) -> None:
    office.post(f"/budgets/{project.pk}/add/", ENTERED)
    assert "Set by manager on" in words(office.get(f"/budgets/{project.pk}/"))


def test_budgets_of_many_projects_and_people_cost_no_more_than_of_one(
    client_of: ClientOf, staff: User, project: Project, ark: Credential
) -> None:
    office = client_of(staff)

    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(path).status_code == 200
        return len(queries)

    def furnish(where: Project, person: User) -> None:
        spend(where, 7, person=person.pk)
        for span in Period:
            Budget.objects.create(project=where, limit=10**6, period=span)
            Budget.objects.create(project=project, person=person, limit=10**6, period=span)
            Budget.objects.create(person=person, limit=10**6, period=span)

    Budget.objects.create(credential=ark, limit=10**6)
    furnish(project, staff)
    furnish(Project.objects.create(name="Second"), User.objects.create_user("second"))
    paths = ("/budgets/", f"/budgets/{project.pk}/", "/budgets/site/")
    asked("/budgets/")
    few = [asked(path) for path in paths]
    for number in range(6):
        where = Project.objects.create(name=f"Project {number}")
        furnish(where, User.objects.create_user(f"person {number}"))
    assert [asked(path) for path in paths] == few
    assert max(few) <= 20


# The form


def test_the_form_warns_at_each_budgets_own_level(
    desk: Client, project: Project, member: User
) -> None:
    row = Budget.objects.create(project=project, limit=10 * ONE)
    spend(project, 8 * ONE - 1, person=member.pk)
    assert "budget is used" not in look(desk)
    Charge.objects.update(tokens=8 * ONE)
    assert "80 % of this month's budget is used or reserved: 871,200 tokens of 1,089,000" in look(
        desk
    )
    Budget.objects.create(project=project, person=member, limit=9 * ONE, levels="85")
    assert "88 % of your budget for this month in this project is used or reserved" in look(desk)
    row.limit = 8 * ONE + 1
    row.save()
    assert "only 1 tokens left" in look(desk)


def test_the_form_says_where_the_pace_leads(desk: Client, project: Project) -> None:
    Budget.objects.create(project=project, limit=100 * ONE)
    with time_machine.travel(datetime(2026, 11, 16, tzinfo=UTC), tick=False):
        spend(project, 59 * ONE)
        assert "At this pace: 118 % on November 30." in look(desk)
        Charge.objects.update(tokens=40 * ONE)
        assert "At this pace" not in look(desk)


def test_the_form_of_a_member_tells_no_numbers_of_a_credentials_budget(
    desk: Client, client_of: ClientOf, staff: User, project: Project, ark: Credential
) -> None:
    row = Budget.objects.create(credential=ark, limit=10 * ONE)
    spend(project, 9 * ONE, credential=ark)
    text = look(desk)
    assert "budget" not in text.lower()
    assert "90 % of this credential's budget for this month" in look(client_of(staff))
    row.limit = 9 * ONE
    row.save()
    refusal = look(desk)
    assert "This credential's budget for this month is used up." in refusal
    assert f"{9 * ONE:,}" not in refusal


# The admin


def test_staff_set_budgets_in_the_admin_with_the_same_checks(
    client_of: ClientOf, staff: User, ark: Credential, project: Project
) -> None:
    office = client_of(staff)
    url = "/admin/tasks/budget/add/"
    nothing = {"project": "", "person": "", "credential": ""}
    for subject in (nothing, nothing | {"project": project.pk, "credential": ark.pk}):
        assert office.post(url, ENTERED | subject).status_code == 200
    assert (
        office.post(url, ENTERED | nothing | {"project": project.pk, "levels": "x"}).status_code
        == 200
    )
    assert office.post(url, ENTERED | nothing | {"credential": ark.pk}).status_code == 302
    assert office.post(url, ENTERED | nothing | {"credential": ark.pk}).status_code == 200
    row = Budget.objects.get()
    assert (row.scope, row.set_by) == (Scope.CREDENTIAL, staff)
    assert len(recorded()) == 1


def test_a_person_who_left_a_project_keeps_their_budget_in_it(
    office: Client, member: User, project: Project
) -> None:
    Budget.objects.create(project=project, person=member, limit=612)
    office.post(f"/people/{Membership.objects.get(user=member).pk}/remove/")
    assert "of 612 tokens" in words(office.get(f"/budgets/{project.pk}/"))
