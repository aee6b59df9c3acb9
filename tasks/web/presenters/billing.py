"""Money and tokens as pages show them: estimates, costs, the price list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from tasks.billing.amounts import SIGNS, amount, for_unit, money, sum_of
from tasks.billing.estimates import Total
from tasks.models import Charge, Price, Submission, Task, Tier
from tasks.models.budget import TOKENS
from tasks.models.price import MODEL_CHOICES
from tasks.web.presenters import token_checks
from tasks.web.presenters.facts import Fact, grouped


def between(least: int, most: int, unit: str) -> str:
    """The sum in words, or both ends of a range."""
    if least == most:
        return sum_of(most, unit)
    return _("%(least)s to %(most)s") % {
        "least": sum_of(least, unit),
        "most": sum_of(most, unit),
    }


class TotalPresenter:
    """The estimate of all takes that one press of the button would make."""

    def __init__(self, total: Total) -> None:
        self.total = total

    @property
    def tokens(self) -> str:
        tokens = self.total.tokens
        return between(tokens.least, tokens.most, TOKENS) if tokens else ""

    @property
    def is_range(self) -> bool:
        return self.total.tokens is not None and not self.total.tokens.is_exact

    @property
    def money(self) -> str:
        """The sum of each currency; "" where no price is known."""
        sums = self.total.money
        return " + ".join(between(each.least, each.most, each.currency) for each in sums)

    @property
    def since(self) -> date | None:
        """The day from which the price is valid; None where there are several prices."""
        prices = self.total.prices
        return prices[0].valid_from if len(prices) == 1 else None

    @property
    def unpriced(self) -> int:
        return self.total.unpriced

    @property
    def is_unpriced(self) -> bool:
        return self.total.unpriced == self.total.takes

    @property
    def takes(self) -> int:
        return self.total.takes


# A task's page


def cost_of(task: Task) -> list[Fact]:
    """The cost by our price list, the gateway's charge, and the estimate from before."""
    charge: Charge | None = getattr(task, "charge", None)
    facts = []
    if task.cost_micros is not None and task.cost_currency:
        cost = money(task.cost_micros, task.cost_currency)
        facts.append(Fact(_("what the provider charged"), cost, name="cost_micros"))
    elif charge and charge.is_billed:
        facts.append(_list_price(charge))
    if task.quota:
        words = _("%(number)s units. 500,000 are one US dollar unless the operator changed it")
        facts.append(Fact(_("what the gateway charged"), words % {"number": grouped(task.quota)}))
    facts += token_checks.facts_of(charge)
    return [*facts, *_estimated(getattr(task, "submission", None))]


def paid_for(task: Task) -> tuple[int, str] | None:
    """The money that the task took: as the provider names it, else by our price list.

    None where neither is known; an estimate is no such sum.
    """
    if task.cost_micros is not None and task.cost_currency:
        return task.cost_micros, task.cost_currency
    charge: Charge | None = getattr(task, "charge", None)
    if charge is None or not charge.is_billed or charge.price_id is None:
        return None
    return charge.micros, charge.currency


def sums_of(paid: Iterable[tuple[int, str]]) -> list[str]:
    """The sum of each currency in short, which are never added to each other."""
    sums: dict[str, int] = {}
    for micros, currency in paid:
        sums[currency] = sums.get(currency, 0) + micros
    words = sorted((SIGNS.get(currency, currency), currency) for currency in sums)
    return [money(sums[currency], currency) for _sign, currency in words]


def _list_price(charge: Charge) -> Fact:
    label = _("based on your price list, not an invoice")
    if charge.price is None:
        return Fact(label, _("no known price"))
    words = _("%(money)s (%(price)s, from %(day)s)")
    price = amount(charge.price.amount, charge.currency)
    if charge.is_flex:
        price = _("%(price)s × %(percent)s %%") % {
            "price": price,
            "percent": charge.price.flex_percent,
        }
    price = for_unit(price, charge.price.unit)
    total = money(charge.micros, charge.currency)
    return Fact(label, words % {"money": total, "price": price, "day": charge.price.valid_from})


def _estimated(submission: Submission | None) -> list[Fact]:
    if submission is None or submission.estimated_tokens is None:
        return []
    least, most = submission.estimated_least or 0, submission.estimated_tokens
    words = between(least, most, TOKENS)
    if submission.estimated_money is not None and submission.estimated_currency:
        micros = int(submission.estimated_money * 1_000_000)
        fewest = submission.estimated_least_money
        least_micros = micros * least // (most or 1)
        if fewest is not None:  # None: estimated before prices had units
            least_micros = int(fewest * 1_000_000)
        in_money = between(least_micros, micros, submission.estimated_currency)
        words = f"{words} · {in_money}"
    return [Fact(_("estimated before sending"), words)]


# The price list


@dataclass(frozen=True)
class ModelPrices:
    """The prices of one model with an account."""

    label: str
    now: list[Price]
    later: list[Price]
    past: list[Price]

    @classmethod
    def all_of(cls, prices: Iterable[Price], today: date) -> list[ModelPrices]:
        """All models, the newest first; the prices of each with the smallest pictures first."""
        models: dict[str, ModelPrices] = {}
        for price in sorted(prices, key=_place_in_list):
            own = models.setdefault(price.model, cls(price.model_label, [], [], []))
            if price.valid_from > today:
                own.later.append(price)
            else:
                (own.now if price.is_valid_on(today) else own.past).append(price)
        return list(models.values())


_MODELS, _TIERS = [name for name, _label in MODEL_CHOICES], ["", *Tier.values]


def _place_in_list(price: Price) -> tuple[int, int, bool, bool, date]:
    return (
        _MODELS.index(price.model) if price.model in _MODELS else len(_MODELS),
        _TIERS.index(price.tier),
        bool(price.with_video),
        not price.with_audio,
        price.valid_from,
    )
