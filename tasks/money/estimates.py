"""What wishes are thought to take, in tokens and by the price list: never what was billed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tasks.models import Credential, Price
from tasks.models.charge import in_currency
from tasks.models.price import price_for
from tasks.providers.tariff import Tariff, Tokens, tariff_of, tokens_of
from tasks.providers.wish import Wish


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Of one wish. Without tokens where nothing is known of the model, without price where no
    price is entered for it.
    """

    wish: Wish
    tokens: Tokens | None
    tariff: Tariff | None
    price: Price | None

    @property
    def currency(self) -> str:
        return self.price.currency if self.price and self.tokens else ""

    @property
    def least_micros(self) -> int:
        return self._micros(self.tokens.least) if self.tokens else 0

    @property
    def most_micros(self) -> int:
        """What is held of a budget: the largest that is documented."""
        return self._micros(self.tokens.most) if self.tokens else 0

    def _micros(self, tokens: int) -> int:
        assert self.tariff
        return self.price.micros(tokens, flex=self.tariff.is_flex) if self.price else 0

    def kept(self) -> dict[str, Any]:
        """As its submission keeps it."""
        if self.tokens is None:
            return {}
        kept = {"estimated_least": self.tokens.least, "estimated_tokens": self.tokens.most}
        if not self.currency:
            return kept
        money = in_currency(self.most_micros)
        return kept | {"estimated_money": money, "estimated_currency": self.currency}


def estimates_of(wishes: Sequence[Wish], credential: Credential, day: date) -> list[Estimate]:
    """One query, however many wishes there are; wishes that are alike are estimated once."""
    prices = list(Price.objects.filter(credential=credential).on(day))
    known: dict[int, Estimate] = {}
    for wish in wishes:
        if id(wish) not in known:
            known[id(wish)] = _estimate(wish, prices, credential, day)
    return [known[id(wish)] for wish in wishes]


def _estimate(wish: Wish, prices: Iterable[Price], credential: Credential, day: date) -> Estimate:
    tariff = tariff_of(wish)
    price = price_for(prices, credential.pk, tariff, day) if tariff else None
    return Estimate(wish=wish, tokens=tokens_of(wish), tariff=tariff, price=price)


@dataclass(frozen=True, kw_only=True)
class Money:
    """Of one currency, in millionths."""

    currency: str
    least: int
    most: int


class Total:
    """Of all takes of one press."""

    def __init__(self, estimates: Sequence[Estimate]) -> None:
        self.estimates = estimates

    @property
    def takes(self) -> int:
        return len(self.estimates)

    @cached_property
    def unknown(self) -> int:
        """Takes of which not even the tokens can be said."""
        return sum(each.tokens is None for each in self.estimates)

    @cached_property
    def tokens(self) -> Tokens | None:
        """Of those that are known."""
        found = [each.tokens for each in self.estimates if each.tokens]
        if not found:
            return None
        return Tokens(sum(each.least for each in found), sum(each.most for each in found))

    @cached_property
    def unpriced(self) -> int:
        return sum(not each.currency for each in self.estimates)

    @cached_property
    def money(self) -> list[Money]:
        return list(self._money())

    def _money(self) -> Iterator[Money]:
        for currency in sorted({each.currency for each in self.estimates if each.currency}):
            its = [each for each in self.estimates if each.currency == currency]
            least, most = sum(e.least_micros for e in its), sum(e.most_micros for e in its)
            yield Money(currency=currency, least=least, most=most)

    @cached_property
    def prices(self) -> list[Price]:
        """Those that it is reckoned by."""
        found = {each.price.pk: each.price for each in self.estimates if each.price}
        return list(found.values())
