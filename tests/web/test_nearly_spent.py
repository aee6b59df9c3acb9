"""The header tells those who may raise a budget that it is nearly used up; nobody else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Budget, Charge, Lease, Membership, Project, Role
from tasks.models.charge import day_of
from tasks.web.presenters.header_status import HeaderStatus
from tests.web.conftest import ClientOf
from tests.web.test_billing import words


def spend(project: Project, tokens: int, **more: Any) -> Charge:
    usual = {"day": day_of(timezone.now()), "state": "billed", "person": 1}
    return Charge.objects.create(project=project, tokens=tokens, **{**usual, **more})


def limit(project: Project, most: int, unit: str = "tokens") -> None:
    Budget.objects.create(project=project, unit=unit, limit=Decimal(most))


def told(user: User) -> list[tuple[str, int]]:
    header_status = HeaderStatus.read(user, timezone.now())
    return [(each.project, each.percent) for each in header_status.budgets]


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


@pytest.mark.parametrize(
    ("used", "percent"), [(799, []), (800, [80]), (999, [99]), (1_000, [100]), (1_500, [150])]
)
def test_from_eighty_percent_on(
    project: Project, manager: User, used: int, percent: list[int]
) -> None:
    limit(project, 1_000)
    spend(project, used)
    assert [each for _name, each in told(manager)] == percent


def test_money_counts_in_the_budgets_currency_only(project: Project, manager: User) -> None:
    limit(project, 10, "CNY")
    spend(project, 5, currency="CNY", micros=8_999_999)
    spend(project, 5, currency="USD", micros=9_000_000)
    assert told(manager) == [("Dailies", 89)]


def test_another_month_and_no_limit_are_no_news(project: Project, manager: User) -> None:
    Budget.objects.create(project=project)
    spend(project, 10_000)
    assert told(manager) == []
    Budget.objects.update(limit=1_000)
    Charge.objects.update(day=day_of(timezone.now()) - timedelta(days=40))
    assert told(manager) == []


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


def test_it_costs_no_query_of_its_own(
    near: Project, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Lease.objects.create(name="sweep", until=timezone.now(), beat_at=timezone.now())
    with django_assert_num_queries(2):
        HeaderStatus.read(manager, timezone.now())


def test_a_page_asks_no_more_where_a_budget_is_nearly_used_up(
    project: Project, manager: User, member: User, client_of: ClientOf
) -> None:
    for person in (manager, member):
        client, numbers = client_of(person), []
        for change in (Budget.objects.all().delete, lambda: limit(project, 0)):
            change()
            with CaptureQueriesContext(connection) as asked:
                page = client.get("/settings/")
            numbers.append(len(asked))
        assert ("Budget used up" in words(page)) == (person == manager)
        assert numbers[0] == numbers[1]


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
    client: Client = client_of(manager)
    news = client.get(f"/header-status/?shown={before.digest}")
    assert "Budget used up" in words(news)
    assert not HeaderStatus.read(manager, now).silent
    after = HeaderStatus.read(manager, now).digest
    assert client.get(f"/header-status/?shown={after}").status_code == 204
