"""Budgets of every kind: what they count, which of them refuses, and what the refusal says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import NAMES, BudgetExceededError, NoPriceError
from tasks.models import Budget, Charge, Credential, Membership, Period, Project, Scope, Task
from tasks.models.charge import day_of
from tests.billing.conftest import NOW, ONE, Place, SetBudget, SetPrice, status_of

LATER = {  # the last moment of each period around NOW, a Friday, and the first after it
    Period.DAY: datetime(2026, 11, 21, tzinfo=UTC),
    Period.WEEK: datetime(2026, 11, 23, tzinfo=UTC),
    Period.MONTH: datetime(2026, 12, 1, tzinfo=UTC),
}
Subject = dict[str, Any]


@pytest.fixture
def subjects(project: Project, member: User, credential: Credential) -> dict[Scope, Subject]:
    """The subjects of budgets of each scope that count a take of `place`."""
    return {
        Scope.PROJECT: {"project": project},
        Scope.MEMBER: {"project": project, "person": member},
        Scope.PERSON: {"project": None, "person": member},
        Scope.CREDENTIAL: {"project": None, "credential": credential},
    }


@pytest.fixture
def elsewhere(member: User) -> Project:
    other = Project.objects.create(name="Other")
    Membership.objects.create(project=other, user=member)
    return other


@pytest.fixture
def another(credential: Credential) -> Credential:
    return Credential.objects.create(name="Another", provider=credential.provider, base_url="x")


def refused(place: Place, **wanted: Any) -> BudgetExceededError:
    before = Task.objects.count()
    with pytest.raises(BudgetExceededError) as refusal:
        place(**wanted)
    assert Task.objects.count() == before
    return refusal.value


@pytest.mark.parametrize("span", Period)
@pytest.mark.parametrize("scope", Scope)
def test_each_kind_admits_what_fits_until_its_period_is_over(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject], scope: Scope, span: Period
) -> None:
    budget = set_budget(2 * ONE, period=span, **subjects[scope])
    assert (budget.scope, budget.span) == (scope, span)
    place(takes=2)
    error = refused(place)
    assert (error.status.budget, error.status.left) == (budget, 0)
    refused(place, now=LATER[span] - timedelta(microseconds=1))
    place(now=LATER[span])


def test_each_scope_counts_its_own(
    place: Place,
    set_budget: SetBudget,
    subjects: dict[Scope, Subject],
    elsewhere: Project,
    another: Credential,
    manager: User,
) -> None:
    budgets = {scope: set_budget(100 * ONE, **subject) for scope, subject in subjects.items()}
    place()
    place(created_by=manager)
    place(project=elsewhere)
    place(credential=another)
    used = {scope: status_of(budget).used.reserved // ONE for scope, budget in budgets.items()}
    assert used == {Scope.PROJECT: 3, Scope.MEMBER: 2, Scope.PERSON: 3, Scope.CREDENTIAL: 3}


@pytest.mark.parametrize("scope", Scope)
def test_a_budget_of_somebody_or_something_else_limits_nothing(
    place: Place,
    set_budget: SetBudget,
    subjects: dict[Scope, Subject],
    elsewhere: Project,
    another: Credential,
    manager: User,
    scope: Scope,
) -> None:
    others: dict[Scope, Subject] = {
        Scope.PROJECT: {"project": elsewhere},
        Scope.MEMBER: {"person": manager},
        Scope.PERSON: {"person": manager},
        Scope.CREDENTIAL: {"credential": another},
    }
    set_budget(0, **subjects[scope] | others[scope])
    place()


def test_all_takes_of_a_press_pass_all_budgets_or_none_does(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject]
) -> None:
    for number, subject in enumerate(subjects.values(), start=2):
        set_budget(number * ONE, **subject)
    refused(place, takes=3)
    assert not Charge.objects.exists()
    place(takes=2)


def test_the_tightest_of_several_is_named(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject]
) -> None:
    set_budget(5 * ONE, **subjects[Scope.PROJECT])
    tightest = set_budget(2 * ONE, **subjects[Scope.MEMBER])
    set_budget(3 * ONE, **subjects[Scope.PERSON])
    error = refused(place, takes=6)
    assert error.status.budget == tightest
    assert f"your budget for this month in this project has only {2 * ONE:,}" in str(error)


def test_of_two_that_are_used_up_the_one_that_lasts_longer_is_named(
    place: Place, set_budget: SetBudget
) -> None:
    for span in (Period.DAY, Period.MONTH, Period.WEEK):
        set_budget(0, period=span)
    assert "resets on December 1" in str(refused(place))


def test_units_are_compared_by_the_part_of_the_press_that_fits(
    place: Place, set_budget: SetBudget, set_price: SetPrice
) -> None:
    set_price("46")  # a take is ¥5.0094
    set_budget(3 * ONE)
    in_money = set_budget("5.01", "CNY", period=Period.WEEK)
    assert refused(place, takes=4).status.budget == in_money


def test_a_budget_in_money_of_any_scope_admits_nothing_without_a_price(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject]
) -> None:
    set_budget("1000", "CNY", **subjects[Scope.CREDENTIAL])
    with pytest.raises(NoPriceError):
        place()


def test_a_refusal_says_who_set_the_budget_and_when_it_begins_anew(
    place: Place, set_budget: SetBudget, manager: User
) -> None:
    budget = set_budget(0)
    manager.first_name = "Mia"
    manager.save()
    Budget.objects.filter(pk=budget.pk).update(set_by=manager)
    text = str(refused(place))
    assert "Mia set it" in text and "managers can raise it" in text
    assert "resets on December 1" in text


def test_numbers_of_a_credentials_budget_are_for_staff(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject], staff: User
) -> None:
    budget = set_budget(ONE + 7, **subjects[Scope.CREDENTIAL])
    Budget.objects.filter(pk=budget.pk).update(set_by=staff)
    for left in (ONE + 7, 0):
        secret, shown = str(refused(place, takes=2)), refused(place, takes=2, created_by=staff)
        assert f"{left:,} tokens" not in secret and str(staff) not in secret
        assert f"{2 * ONE:,}" not in secret and "this credential's budget" in secret.lower()
        assert shown.is_shown and f"{2 * ONE:,} tokens" in str(shown)
        Budget.objects.update(limit=0)


def test_a_budget_that_may_be_read_is_told_before_one_that_may_not(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject]
) -> None:
    set_budget(0, **subjects[Scope.CREDENTIAL])
    own = set_budget(0, **subjects[Scope.PERSON])
    assert refused(place).status.budget == own


def test_what_is_billed_beyond_a_budget_stays_visible(
    place: Place, set_budget: SetBudget, subjects: dict[Scope, Subject]
) -> None:
    budgets = [set_budget(ONE, **subject) for subject in subjects.values()]
    place()
    Charge.objects.update(state="billed", tokens=2 * ONE)  # an answer that comes late counts more
    for budget in budgets:
        status = status_of(budget)
        assert (status.percent, status.left, status.is_used_up) == (200, 0, True)


def test_every_kind_has_a_name_in_the_readers_language() -> None:
    assert set(NAMES) == {(scope, span) for scope in Scope for span in Period}
    with translation.override("zh-hans"):
        assert all(str(name) for name in NAMES.values())


def test_the_gate_asks_the_same_number_of_queries_for_one_budget_and_for_all(
    place: Place, set_budget: SetBudget, set_price: SetPrice, subjects: dict[Scope, Subject]
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            place()
        return len(queries)

    set_price("46")
    place()
    without = asked()
    set_budget(10**9)
    few = asked()
    for subject in subjects.values():
        for span in Period:
            set_budget(10**9, period=span, **subject)
            Budget.objects.create(**subject, period=span, unit="CNY", limit=10**6)
    assert Budget.objects.count() == 24
    assert asked() == few == without + 1


# The rows


def test_levels_are_a_list_of_ones_own(set_budget: SetBudget) -> None:
    budget = set_budget(1_000)
    assert budget.marks == (80, 100)
    budget.levels = "95, 50,50"
    assert budget.marks == (50, 95)
    assert [budget.level_of(percent) for percent in (49, 50, 94, 95, 200)] == [
        None, 50, 50, 95, 95,
    ]  # fmt: skip
    budget.levels = ""
    assert (budget.marks, budget.level_of(500)) == ((), None)


@pytest.mark.parametrize("levels", ["", "80", "80, 100", "80,100", "10 %, 20 %", "1、2、3、4、5"])
def test_these_are_levels(project: Project, levels: str) -> None:
    Budget(project=project, limit=1, levels=levels).full_clean()


@pytest.mark.parametrize("levels", ["0", "101", "80,", "a", "80.5", "-5", "1,2,3,4,5,6", "²"])
def test_these_are_no_levels(project: Project, levels: str) -> None:
    with pytest.raises(ValidationError) as error:
        Budget(project=project, limit=1, levels=levels).full_clean()
    assert error.value.message_dict.keys() == {"levels"}


@pytest.mark.parametrize("scope", Scope)
def test_there_is_one_of_a_scope_a_period_and_a_unit(
    subjects: dict[Scope, Subject], scope: Scope
) -> None:
    kinds = [{"period": span, "unit": unit} for span in Period for unit in ("tokens", "CNY")]
    for kind in kinds:
        Budget.objects.create(**subjects[scope], **kind, limit=1)
    for kind in kinds:
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create(**subjects[scope], **kind, limit=2)


def test_a_budget_is_for_something_and_not_for_too_much(
    project: Project, member: User, credential: Credential
) -> None:
    wrong: list[Subject] = [
        {},
        {"project": project, "credential": credential},
        {"person": member, "credential": credential},
        {"project": project, "person": member, "credential": credential},
    ]
    for subject in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create(**subject, limit=1)


def test_uses_of_many_budgets_are_read_by_the_hundred(
    place: Place, django_assert_num_queries: Any
) -> None:
    projects = [Project.objects.create(name=f"Project {number}") for number in range(150)]
    budgets = [Budget(project=each, limit=Decimal(ONE)) for each in projects]
    rows = Budget.objects.bulk_create(budgets)
    place(project=projects[7])
    with django_assert_num_queries(2):
        statuses = BudgetStatus.of_all(rows, day_of(NOW))
    assert [each.percent for each in statuses] == [100 if n == 7 else 0 for n in range(150)]
