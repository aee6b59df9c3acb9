"""Budgets that have reached a level of theirs, or whose pace leads to their last one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, DecimalField, Field

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.forecast import Forecast
from tasks.models import Budget, Scope
from tasks.models.charge import day_of

#: Columns of the budgets that `near_limits` is given, with their fields.
COLUMNS: dict[str, Field[Any, Any]] = {
    "id": BigIntegerField(),
    "project_id": BigIntegerField(),
    "person_id": BigIntegerField(),
    "credential_id": BigIntegerField(),
    "period": CharField(),
    "unit": CharField(),
    "limit": DecimalField(max_digits=15, decimal_places=2),
    "levels": CharField(),
}


@dataclass(frozen=True, kw_only=True)
class NearLimit:
    """A budget that somebody is told of: what it is for, and how much of it is used."""

    pk: int
    scope: Scope
    project_id: int | None
    name: str  # of what it is for
    is_own: bool  # the reader's
    percent: int  # 100 and more if it is used up
    is_used_up: bool
    forecast: Forecast | None  # where its pace leads to its last level, and it is not there yet


def near_limits(rows: Iterable[Sequence[Any]], now: datetime) -> tuple[BudgetStatus, ...]:
    """Choose the budgets near their limit, the fullest first, from rows of COLUMNS.

    They are all budgets of the site, and their use is one query for a hundred: the caller shares
    the answer among all people for some seconds, and `told_to` chooses from it for each.
    """
    budgets = [Budget(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
    statuses = BudgetStatus.of_all(budgets, day_of(now))
    near = [each for each in statuses if each.is_near or each.is_foretold(now)]
    return tuple(sorted(near, key=lambda each: (-each.percent, each.budget.pk)))


def told_to(user: Any, near: Sequence[BudgetStatus], now: datetime) -> tuple[NearLimit, ...]:
    """Choose those that this person is told of; one query, and none where nothing is near."""
    if not near:
        return ()
    rows = Budget.objects.filter(pk__in=[each.budget.pk for each in near]).told_to(user)
    known = {row.pk: row for row in rows.select_related("project", "person", "credential")}
    return tuple(
        _near_limit(each, known[each.budget.pk], user, now)
        for each in near
        if each.budget.pk in known
    )


def _near_limit(status: BudgetStatus, budget: Budget, user: Any, now: datetime) -> NearLimit:
    found = status.forecast(now) if status.is_foretold(now) else None
    return NearLimit(
        pk=budget.pk,
        scope=budget.scope,
        project_id=budget.project_id,
        name=str(budget),
        is_own=budget.person_id == user.pk,
        percent=status.percent,
        is_used_up=status.is_used_up,
        forecast=found if isinstance(found, Forecast) else None,
    )
