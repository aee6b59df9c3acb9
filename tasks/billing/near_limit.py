"""Budgets near their limit, for the people who may raise it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    DecimalField,
    F,
    Field,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
)

from tasks.billing.budget_status import WARN_FROM, percent_of
from tasks.models import Budget, Spending
from tasks.models.charge import month_of

#: Columns of the rows that `nearly_spent` reads, in order, with their fields.
COLUMNS: dict[str, Field[Any, Any]] = {
    "project_id": BigIntegerField(),
    "project__name": CharField(),
    "unit": CharField(),
    "limit": DecimalField(max_digits=15, decimal_places=2),
    "tokens": BigIntegerField(),
    "micros": BigIntegerField(),
}


@dataclass(frozen=True, kw_only=True)
class NearLimit:
    """A project whose budget is near its limit this month."""

    project_id: int
    project: str
    percent: int  # 100 and more if it is used up

    @property
    def is_used_up(self) -> bool:
        return self.percent >= 100


def limited(user: Any, day: date) -> QuerySet[Budget]:
    """Limited budgets that this person may change, with the sums used and reserved this month."""
    month = Spending.objects.filter(project=OuterRef("pk"), month=month_of(day))
    spent = month.order_by().values("project")
    in_tokens = spent.annotate(used=Sum(F("tokens") + F("reserved_tokens")))
    in_money = spent.filter(currency=OuterRef("unit"))
    in_money = in_money.annotate(used=Sum(F("micros") + F("reserved_micros")))
    budgets = Budget.objects.managed_by(user).filter(limit__isnull=False)
    return budgets.annotate(
        tokens=Subquery(in_tokens.values("used")), micros=Subquery(in_money.values("used"))
    )


def nearly_spent(rows: Iterable[tuple[Any, ...]]) -> tuple[NearLimit, ...]:
    """Budgets near their limit, the fullest first, from rows of `limited` in order of COLUMNS."""
    near = []
    for pk, name, unit, limit, tokens, micros in rows:
        budget = Budget(project_id=pk, unit=unit, limit=limit)
        used = (tokens if budget.is_in_tokens else micros) or 0
        percent = percent_of(used, budget.most or 0)
        if percent >= WARN_FROM:
            near.append(NearLimit(project_id=pk, project=name, percent=percent))
    return tuple(sorted(near, key=lambda each: (-each.percent, each.project)))
