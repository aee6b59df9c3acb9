"""Estimates of many requests, the price of a day, and the fields that keep both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tasks.billing.amounts import money
from tasks.billing.estimates import Total, estimates_of
from tasks.models import Credential, Submission
from tests.billing.conftest import NOW, ONE, Place, SetPrice
from tests.providers.generations import generation

DAY = NOW.date()
FIVE: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}


def test_different_requests_are_added_up_each_by_its_own_price(
    credential: Credential, set_price: SetPrice
) -> None:
    set_price("46", tier="720p", with_video=False)
    set_price("51", tier="1080p", with_video=False)
    requests = [
        generation(**FIVE),
        generation(**FIVE),
        generation(**FIVE | {"resolution": "1080p"}),
    ]
    with CaptureQueriesContext(connection) as queries:
        total = Total(estimates_of(requests, credential, DAY))
        [sum_] = total.money
    assert len(queries) == 1
    large = 1920 * 1080 * 121 // 1024
    assert total.tokens and total.tokens.most == 2 * ONE + large
    assert sum_.least == sum_.most == 2 * ONE * 46 + large * 51
    assert (total.takes, total.unpriced) == (3, 0)


def test_requests_without_a_price_are_counted_and_left_out_of_the_sum(
    credential: Credential, set_price: SetPrice
) -> None:
    set_price("46", tier="720p")
    requests = [generation(**FIVE), generation(resolution="4k")]
    total = Total(estimates_of(requests, credential, DAY))
    assert total.unpriced == 1
    assert [(each.currency, each.most) for each in total.money] == [("CNY", ONE * 46)]


def test_flex_costs_its_share(credential: Credential, set_price: SetPrice) -> None:
    model = "seedance-1-0-pro-250528"
    set_price("15", model=model, flex_percent=50)
    slow = generation(model, **FIVE, service_tier="flex")
    [estimate] = estimates_of([slow], credential, DAY)
    assert estimate.tokens and estimate.most_micros == estimate.tokens.most * 75 // 10


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        (date(2026, 9, 30), None),
        (date(2026, 10, 1), 40),
        (date(2026, 10, 31), 40),
        (date(2026, 11, 1), 46),
        (date(2026, 12, 1), None),
    ],
)
def test_a_price_is_valid_from_its_first_day_to_its_last(
    credential: Credential, set_price: SetPrice, day: date, amount: int | None
) -> None:
    set_price("40", valid_until=date(2026, 10, 31))
    set_price("46", valid_from=date(2026, 11, 1), valid_until=date(2026, 11, 30))
    [estimate] = estimates_of([generation(**FIVE)], credential, day)
    assert (int(estimate.price.amount) if estimate.price else None) == amount


def test_a_price_of_another_credential_does_not_apply(
    credential: Credential, set_price: SetPrice
) -> None:
    other = Credential.objects.create(name="Other", provider="newapi", base_url="https://o.example")
    set_price("46", credential=other)
    [estimate] = estimates_of([generation(**FIVE)], credential, DAY)
    assert estimate.price is None


def test_a_submission_keeps_its_estimate(place: Place, set_price: SetPrice) -> None:
    set_price("46")
    place()
    submission = Submission.objects.get()
    assert (submission.estimated_least, submission.estimated_tokens) == (ONE, ONE)
    assert (submission.estimated_money, submission.estimated_currency) == (Decimal("5.0094"), "CNY")


def test_without_a_price_it_keeps_the_tokens_alone(place: Place) -> None:
    place(ratio="adaptive")
    submission = Submission.objects.get()
    assert (submission.estimated_least, submission.estimated_tokens) == (ONE, 109_586)
    assert (submission.estimated_money, submission.estimated_currency) == (None, None)


@pytest.mark.parametrize(
    ("micros", "currency", "words"),
    [
        (3_200_000, "CNY", "¥3.20"),
        (1_234_567_890, "USD", "$1,234.57"),
        (4_200, "USD", "$0.0042"),
        (1, "EUR", "€0.000001"),
        (0, "CNY", "¥0.00"),
        (320_000_000, "JPY", "JPY 320.00"),
    ],
)
def test_money_reads_alike_in_both_languages(micros: int, currency: str, words: str) -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert money(micros, currency) == words
