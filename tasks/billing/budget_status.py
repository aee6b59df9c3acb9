"""The status of a budget: what is used, reserved and left in a period, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from tasks.billing.estimates import Total
from tasks.billing.forecast import Forecast, NoForecast, forecast
from tasks.billing.sums import Used, percent_of, uses_of
from tasks.models import Budget
from tasks.models.budget import TOKENS
from tasks.models.period import midnight


@dataclass(frozen=True, kw_only=True)
class BudgetStatus:
    """One budget in one of its periods, and what has been used of it."""

    budget: Budget
    day: date  # any of the period
    used: Used

    @classmethod
    def of_all(cls, budgets: Iterable[Budget], day: date) -> list[BudgetStatus]:
        """Read the status of each budget in its period around a day; one query for a hundred."""
        budgets = list(budgets)
        uses = uses_of(budgets, day) if budgets else {}
        return [cls(budget=each, day=day, used=uses[each.pk]) for each in budgets]

    @property
    def first(self) -> date:
        """The first day of the period."""
        return self.budget.span.first(self.day)

    @property
    def following(self) -> date:
        """The day on which it begins anew."""
        return self.budget.span.following(self.day)

    @property
    def limit(self) -> int:
        return self.budget.most

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used.together)

    @property
    def percent(self) -> int:
        """The used share of the limit, rounded down; 100 and more if it is used up."""
        return percent_of(self.used.together, self.limit)

    @property
    def level(self) -> int | None:
        """The highest of the budget's own levels that is reached; None below all of them."""
        return self.budget.level_of(self.percent)

    @property
    def is_near(self) -> bool:
        return self.level is not None or self.is_used_up

    @property
    def is_used_up(self) -> bool:
        return self.left == 0

    def needs(self, total: Total) -> int | None:
        """The most that these takes would reserve, in the budget's unit; None if unknown."""
        return needed_of(total, self.budget.unit)

    def forecast(self, now: datetime) -> Forecast | NoForecast:
        """Foretell the end of the period at its pace so far."""
        return forecast(
            self.used.counted,
            self.limit,
            begins_at=midnight(self.first),
            ends_at=midnight(self.following),
            now=now,
            span=self.budget.span,
        )

    def is_foretold(self, now: datetime) -> bool:
        """Whether its pace leads to the last of its levels, which it has not reached yet."""
        marks = self.budget.marks
        if not marks or self.percent >= marks[-1] or self.is_used_up:
            return False
        found = self.forecast(now)
        return isinstance(found, Forecast) and found.percent >= marks[-1]


def needed_of(total: Total, unit: str) -> int | None:
    """The most that takes would reserve, in tokens or in millionths of a currency; else None."""
    if unit == TOKENS:
        return total.tokens.most if total.tokens else 0
    sums = total.money
    is_certain = len(sums) == 1 and sums[0].currency == unit and not total.unpriced
    return sums[0].most if is_certain else None
