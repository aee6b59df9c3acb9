"""The status of a project's budget: what is used, reserved and left in a month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.billing.estimates import Total
from tasks.models import Budget, Project, Spending
from tasks.models.charge import month_of

WARN_FROM = 80  # percent


@dataclass(frozen=True, kw_only=True)
class Used:
    """Use of a month, in tokens or in millionths of a currency."""

    counted: int = 0
    reserved: int = 0

    @property
    def together(self) -> int:
        return self.counted + self.reserved


def percent_of(used: int, limit: int) -> int:
    """The share in percent, rounded down; a limit of 0 is used up."""
    return used * 100 // limit if limit else 100


def tokens_in(rows: Iterable[Spending]) -> Used:
    rows = list(rows)
    return Used(
        counted=sum(row.tokens for row in rows), reserved=sum(row.reserved_tokens for row in rows)
    )


def money_in(rows: Iterable[Spending], currency: str) -> Used:
    rows = [row for row in rows if row.currency == currency]
    return Used(
        counted=sum(row.micros for row in rows), reserved=sum(row.reserved_micros for row in rows)
    )


@dataclass(frozen=True, kw_only=True)
class BudgetStatus:
    """A project's budget in one month, and what has been used of it."""

    budget: Budget
    month: str
    tokens: Used
    money: dict[str, Used]  # by currency, including those that the budget is not in
    takes: int
    unpriced: int  # takes without a price

    @classmethod
    def of(cls, project: Project, day: date, budget: Budget | None = None) -> BudgetStatus:
        """Read the status of a day's month, in one query or two: a row per person and currency."""
        budget = budget or Budget.objects.of(project)
        rows = Spending.objects.filter(project=project, month=month_of(day))
        return cls.read(budget, month_of(day), list(rows))

    @classmethod
    def read(cls, budget: Budget, month: str, rows: Sequence[Spending]) -> BudgetStatus:
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
        """Use in the unit of the budget."""
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
        """The used share of the limit, rounded down; 100 and more if it is used up."""
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
        """The most that these takes would reserve, in the budget's unit; None if unknown."""
        if self.budget.is_in_tokens:
            return total.tokens.most if total.tokens else 0
        sums = total.money
        is_certain = len(sums) == 1 and sums[0].currency == self.budget.unit and not total.unpriced
        return sums[0].most if is_certain else None
