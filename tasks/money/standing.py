"""How much of a project's month is used, held and left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.models import Budget, Project, Spending
from tasks.models.charge import month_of
from tasks.money.estimates import Total

WARN_FROM = 80  # percent


@dataclass(frozen=True, kw_only=True)
class Used:
    """In tokens, or in millionths of a currency."""

    counted: int = 0
    held: int = 0

    @property
    def together(self) -> int:
        return self.counted + self.held


def percent_of(used: int, limit: int) -> int:
    """Rounded down; a limit of nothing is used up."""
    return used * 100 // limit if limit else 100


def tokens_in(rows: Iterable[Spending]) -> Used:
    rows = list(rows)
    return Used(counted=sum(row.tokens for row in rows), held=sum(row.held_tokens for row in rows))


def money_in(rows: Iterable[Spending], currency: str) -> Used:
    its = [row for row in rows if row.currency == currency]
    return Used(counted=sum(row.micros for row in its), held=sum(row.held_micros for row in its))


@dataclass(frozen=True, kw_only=True)
class Standing:
    budget: Budget
    month: str
    tokens: Used
    money: dict[str, Used]  # by currency, also those that the budget is not in
    takes: int
    unpriced: int  # takes that no price is known of

    @classmethod
    def of(cls, project: Project, day: date, budget: Budget | None = None) -> Standing:
        """One query, or two: a row for each person and currency is all there is to add up."""
        budget = budget or Budget.objects.of(project)
        rows = Spending.objects.filter(project=project, month=month_of(day))
        return cls.read(budget, month_of(day), list(rows))

    @classmethod
    def read(cls, budget: Budget, month: str, rows: Sequence[Spending]) -> Standing:
        currencies = sorted({row.currency for row in rows} - {""})
        return cls(
            budget=budget,
            month=month,
            tokens=tokens_in(rows),
            money={each: money_in(rows, each) for each in currencies},
            takes=sum(row.takes for row in rows),
            unpriced=sum(row.takes for row in rows if not row.currency),
        )

    @property
    def used(self) -> Used:
        """In what the budget is counted in."""
        budget = self.budget
        return self.tokens if budget.is_in_tokens else self.money.get(budget.unit, Used())

    @property
    def limit(self) -> int | None:
        return self.budget.most

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used.together)

    @property
    def percent(self) -> int | None:
        """Of the limit, rounded down; 100 and more where it is used up."""
        if self.limit is None:
            return None
        return percent_of(self.used.together, self.limit)

    @property
    def is_near(self) -> bool:
        return self.percent is not None and self.percent >= WARN_FROM

    @property
    def is_used_up(self) -> bool:
        return self.left == 0

    def needs(self, total: Total) -> int | None:
        """What these takes would hold, at their largest; None where that cannot be said."""
        if self.budget.is_in_tokens:
            return total.tokens.most if total.tokens and not total.unknown else None
        its = [each for each in total.money if each.currency == self.budget.unit]
        return its[0].most if its and len(total.money) == 1 and not total.unpriced else None
