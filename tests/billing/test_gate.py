"""The gate before every create: takes at once, pace, budget."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tasks.billing.errors import (
    BudgetExceededError,
    NoPriceError,
    PlacementRefusedError,
    RateLimitError,
    TooManyTakesError,
)
from tasks.models import Batch, Charge, Membership, Project, Submission, SubmissionState, Task
from tasks.providers import ProviderError, Trouble
from tasks.submission.place import record_outcome
from tests.billing.conftest import (
    NOW,
    ONE,
    Place,
    SetBudget,
    SetPrice,
    SetTakeLimits,
    status_of,
    tokens,
)


def refused(place: Place, error_class: type[PlacementRefusedError], **wanted: Any) -> str:
    """Place takes that are refused, without leaving a row; return the error's text."""
    before = (Batch.objects.count(), Task.objects.count(), Charge.objects.count())
    with pytest.raises(error_class) as refusal:
        place(**wanted)
    assert (Batch.objects.count(), Task.objects.count(), Charge.objects.count()) == before
    return str(refusal.value)


def test_a_budget_admits_what_fits_and_no_more(
    place: Place, set_budget: SetBudget, project: Project
) -> None:
    set_budget(2 * ONE + 5)
    place(takes=2)
    message = refused(place, BudgetExceededError)
    assert (
        f"{ONE:,} tokens" in message
        and "only 5 tokens left" in message
        and "project manager" in message
    )
    assert tokens(project) == (0, 2 * ONE)


def test_a_budget_that_is_reached_exactly_is_used_up(place: Place, set_budget: SetBudget) -> None:
    budget = set_budget(ONE)
    place()
    assert "used up" in refused(place, BudgetExceededError)
    assert (status_of(budget).percent, status_of(budget).is_used_up) == (100, True)


def test_a_released_reservation_can_be_used_again(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    place()
    row = Submission.objects.get()
    Submission.objects.begin(row.pk, NOW)
    error = ProviderError("No.", trouble=Trouble.FORBIDDEN, status_code=403)
    record_outcome(row, SubmissionState.REFUSED, NOW, error)
    place()


def test_the_next_month_begins_anew(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    place()
    refused(place, BudgetExceededError, now=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    place(now=datetime(2026, 12, 1, tzinfo=UTC))


def test_an_unknown_duration_is_reserved_at_its_maximum(
    place: Place, set_budget: SetBudget
) -> None:
    set_budget(2 * ONE)
    assert "This needs up to" in refused(place, BudgetExceededError, duration=-1)
    set_budget(4 * ONE)
    place(duration=-1)


def test_a_budget_in_money_counts_by_the_price_list(
    place: Place, set_budget: SetBudget, set_price: SetPrice
) -> None:
    set_price("46")
    budget = set_budget("10.02", "CNY")
    place(takes=2)
    assert status_of(budget).used.reserved == 2 * ONE * 46
    assert "¥5.01" in refused(place, BudgetExceededError)


@pytest.mark.parametrize("currency", [None, "USD"])
def test_a_budget_in_money_refuses_takes_without_a_price_in_its_currency(
    place: Place, set_budget: SetBudget, set_price: SetPrice, currency: str | None
) -> None:
    if currency:
        set_price("7", currency=currency)
    set_budget("1000", "CNY")
    assert "no price in CNY" in refused(place, NoPriceError)


def test_an_unknown_model_takes_the_room_of_the_dearest_known_one(
    place: Place, set_budget: SetBudget, project: Project
) -> None:
    set_budget(ONE)
    place(model="kling-2")
    assert tokens(project) == (0, ONE)
    assert "used up" in refused(place, BudgetExceededError, model="kling-2")


def test_an_unknown_model_passes_a_budget_in_money_where_any_model_has_a_price(
    place: Place, set_budget: SetBudget, set_price: SetPrice
) -> None:
    set_budget("10", "CNY")
    refused(place, NoPriceError, model="kling-2")
    set_price("46")
    set_price("70", model="seedance-2-5-260628")
    place(model="kling-2")
    charge = Charge.objects.get()
    assert (charge.currency, charge.micros, charge.price) == ("CNY", ONE * 70, None)
    refused(place, BudgetExceededError, model="kling-2")


def test_a_budget_of_0_admits_nothing(place: Place, set_budget: SetBudget) -> None:
    set_budget(0)
    refused(place, BudgetExceededError)


def test_a_second_press_of_one_form_is_no_second_take(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    key = uuid.uuid4()
    assert place(key=key) == place(key=key)


def test_another_projects_budget_is_its_own(
    place: Place, set_budget: SetBudget, member: User
) -> None:
    set_budget(ONE)
    place()
    other = Project.objects.create(name="Other")
    Membership.objects.create(project=other, user=member)
    place(project=other)


def test_takes_at_one_press_are_the_projects_own_setting(
    place: Place, set_take_limits: SetTakeLimits
) -> None:
    place(takes=20)
    assert "at most 20 takes" in refused(place, TooManyTakesError, takes=21)
    set_take_limits(most_takes=1)
    assert "at most 1 take per request" in refused(place, TooManyTakesError, takes=2)


def test_a_person_is_limited_and_told_when_to_try_again(
    place: Place, settings: Any, member: User, manager: User
) -> None:
    settings.TAKES_PER_MINUTE = 3
    place(takes=2)
    place(now=NOW + timedelta(seconds=20))
    message = refused(place, RateLimitError, takes=2, now=NOW + timedelta(seconds=30))
    assert "3 takes a minute" in message and "12:01:00 UTC" in message
    message = refused(place, RateLimitError, takes=3, now=NOW + timedelta(seconds=30))
    assert "12:01:20 UTC" in message
    place(created_by=manager, now=NOW + timedelta(seconds=30))
    place(takes=2, now=NOW + timedelta(seconds=60))
    assert "Request fewer" in refused(place, RateLimitError, takes=4)


def test_an_hour_has_its_own_limit_and_a_project_may_have_a_lower_one(
    place: Place, settings: Any, set_take_limits: SetTakeLimits
) -> None:
    settings.TAKES_PER_HOUR = 4
    set_take_limits(takes_per_hour=2)
    place(takes=2)
    assert "2 takes an hour" in refused(place, RateLimitError, now=NOW + timedelta(minutes=59))
    other = Project.objects.create(name="Other")
    place(takes=2, project=other)
    assert "4 takes an hour" in refused(place, RateLimitError, project=other)
    place(now=NOW + timedelta(hours=1))


def test_without_limits_of_the_site_nobody_is_limited(place: Place, settings: Any) -> None:
    settings.TAKES_PER_MINUTE = settings.TAKES_PER_HOUR = 0
    for _ in range(4):
        place(takes=20)


def test_refusals_are_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert str(TooManyTakesError(3)) and str(NoPriceError("CNY"))


def test_the_queries_of_the_gate_do_not_grow(
    place: Place, set_budget: SetBudget, settings: Any
) -> None:
    settings.TAKES_PER_MINUTE = settings.TAKES_PER_HOUR = 10_000
    set_budget(10**9)
    place()
    with CaptureQueriesContext(connection) as few:
        place()
    for _ in range(5):
        place(takes=20)
    with CaptureQueriesContext(connection) as many:
        place()
    assert len(many) == len(few)
