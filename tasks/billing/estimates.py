"""Estimates of requests, in tokens and by the price list; never what was billed.

A model that the catalog does not know is reserved as the dearest known model of its credential
would be, whether it has a price of its own or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from tasks.models import Credential, ModelName, Price
from tasks.models.charge import in_currency
from tasks.models.price import LONGEST_NAME, price_for
from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.catalog.tariff import Tariff, Tokens, seconds_of, tariff_of, tokens_of


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimate of one request; it has no currency if no price is known for it."""

    request: GenerationRequest
    tariff: Tariff
    tokens: Tokens
    most_seconds: int
    price: Price | None
    currency: str = ""
    least_micros: int = 0
    most_micros: int = 0  # to reserve of a budget: the largest that is documented

    def submission_fields(self) -> dict[str, Any]:
        """The estimate as fields of a Submission."""
        fields = {"estimated_least": self.tokens.least, "estimated_tokens": self.tokens.most}
        if not self.currency:
            return fields
        return fields | {
            "estimated_least_money": in_currency(self.least_micros),
            "estimated_money": in_currency(self.most_micros),
            "estimated_currency": self.currency,
        }


def estimates_of(
    requests: Sequence[GenerationRequest], credential: Credential, day: date
) -> list[Estimate]:
    """Estimate requests in one query; a request that is repeated is estimated once.

    A model that the catalog does not know costs one query more.
    """
    prices = list(Price.objects.filter(credential=credential).on(day))
    sold: Mapping[str, Model] | None = None
    known: dict[int, Estimate] = {}
    for request in requests:
        if id(request) in known:
            continue
        if request.catalogued:
            known[id(request)] = _of_known(request, prices, credential, day)
        else:
            sold = sold or ModelName.objects.at(credential.provider)
            known[id(request)] = _of_unknown(request, sold, prices, credential, day)
    return [known[id(request)] for request in requests]


def _of_known(
    request: GenerationRequest, prices: Sequence[Price], credential: Credential, day: date
) -> Estimate:
    tariff, tokens, seconds = tariff_of(request), tokens_of(request), seconds_of(request)
    assert tariff and tokens and seconds
    price = price_for(prices, credential.pk, tariff, day)
    estimate = Estimate(
        request=request, tariff=tariff, tokens=tokens, most_seconds=seconds[1], price=price
    )
    if price is None:
        return estimate
    return replace(
        estimate,
        currency=price.currency,
        least_micros=price.micros(tokens.least, seconds=seconds[0], flex=tariff.is_flex) or 0,
        most_micros=price.micros(tokens.most, seconds=seconds[1], flex=tariff.is_flex) or 0,
    )


def _of_unknown(
    request: GenerationRequest,
    sold: Mapping[str, Model],
    prices: Sequence[Price],
    credential: Credential,
    day: date,
) -> Estimate:
    """Estimate the request as if each of the known models were asked for; reserve the most."""
    names = {model.name for model in sold.values()}
    likes = [
        _of_known(replace(request, known_as=name), prices, credential, day)
        for name in sorted(names)
    ]
    dearest = max(likes, key=lambda each: each.tokens.most)
    estimate = Estimate(
        request=request,
        tariff=replace(dearest.tariff, model=request.model[:LONGEST_NAME]),
        tokens=Tokens(min(each.tokens.least for each in likes), dearest.tokens.most),
        most_seconds=max(each.most_seconds for each in likes),
        price=None,
    )
    own = price_for(prices, credential.pk, estimate.tariff, day)
    currency = own.currency if own else _usual_currency(prices)
    most = [each.most_micros for each in likes if currency and each.currency == currency]
    if own is None:
        most_micros = max(most, default=0)
        return replace(estimate, currency=currency if most else "", most_micros=most_micros)
    flex, seconds = estimate.tariff.is_flex, [each.most_seconds for each in likes]
    least = own.micros(estimate.tokens.least, seconds=min(seconds), flex=flex) or 0
    own_most = own.micros(estimate.tokens.most, seconds=max(seconds), flex=flex) or 0
    return replace(
        estimate,
        price=own,
        currency=currency,
        least_micros=least,
        most_micros=max([own_most, *most]),
    )


def _usual_currency(prices: Sequence[Price]) -> str:
    """The currency that most of the prices are in, "" without any."""
    counted = Counter(price.currency for price in prices).most_common(1)
    return counted[0][0] if counted else ""


@dataclass(frozen=True, kw_only=True)
class Money:
    """A sum of estimates in one currency, in millionths."""

    currency: str
    least: int
    most: int


class Total:
    """The sum of the estimates of all takes of one press."""

    def __init__(self, estimates: Sequence[Estimate]) -> None:
        self.estimates = estimates

    @property
    def takes(self) -> int:
        return len(self.estimates)

    @cached_property
    def tokens(self) -> Tokens | None:
        """Tokens of all takes; None if there are none."""
        found = [each.tokens for each in self.estimates]
        if not found:
            return None
        return Tokens(sum(each.least for each in found), sum(each.most for each in found))

    @cached_property
    def unpriced(self) -> int:
        """Number of takes for which nothing can be said in money."""
        return sum(not each.currency for each in self.estimates)

    @cached_property
    def money(self) -> list[Money]:
        """Sums of the takes that have a price, by currency."""
        sums = []
        for currency in sorted({each.currency for each in self.estimates if each.currency}):
            priced = [each for each in self.estimates if each.currency == currency]
            least = sum(each.least_micros for each in priced)
            most = sum(each.most_micros for each in priced)
            sums.append(Money(currency=currency, least=least, most=most))
        return sums

    @cached_property
    def prices(self) -> list[Price]:
        """The prices that the money is computed from."""
        found = {each.price.pk: each.price for each in self.estimates if each.price}
        return list(found.values())
