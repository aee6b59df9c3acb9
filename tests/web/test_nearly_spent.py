"""The header tells of budgets that have reached a level, or whose pace leads to their last."""

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
from pytest_django import DjangoAssertNumQueries

from tasks.models import Budget, Charge, Credential, Lease, Membership, Project, Role
from tasks.models.charge import day_of
from tasks.web.presenters.header_status import HeaderStatus
from tests.conftest import some_seconds_later
from tests.web.conftest import ClientOf
from tests.web.test_billing import words


def spend(project: Project, tokens: int, **more: Any) -> Charge:
    usual = {"day": day_of(timezone.now()), "state": "billed", "person": 1}
    return Charge.objects.create(project=project, tokens=tokens, **{**usual, **more})


def limit(project: Project | None, most: int, unit: str = "tokens", **more: Any) -> Budget:
    return Budget.objects.create(project=project, unit=unit, limit=Decimal(most), **more)


def told(user: User) -> list[tuple[str, int]]:
    some_seconds_later()
    header_status = HeaderStatus.read(user, timezone.now())
    return [(each.name, each.percent) for each in header_status.budgets]


@pytest.fixture
def near(project: Project) -> Project:
    limit(project, 1_000)
    spend(project, 700)
    spend(project, 140, state="reserved", person=2)
    return project


def test_managers_and_staff_are_told_and_nobody_else(
    near: Project, member: User, viewer: User, manager: User, staff: User, stranger: User
) -> None:
    assert told(manager) == told(staff) == [("Dailies", 84)]
    assert told(member) == told(viewer) == told(stranger) == []


def test_people_are_told_of_their_own_and_staff_of_all(
    project: Project,
    credential: Credential,
    member: User,
    viewer: User,
    manager: User,
    staff: User,
) -> None:
    subjects: list[dict[str, Any]] = [
        {"project": project, "person": member},
        {"project": None, "person": member},
        {"project": None, "credential": credential},
    ]
    for number, subject in enumerate(subjects):
        limit(most=1_000 - number, **subject)
    spend(project, 900, person=member.pk, credential=credential)
    in_project, over_all, of_credential = (
        ("Dailies · member", 90),
        ("member", 90),
        (str(credential), 90),
    )
    assert told(member) == [in_project, over_all]
    assert told(manager) == [in_project]
    assert told(staff) == [in_project, over_all, of_credential]
    assert told(viewer) == []


@pytest.mark.parametrize(
    ("used", "percent"), [(799, []), (800, [80]), (999, [99]), (1_000, [100]), (1_500, [150])]
)
def test_from_eighty_percent_on_unless_somebody_says_otherwise(
    project: Project, manager: User, used: int, percent: list[int]
) -> None:
    limit(project, 1_000)
    spend(project, used)
    assert [each for _name, each in told(manager)] == percent


@pytest.mark.parametrize(
    ("levels", "percent"), [("50", [55]), ("60, 90", []), ("10, 99", [55]), ("", [])]
)
def test_levels_of_ones_own_are_those_that_count(
    project: Project, manager: User, levels: str, percent: list[int]
) -> None:
    limit(project, 1_000, levels=levels)
    spend(project, 550, state="reserved")
    assert [each for _name, each in told(manager)] == percent


def test_what_is_used_up_is_told_without_any_level(project: Project, manager: User) -> None:
    limit(project, 1_000, levels="")
    spend(project, 1_000)
    assert told(manager) == [("Dailies", 100)]


def test_money_counts_in_the_budgets_currency_only(project: Project, manager: User) -> None:
    limit(project, 10, "CNY")
    spend(project, 5, currency="CNY", micros=8_999_999)
    spend(project, 5, currency="USD", micros=9_000_000)
    assert told(manager) == [("Dailies", 89)]


def test_another_month_and_no_limit_are_no_news(project: Project, manager: User) -> None:
    spend(project, 10_000)
    assert told(manager) == []
    limit(project, 1_000)
    Charge.objects.update(day=day_of(timezone.now()) - timedelta(days=40))
    assert told(manager) == []


@pytest.mark.parametrize(
    ("billed", "levels", "percent"),
    [
        (590, "80, 100", 118),
        (499, "80, 100", None),  # it ends below the last level
        (499, "50, 90", 99),
        (590, "", None),
    ],
)
def test_a_pace_that_leads_to_the_last_level_is_told_before_it_is_reached(
    project: Project, manager: User, billed: int, levels: str, percent: int | None
) -> None:
    limit(project, 1_000, levels=levels)
    with time_machine.travel(datetime(2026, 11, 16, tzinfo=UTC), tick=False):
        spend(project, billed)
        some_seconds_later()
        budgets = HeaderStatus.read(manager, timezone.now()).budgets
    found = [each.forecast.percent for each in budgets if each.forecast]
    assert found == ([] if percent is None else [percent])


def test_the_header_says_where_the_pace_leads(
    project: Project, manager: User, client_of: ClientOf
) -> None:
    budget = limit(project, 1_000)
    with time_machine.travel(datetime(2026, 11, 16, tzinfo=UTC), tick=False):
        spend(project, 590)
        office = client_of(manager)
        page = words(office.get("/settings/"))
        assert "Budget 118 % at this pace : Dailies" in page
        Budget.objects.filter(pk=budget.pk).update(limit=700)
        some_seconds_later()
        assert "Budget 84 % used : Dailies" not in words(office.get("/settings/"))
        assert "Budget 168 % at this pace : Dailies" in words(office.get("/settings/"))


def test_the_fullest_of_several_is_named_and_all_are_linked(
    near: Project, manager: User, client_of: ClientOf
) -> None:
    page = client_of(manager).get("/budgets/")
    assert "Budget 84 % used : Dailies" in words(page)
    assert (
        f'href="/budgets/{near.pk}/"\n         id="header-status-budget"' in page.content.decode()
    )
    full = Project.objects.create(name="Full")
    Membership.objects.create(project=full, user=manager, role=Role.MANAGER)
    limit(full, 0)
    assert told(manager) == [("Full", 100), ("Dailies", 84)]
    page = client_of(manager).get("/budgets/")
    assert "Budget used up : Full" in words(page)
    assert 'href="/budgets/"\n         id="header-status-budget"' in page.content.decode()


def test_it_is_one_query_for_those_who_may_be_told_and_none_where_nothing_is_near(
    project: Project, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Lease.objects.create(name="sweep", until=timezone.now(), beat_at=timezone.now())
    for is_near, number in ((False, 2), (True, 3)):
        if is_near:
            limit(project, 0)
        some_seconds_later()
        HeaderStatus.read(manager, timezone.now())  # reads the budgets for everybody
        with django_assert_num_queries(number):
            HeaderStatus.read(manager, timezone.now())


def test_a_page_asks_one_question_more_where_a_budget_is_nearly_used_up(
    project: Project, manager: User, member: User, client_of: ClientOf
) -> None:
    for person in (manager, member):
        client, numbers = client_of(person), []
        for change in (Budget.objects.all().delete, lambda: limit(project, 0)):
            change()
            some_seconds_later()
            client.get("/settings/")
            with CaptureQueriesContext(connection) as asked:
                page = client.get("/settings/")
            numbers.append(len(asked))
        assert ("Budget used up" in words(page)) == (person == manager)
        assert numbers[1] == numbers[0] + 1


def test_many_budgets_cost_the_header_no_more_queries(
    project: Project, manager: User, staff: User
) -> None:
    def asked(person: User) -> int:
        some_seconds_later()
        with CaptureQueriesContext(connection) as queries:
            HeaderStatus.read(person, timezone.now())
        return len(queries)

    limit(project, 0)
    asked(manager)  # reads their rights, which are kept
    few = asked(staff), asked(manager)
    for number in range(30):
        limit(Project.objects.create(name=f"Project {number}"), 0)
    assert (asked(staff), asked(manager)) == few


def test_open_pages_hear_of_it_and_the_heartbeats_are_still_read(
    project: Project, manager: User, client_of: ClientOf
) -> None:
    now = timezone.now()
    for name in ("sweep", "archive"):
        Lease.objects.update_or_create(name=name, defaults={"beat_at": now, "until": now})
    before = HeaderStatus.read(manager, now)
    assert not before.silent
    limit(project, 1)
    spend(project, 1)
    some_seconds_later()
    client: Client = client_of(manager)
    news = client.get(f"/header-status/?shown={before.digest}")
    assert "Budget used up" in words(news)
    assert not HeaderStatus.read(manager, now).silent
    after = HeaderStatus.read(manager, now).digest
    assert client.get(f"/header-status/?shown={after}").status_code == 204
