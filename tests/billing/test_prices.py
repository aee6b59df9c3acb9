"""The price list: no two prices for one video, and no change of the past."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from tasks.billing import prices
from tasks.models import AuditAction, AuditEntry, Charge, Credential, Price
from tasks.providers.catalog.list_prices import PRICE_LISTS
from tests.billing.conftest import NOW, ONE, V20, Place, SetPrice

TODAY = NOW.date()
OCTOBER = {"valid_from": date(2026, 10, 1), "valid_until": date(2026, 10, 31)}


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    return request


def priced(credential: Credential, **fields: Any) -> Price:
    usual = {"model": V20, "amount": Decimal(46), "valid_from": date(2026, 10, 1)}
    return Price(credential=credential, **usual | fields)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({}, {"tier": "1080p"}),
        ({"with_video": True}, {"tier": "720p"}),
        ({"tier": "720p", "with_audio": True}, {"tier": "720p"}),
        (OCTOBER, {"valid_from": date(2026, 10, 31)}),
        ({"valid_from": date(2026, 10, 15)}, OCTOBER),
    ],
)
def test_a_second_price_for_one_video_is_refused_naming_the_first(
    credential: Credential, request_: HttpRequest, one: dict[str, Any], other: dict[str, Any]
) -> None:
    prices.add(request_, priced(credential, **one))
    with pytest.raises(prices.PriceConflictError, match=r"Seedance 2\.0.*: 46 CNY") as error:
        prices.add(request_, priced(credential, **other))
    assert error.value.field == "valid_from"
    assert Price.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"tier": "720p"}, {"tier": "1080p"}),
        ({"with_video": True}, {"with_video": False}),
        ({"tier": "720p", "with_audio": True}, {"with_audio": False}),
        (OCTOBER, {"valid_from": date(2026, 11, 1)}),
        ({}, {"model": "seedance-2-5-260628"}),
    ],
)
def test_prices_for_different_videos_or_days_can_coexist(
    credential: Credential, request_: HttpRequest, one: dict[str, Any], other: dict[str, Any]
) -> None:
    prices.add(request_, priced(credential, **one))
    prices.add(request_, priced(credential, **other))
    assert Price.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"model": "seedance-1-0-pro-250528", "with_video": True}, "with_video"),
        ({"model": "seedance-1-0-pro-250528", "with_audio": True}, "with_audio"),
        ({"model": "seedance-2-0-mini-260615", "tier": "4k"}, "tier"),
        ({"valid_until": date(2026, 9, 30)}, "valid_until"),
    ],
)
def test_a_price_that_no_video_can_have_is_refused(
    credential: Credential, request_: HttpRequest, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(prices.PriceConflictError) as error:
        prices.add(request_, priced(credential, **wrong))
    assert error.value.field == field


def test_a_change_ends_the_old_price_and_begins_another(
    set_price: SetPrice, request_: HttpRequest
) -> None:
    old = set_price("46", tier="720p", source="Contract 7")
    new = prices.change(request_, old.pk, Decimal(44), TODAY, TODAY)
    old.refresh_from_db()
    assert new and (old.amount, old.valid_until) == (46, date(2026, 11, 19))
    assert (new.amount, new.valid_from, new.valid_until) == (44, TODAY, None)
    assert (new.tier, new.source) == ("720p", "Contract 7")
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [AuditAction.PRICE_ENDED, AuditAction.PRICE_SET]
    assert AuditEntry.objects.latest("pk").changes["amount"] == ["46.0000", "44"]


def test_the_past_cannot_be_changed(set_price: SetPrice, request_: HttpRequest) -> None:
    old = set_price("46")
    with pytest.raises(prices.PriceConflictError, match="Past prices can"):
        prices.change(request_, old.pk, Decimal(1), date(2026, 11, 19), TODAY)
    old.refresh_from_db()
    assert (old.amount, old.valid_until) == (46, None)


def test_without_an_amount_it_ends(set_price: SetPrice, request_: HttpRequest) -> None:
    old = set_price("46")
    assert prices.change(request_, old.pk, None, date(2026, 12, 1), TODAY) is None
    old.refresh_from_db()
    assert old.valid_until == date(2026, 11, 30)


def test_a_price_that_begins_today_is_replaced(
    set_price: SetPrice, request_: HttpRequest, place: Place
) -> None:
    wrong = set_price("460", valid_from=TODAY)
    place()
    prices.change(request_, wrong.pk, Decimal(46), TODAY, TODAY)
    assert Price.objects.get().amount == 46
    assert Charge.objects.get().micros == ONE * 46


def test_a_price_cannot_be_changed_after_its_end(
    set_price: SetPrice, request_: HttpRequest
) -> None:
    old = set_price("46", valid_until=date(2026, 11, 25))
    with pytest.raises(prices.PriceConflictError, match="ends before"):
        prices.change(request_, old.pk, Decimal(44), date(2026, 11, 26), TODAY)


def test_removing_a_mistake_is_recorded(
    set_price: SetPrice, request_: HttpRequest, place: Place
) -> None:
    wrong = set_price("46")
    place()
    prices.remove(request_, wrong)
    assert (Charge.objects.get().currency, Charge.objects.get().micros) == ("", 0)
    assert AuditEntry.objects.get().verb == AuditAction.PRICE_REMOVED


def test_documented_prices_are_proposed_unless_they_clash(
    credential: Credential, set_price: SetPrice, request_: HttpRequest
) -> None:
    assert prices.proposals(credential, TODAY) == []  # a gateway
    Credential.objects.update(provider="volcengine")
    credential.refresh_from_db()
    own = set_price("40", tier="720p", with_video=False)
    seen, again = prices.proposals(credential, TODAY), prices.proposals(credential, TODAY)
    assert len(seen) == len(PRICE_LISTS["volcengine"].prices) - 1
    assert prices.take_over(request_, seen) == len(seen)
    assert prices.take_over(request_, again) == 0  # somebody else was quicker
    own.refresh_from_db()
    assert own.amount == 40
    assert all("2026-11-20" in p.source for p in Price.objects.exclude(pk=own.pk))
