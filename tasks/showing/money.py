"""What was spent and may be spent, as pages show it: estimates, the price list's sums, budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from tasks.models import Budget, Charge, Price, Project, Spending, Submission, Task, Tier
from tasks.models.budget import TOKENS
from tasks.models.charge import NOBODY, month_of
from tasks.models.price import MODEL_CHOICES
from tasks.money.estimates import Money, Total
from tasks.money.standing import Standing, Used, money_in, tokens_in
from tasks.money.words import amount, money, sum_of
from tasks.showing.facts import Fact, grouped


def between(least: int, most: int, unit: str) -> str:
    """One sum, or from which to which."""
    if least == most:
        return sum_of(most, unit)
    return _("%(least)s to %(most)s") % {
        "least": sum_of(least, unit),
        "most": sum_of(most, unit),
    }


class TotalShown:
    """Before the click: what all takes are thought to take."""

    def __init__(self, total: Total) -> None:
        self.total = total

    @property
    def tokens(self) -> str:
        found = self.total.tokens
        return between(found.least, found.most, TOKENS) if found else ""

    @property
    def is_range(self) -> bool:
        return self.total.tokens is not None and not self.total.tokens.is_exact

    @property
    def money(self) -> str:
        """Of several currencies each; "" where no price is known."""
        return " + ".join(between(each.least, each.most, each.currency) for each in self._money)

    @property
    def _money(self) -> list[Money]:
        return self.total.money

    @property
    def since(self) -> date | None:
        """From when on the price holds, where one is all there is."""
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
    """What was counted, what that comes to, and apart from both what was thought before."""
    charge: Charge | None = getattr(task, "charge", None)
    facts = [_by_the_list(charge)] if charge and charge.is_billed else []
    if task.quota:
        sentence = _("%(number)s units; 500,000 are one US dollar where its operator left it so")
        told = sentence % {"number": grouped(task.quota)}
        facts.append(Fact(_("what the gateway charged"), told))
    return [*facts, *_estimated(getattr(task, "submission", None))]


def _by_the_list(charge: Charge) -> Fact:
    label = _("by our price list, not an invoice")
    if charge.price is None:
        return Fact(label, _("no price is known for it"))
    words = _("%(money)s (%(price)s for a million tokens, from %(day)s on)")
    price = amount(charge.price.amount, charge.currency)
    if charge.is_flex:
        price = _("%(price)s × %(percent)s %%") % {
            "price": price,
            "percent": charge.price.flex_percent,
        }
    told = {"money": money(charge.micros, charge.currency), "price": price}
    return Fact(label, words % {**told, "day": charge.price.valid_from})


def _estimated(submission: Submission | None) -> list[Fact]:
    if submission is None or submission.estimated_tokens is None:
        return []
    least, most = submission.estimated_least or 0, submission.estimated_tokens
    words = between(least, most, TOKENS)
    if submission.estimated_money is not None and submission.estimated_currency:
        micros = int(submission.estimated_money * 1_000_000)
        in_money = between(micros * least // (most or 1), micros, submission.estimated_currency)
        words = f"{words} · {in_money}"
    return [Fact(_("estimated before it was sent"), words)]


# The price list


@dataclass(frozen=True)
class ModelPrices:
    """What one model costs with an account."""

    label: str
    now: list[Price]
    later: list[Price]
    past: list[Price]

    @classmethod
    def all_of(cls, prices: Iterable[Price], today: date) -> list[ModelPrices]:
        """The newest model first, and of each the smallest pictures first."""
        found: dict[str, ModelPrices] = {}
        for price in sorted(prices, key=_place_in_list):
            own = found.setdefault(price.model, cls(str(price.get_model_display()), [], [], []))
            if price.valid_from > today:
                own.later.append(price)
            else:
                (own.now if price.is_valid_on(today) else own.past).append(price)
        return list(found.values())


_MODELS, _TIERS = [name for name, _label in MODEL_CHOICES], ["", *Tier.values]


def _place_in_list(price: Price) -> tuple[int, int, bool, bool, date]:
    return (
        _MODELS.index(price.model) if price.model in _MODELS else len(_MODELS),
        _TIERS.index(price.tier),
        bool(price.with_video),
        not price.with_audio,
        price.valid_from,
    )


# Budgets


@dataclass(frozen=True)
class Bar:
    """In percent of the whole, for drawing."""

    counted: float
    held: float

    @classmethod
    def of(cls, used: Used, whole: int) -> Bar:
        if not whole:
            return cls(100 if used.together else 0, 0)
        counted = min(100.0, used.counted * 100 / whole)
        return cls(round(counted, 2), round(min(100 - counted, used.held * 100 / whole), 2))


class StandingShown:
    """A project's month."""

    def __init__(self, project: Project, standing: Standing, *, may_change: bool = False) -> None:
        self.project = project
        self.standing = standing
        self.may_change = may_change

    @property
    def unit(self) -> str:
        return self.standing.budget.unit

    @property
    def counted(self) -> str:
        return sum_of(self.standing.used.counted, self.unit)

    @property
    def held(self) -> str:
        return sum_of(self.standing.used.held, self.unit)

    @property
    def used(self) -> str:
        return sum_of(self.standing.used.together, self.unit)

    @property
    def left(self) -> str:
        left = self.standing.left
        return "" if left is None else sum_of(left, self.unit)

    @property
    def limit(self) -> str:
        limit = self.standing.limit
        return "" if limit is None else sum_of(limit, self.unit)

    @property
    def bar(self) -> Bar | None:
        limit = self.standing.limit
        return None if limit is None else Bar.of(self.standing.used, limit)

    @property
    def tone(self) -> str:
        if self.standing.is_used_up:
            return "red"
        return "amber" if self.standing.is_near else "green"

    @property
    def beside(self) -> list[tuple[str, str, str]]:
        """Used in what the budget is not counted in: (which, counted, held)."""
        found = {} if self.unit == TOKENS else {TOKENS: self.standing.tokens}
        found |= {unit: used for unit, used in self.standing.money.items() if unit != self.unit}
        return [
            (
                _("in tokens") if unit == TOKENS else _("by the price list"),
                sum_of(used.counted, unit),
                sum_of(used.held, unit) if used.held else "",
            )
            for unit, used in found.items()
            if used.together
        ]


@dataclass(frozen=True)
class PersonSpent:
    """What somebody has used of a month."""

    name: str
    takes: int
    tokens: Used
    money: list[str]
    bar: Bar | None


def standings(projects: Sequence[Project], day: date, managed: set[int]) -> list[StandingShown]:
    """Two queries, however many projects there are."""
    budgets = {each.project_id: each for each in Budget.objects.filter(project__in=projects)}
    month = month_of(day)
    spent: dict[int, list[Spending]] = {}
    for row in Spending.objects.filter(project__in=projects, month=month):
        spent.setdefault(row.project_id, []).append(row)
    return [
        StandingShown(
            project,
            Standing.read(
                budgets.get(project.pk) or Budget(project=project),
                month,
                spent.get(project.pk, []),
            ),
            may_change=project.pk in managed,
        )
        for project in projects
    ]


def by_person(standing: Standing, project: Project) -> list[PersonSpent]:
    """Who has used most first; two queries."""
    rows: dict[int, list[Spending]] = {}
    for row in Spending.objects.filter(project=project, month=standing.month):
        rows.setdefault(row.person, []).append(row)
    names = _names(rows)
    found = [_spent(names.get(who, ""), who, its, standing) for who, its in rows.items()]
    return sorted(found, key=lambda each: (-each.tokens.together, each.name))


def _names(people: Iterable[int]) -> dict[int, str]:
    users = get_user_model().objects.filter(pk__in=list(people))
    return {user.pk: user.get_full_name() or user.get_username() for user in users}


def _spent(name: str, who: int, rows: list[Spending], standing: Standing) -> PersonSpent:
    tokens, unit = tokens_in(rows), standing.budget.unit
    currencies = sorted({row.currency for row in rows} - {""})
    own = tokens if unit == TOKENS else money_in(rows, unit)
    whole = standing.limit or standing.used.together
    nobody = _("tracked, by nobody") if who == NOBODY else _("somebody who is gone")
    return PersonSpent(
        name=name or nobody,
        takes=sum(row.takes for row in rows),
        tokens=tokens,
        money=[money(money_in(rows, each).together, each) for each in currencies],
        bar=Bar.of(own, whole) if whole else None,
    )
