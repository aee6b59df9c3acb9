"""Whose month is nearly spent, for those who may raise its limit."""

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

from tasks.models import Budget, Project, Spending
from tasks.models.charge import month_of
from tasks.money.standing import WARN_FROM, percent_of

#: The columns that `nearly_spent` reads, in order, and of what kind they are.
COLUMNS: dict[str, Field[Any, Any]] = {
    "project_id": BigIntegerField(),
    "project__name": CharField(),
    "unit": CharField(),
    "limit": DecimalField(max_digits=15, decimal_places=2),
    "tokens": BigIntegerField(),
    "micros": BigIntegerField(),
}


@dataclass(frozen=True, kw_only=True)
class NearlySpent:
    project_id: int
    project: str
    percent: int  # 100 and more where it is used up

    @property
    def is_used_up(self) -> bool:
        return self.percent >= 100


def limited(user: Any, day: date) -> QuerySet[Budget]:
    """Limited budgets that this person may change, with what the month has used and holds."""
    month = Spending.objects.filter(project=OuterRef("pk"), month=month_of(day))
    spent = month.order_by().values("project")
    in_tokens = spent.annotate(used=Sum(F("tokens") + F("held_tokens")))
    in_money = spent.filter(currency=OuterRef("unit"))
    in_money = in_money.annotate(used=Sum(F("micros") + F("held_micros")))
    managed = Project.objects.managed_by(user).order_by()
    return Budget.objects.filter(limit__isnull=False, project__in=managed).annotate(
        tokens=Subquery(in_tokens.values("used")), micros=Subquery(in_money.values("used"))
    )


def nearly_spent(rows: Iterable[tuple[Any, ...]]) -> tuple[NearlySpent, ...]:
    """Of the rows of `limited`, by COLUMNS; the fullest first."""
    found = [_read(*row) for row in rows]
    near = [each for each in found if each.percent >= WARN_FROM]
    return tuple(sorted(near, key=lambda each: (-each.percent, each.project)))


def _read(
    pk: int, name: str, unit: str, limit: Any, tokens: int | None, micros: int | None
) -> NearlySpent:
    budget = Budget(project_id=pk, unit=unit, limit=limit)
    used = (tokens if budget.is_in_tokens else micros) or 0
    return NearlySpent(project_id=pk, project=name, percent=percent_of(used, budget.most or 0))
