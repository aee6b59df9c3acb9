"""The price list: no two prices for one video, and a past that nobody rewrites."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from tasks import prices
from tasks.models import AuditEntry, Charge, Credential, Price, Verb
from tasks.providers.list_prices import LISTS
from tests.money.conftest import NOW, ONE, V20, Place, SetPrice

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
def test_two_prices_for_one_video_are_refused_with_the_price_that_is_there(
    credential: Credential, request_: HttpRequest, one: dict[str, Any], other: dict[str, Any]
) -> None:
    prices.add(request_, priced(credential, **one))
    with pytest.raises(prices.CannotBe, match=r"Seedance 2\.0.*: 46 CNY") as why:
        prices.add(request_, priced(credential, **other))
    assert why.value.field == "valid_from"
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
def test_prices_for_different_videos_or_days_stand_beside_each_other(
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
        ({"model": "kling"}, "model"),
    ],
)
def test_a_price_for_no_video_is_refused(
    credential: Credential, request_: HttpRequest, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(prices.CannotBe) as why:
        prices.add(request_, priced(credential, **wrong))
    assert why.value.field == field


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
    assert verbs == [Verb.PRICE_ENDED, Verb.PRICE_SET]
    assert AuditEntry.objects.latest("pk").changes["amount"] == ["46.0000", "44"]


def test_the_past_is_not_rewritten(set_price: SetPrice, request_: HttpRequest) -> None:
    old = set_price("46")
    with pytest.raises(prices.CannotBe, match="stays as it was"):
        prices.change(request_, old.pk, Decimal(1), date(2026, 11, 19), TODAY)
    old.refresh_from_db()
    assert (old.amount, old.valid_until) == (46, None)


def test_without_an_amount_it_ends(set_price: SetPrice, request_: HttpRequest) -> None:
    old = set_price("46")
    assert prices.change(request_, old.pk, None, date(2026, 12, 1), TODAY) is None
    old.refresh_from_db()
    assert old.valid_until == date(2026, 11, 30)


def test_what_has_not_begun_before_today_is_replaced(
    set_price: SetPrice, request_: HttpRequest, place: Place
) -> None:
    wrong = set_price("460", valid_from=TODAY)
    place()
    prices.change(request_, wrong.pk, Decimal(46), TODAY, TODAY)
    assert Price.objects.get().amount == 46
    assert Charge.objects.get().micros == ONE * 46


def test_a_price_that_ends_before_is_not_changed_after(
    set_price: SetPrice, request_: HttpRequest
) -> None:
    old = set_price("46", valid_until=date(2026, 11, 25))
    with pytest.raises(prices.CannotBe, match="ends before"):
        prices.change(request_, old.pk, Decimal(44), date(2026, 11, 26), TODAY)


def test_staff_may_remove_a_mistake_and_that_is_on_the_record(
    set_price: SetPrice, request_: HttpRequest, place: Place
) -> None:
    wrong = set_price("46")
    place()
    prices.remove(request_, wrong)
    assert (Charge.objects.get().currency, Charge.objects.get().micros) == ("", 0)
    assert AuditEntry.objects.get().verb == Verb.PRICE_REMOVED


def test_documented_prices_are_proposed_where_nothing_stands_in_the_way(
    credential: Credential, set_price: SetPrice, request_: HttpRequest
) -> None:
    assert prices.proposals(credential, TODAY) == []  # a gateway
    Credential.objects.update(provider="volcengine")
    credential.refresh_from_db()
    own = set_price("40", tier="720p", with_video=False)
    seen, again = prices.proposals(credential, TODAY), prices.proposals(credential, TODAY)
    assert len(seen) == len(LISTS["volcengine"].prices) - 1
    assert prices.take_over(request_, seen) == len(seen)
    assert prices.take_over(request_, again) == 0  # somebody else was quicker
    own.refresh_from_db()
    assert own.amount == 40
    assert all("2026-11-20" in p.source for p in Price.objects.exclude(pk=own.pk))
