"""Prices of a second and of a video, money that the provider names, and models nobody knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from tasks.billing import ledger, prices
from tasks.billing.errors import BudgetExceededError
from tasks.billing.estimates import estimates_of
from tasks.models import Charge, ChargeState, Credential, Price, Project, Submission, Task
from tests.billing.conftest import (
    NOW,
    ONE,
    V20,
    Place,
    SetBudget,
    SetPrice,
    sums,
    tokens,
)
from tests.conftest import MakeTask
from tests.providers.generations import generation

DAY = NOW.date()
FIVE: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    return request


def ended(status: str = "succeeded", **fields: Any) -> Charge:
    """End the only task, and settle its charge as the sweep does."""
    Task.objects.update(status=status, **fields)
    ledger.settle(Task.objects.all())
    return Charge.objects.get()


def money(project: Project, currency: str = "USD") -> tuple[int, int]:
    used = sums(project).money.get(currency)
    return (used.counted, used.reserved) if used else (0, 0)


# Estimates, gate and budget


@pytest.mark.parametrize(
    ("unit", "amount", "duration", "least", "most"),
    [
        ("tokens", "7", 5, ONE * 7, ONE * 7),
        ("second", "0.24", 5, 1_200_000, 1_200_000),
        ("second", "0.24", -1, 960_000, 3_600_000),
        ("video", "1.5", 5, 1_500_000, 1_500_000),
        ("video", "1.5", -1, 1_500_000, 1_500_000),
    ],
)
def test_an_estimate_follows_the_unit_of_its_price(
    credential: Credential,
    set_price: SetPrice,
    unit: str,
    amount: str,
    duration: int,
    least: int,
    most: int,
) -> None:
    set_price(amount, unit=unit, currency="USD")
    request = generation(f"doubao-{V20}", **FIVE | {"duration": duration})
    [estimate] = estimates_of([request], credential, DAY)
    assert (estimate.currency, estimate.least_micros, estimate.most_micros) == ("USD", least, most)


def test_begun_seconds_count(credential: Credential, set_price: SetPrice) -> None:
    model = "seedance-1-0-pro-250528"
    set_price("1", unit="second", model=model)
    [estimate] = estimates_of([generation(model, frames=57)], credential, DAY)
    assert estimate.most_micros == 3_000_000


@pytest.mark.parametrize(("unit", "amount"), [("second", "0.25"), ("video", "1.25")])
def test_a_budget_in_money_holds_for_each_unit(
    place: Place,
    set_budget: SetBudget,
    set_price: SetPrice,
    project: Project,
    unit: str,
    amount: str,
) -> None:
    set_price(amount, unit=unit, currency="USD")
    set_budget("2.50", "USD")
    place()
    assert money(project) == (0, 1_250_000)
    place()
    with pytest.raises(BudgetExceededError):
        place()


def test_an_estimate_keeps_both_ends_of_its_money(place: Place, set_price: SetPrice) -> None:
    set_price("0.24", unit="second", currency="USD")
    place(duration=-1)
    row = Submission.objects.get()
    assert (float(row.estimated_least_money or 0), float(row.estimated_money or 0)) == (0.96, 3.6)


# The ledger


def test_a_success_that_is_priced_by_the_video_is_billed_although_nobody_counts_tokens(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("1.5", unit="video", currency="USD")
    place()
    charge = ended()
    assert (charge.state, charge.micros) == (ChargeState.BILLED, 1_500_000)
    assert money(project) == (1_500_000, 0)
    assert tokens(project) == (ONE, 0)


@pytest.mark.parametrize(
    ("asked", "answered", "state", "micros"),
    [
        (5, None, ChargeState.BILLED, 1_200_000),  # the length that was asked for is made
        (-1, 8, ChargeState.BILLED, 1_920_000),
        (-1, None, ChargeState.RESERVED, 3_600_000),  # nobody says how long it became
    ],
)
def test_a_success_that_is_priced_by_the_second_is_billed_once_its_length_is_known(
    place: Place, set_price: SetPrice, asked: int, answered: int | None, state: str, micros: int
) -> None:
    set_price("0.24", unit="second", currency="USD")
    place(duration=asked)
    charge = ended(duration=answered)
    assert (charge.state, charge.micros) == (state, micros)


def test_counted_tokens_do_not_move_a_price_of_another_unit(
    place: Place, set_price: SetPrice
) -> None:
    set_price("1.5", unit="video", currency="USD")
    place()
    charge = ended(total_tokens=ONE * 3)
    assert (charge.tokens, charge.micros) == (ONE * 3, 1_500_000)


@pytest.mark.parametrize("unit", ["second", "video"])
def test_a_failure_is_free_by_every_unit(
    place: Place, set_price: SetPrice, project: Project, unit: str
) -> None:
    set_price("1.5", unit=unit, currency="USD")
    place()
    assert ended("failed").state == ChargeState.FREE
    assert money(project) == (0, 0)


def test_money_that_the_provider_names_counts_instead_of_the_price_list(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("46")
    place()
    charge = ended(cost_micros=762_300, cost_currency="USD")
    assert (charge.state, charge.price) == (ChargeState.BILLED, None)
    assert money(project, "USD") == (762_300, 0)
    assert money(project, "CNY") == (0, 0)
    assert tokens(project) == (ONE, 0)  # as reserved: money is never added to them


def test_named_money_survives_a_change_of_the_price_list(
    place: Place, set_price: SetPrice, request_: HttpRequest, credential: Credential
) -> None:
    place()
    ended(cost_micros=762_300, cost_currency="USD")
    price = Price(
        credential=credential, model=V20, amount=Decimal(9), currency="CNY", valid_from=DAY
    )
    prices.add(request_, price)
    charge = Charge.objects.get()
    assert (charge.currency, charge.micros) == ("USD", 762_300)
    prices.remove(request_, price)
    charge.refresh_from_db()
    assert (charge.currency, charge.micros) == ("USD", 762_300)


def test_named_money_of_a_task_made_elsewhere_is_billed(
    make_task: MakeTask, project: Project
) -> None:
    make_task(status="succeeded", created_at=NOW, cost_micros=5, cost_currency="USD")
    assert ended(cost_micros=5).micros == 5
    assert money(project) == (5, 0)


def test_a_task_made_elsewhere_is_billed_by_the_video(
    make_task: MakeTask, set_price: SetPrice, project: Project
) -> None:
    set_price("1.5", unit="video", currency="USD")
    make_task(status="succeeded", created_at=NOW, model=f"doubao-{V20}")
    assert ended().micros == 1_500_000


def test_a_task_made_elsewhere_of_which_nothing_is_known_has_no_charge(make_task: MakeTask) -> None:
    make_task(status="succeeded", created_at=NOW, model=f"doubao-{V20}")
    ledger.settle(Task.objects.all())
    assert not Charge.objects.exists()


@pytest.mark.parametrize(
    ("unit", "amount", "micros"),
    [("tokens", "7", ONE * 7), ("second", "0.24", 1_200_000), ("video", "1.5", 1_500_000)],
)
def test_a_price_that_is_entered_late_prices_what_was_charged_before(
    place: Place,
    credential: Credential,
    request_: HttpRequest,
    unit: str,
    amount: str,
    micros: int,
) -> None:
    place()
    price = Price(
        credential=credential, model=V20, unit=unit, amount=amount, currency="USD", valid_from=DAY
    )
    price.full_clean()
    prices.add(request_, price)
    charge = Charge.objects.get()
    assert (charge.currency, charge.micros, charge.price) == ("USD", micros, price)


def test_a_late_price_of_the_video_bills_what_has_ended(
    place: Place, credential: Credential, request_: HttpRequest, project: Project
) -> None:
    place()
    ended()
    assert Charge.objects.get().state == ChargeState.RESERVED
    price = Price(credential=credential, model=V20, unit="video", amount=Decimal(2), valid_from=DAY)
    prices.add(request_, price)
    assert money(project, "CNY") == (2_000_000, 0)


def test_flex_takes_its_share_of_every_unit(set_price: SetPrice) -> None:
    price = set_price("1.5", unit="video", flex_percent=50)
    assert price.micros(ONE, seconds=5, flex=True) == 750_000


# Models that nobody here knows


def test_an_unknown_model_can_be_priced_and_still_reserves_what_the_dearest_known_one_would(
    place: Place, set_price: SetPrice, credential: Credential, request_: HttpRequest
) -> None:
    set_price("70", model="seedance-2-5-260628")
    cheap = Price(
        credential=credential,
        model="seedance-3-0",
        amount=Decimal(10),
        currency="CNY",
        valid_from=DAY,
    )
    prices.add(request_, cheap)
    place(model="seedance-3-0")
    charge = Charge.objects.get()
    assert (charge.price, charge.micros) == (cheap, ONE * 70)
    charge = ended(total_tokens=ONE)
    assert (charge.state, charge.micros) == (ChargeState.BILLED, ONE * 10)


def test_an_unknown_model_without_a_price_keeps_its_reservation_until_it_is_counted(
    place: Place, set_price: SetPrice
) -> None:
    set_price("46")
    place(model="seedance-3-0")
    charge = ended(resolution="1080p")
    assert (charge.state, charge.currency, charge.micros) == ("reserved", "CNY", ONE * 46)
    charge = ended(total_tokens=ONE)
    assert (charge.state, charge.currency, charge.micros) == ("billed", "", 0)


def test_the_reservation_of_an_unknown_length_is_the_longest_of_any_known_model(
    credential: Credential, set_price: SetPrice
) -> None:
    set_price("1", unit="second", model="seedance-2-5-260628", currency="USD")
    request = generation("seedance-3-0", **FIVE | {"duration": -1})
    [estimate] = estimates_of([request], credential, DAY)
    assert (estimate.currency, estimate.most_micros, estimate.price) == ("USD", 30_000_000, None)


def test_a_price_of_an_unknown_model_may_have_any_condition(
    credential: Credential, request_: HttpRequest
) -> None:
    price = Price(
        credential=credential, model="seedance-3-0", amount=Decimal(1), tier="4k", with_video=True,
        valid_from=date(2026, 10, 1),
    )  # fmt: skip
    prices.add(request_, price)
    assert str(price).startswith("seedance-3-0, 4k, with a video given: 1 CNY")
