"""Sums of what was used in some days: of budgets, of projects, of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum

from tasks.models import Budget, Scope, Spending


@dataclass(frozen=True, kw_only=True)
class Used:
    """Use of a period, in tokens or in millionths of a currency."""

    counted: int = 0
    reserved: int = 0

    @property
    def together(self) -> int:
        return self.counted + self.reserved

    def __add__(self, other: Used) -> Used:
        return Used(counted=self.counted + other.counted, reserved=self.reserved + other.reserved)


def percent_of(used: int, limit: int) -> int:
    """The share in percent, rounded down; a limit of 0 is used up."""
    return used * 100 // limit if limit else 100


# Of budgets

_SCOPED = {
    Scope.PROJECT: "project_id = %s",
    Scope.MEMBER: "project_id = %s AND person = %s",
    Scope.PERSON: "person = %s",
    Scope.CREDENTIAL: "credential = %s",
}
AT_ONCE = 100  # budgets in a statement; SQLite takes 500


def uses_of(budgets: Sequence[Budget], day: date) -> dict[int, Used]:
    """The use of each budget in its period around a day, by its id, in one statement for a hundred.

    The statement is raw, one indexed sum for each budget: to put the same together as a queryset
    takes longer than the database takes to answer, and the gate asks before every create.
    """
    uses: dict[int, Used] = {}
    for start in range(0, len(budgets), AT_ONCE):
        parts = [_sum_of(budget, day) for budget in budgets[start : start + AT_ONCE]]
        with connection.cursor() as cursor:
            sql = " UNION ALL ".join(sql for sql, _values in parts)
            cursor.execute(sql, [value for _sql, values in parts for value in values])
            for pk, counted, reserved in cursor.fetchall():
                uses[pk] = Used(counted=int(counted), reserved=int(reserved))
    return uses


def _sum_of(budget: Budget, day: date) -> tuple[str, list[Any]]:
    """The statement that adds up one budget's use, and its values."""
    subjects = (budget.project_id, budget.person_id, budget.credential_id)
    first, following = budget.span.first(day), budget.span.following(day)
    values = [budget.pk, *filter(None, subjects), first.isoformat(), following.isoformat()]
    counted, reserved = ("tokens", "reserved_tokens")
    where = f"{_SCOPED[budget.scope]} AND day >= %s AND day < %s"
    if not budget.is_in_tokens:
        counted, reserved = ("micros", "reserved_micros")
        where, values = f"{where} AND currency = %s", [*values, budget.unit]
    return (
        f"SELECT %s, coalesce(sum({counted}), 0), coalesce(sum({reserved}), 0)"
        f" FROM tasks_spending WHERE {where}",
        values,
    )


# Of projects and people


@dataclass(kw_only=True)
class Sums:
    """The sums of all that somebody or something used, in every unit."""

    tokens: Used = field(default_factory=Used)
    money: dict[str, Used] = field(default_factory=dict)
    takes: int = 0
    unpriced: int = 0  # takes without a price

    def add(self, row: dict[str, Any]) -> None:
        """Add the sums of one currency, "" being what has no price."""
        self.tokens += Used(counted=row["tokens"], reserved=row["reserved_tokens"])
        self.takes += row["takes"]
        if currency := row["currency"]:
            self.money[currency] = Used(counted=row["micros"], reserved=row["reserved_micros"])
        else:
            self.unpriced += row["takes"]


def between(first: date, following: date, **subject: Any) -> QuerySet[Spending]:
    """Spending from the first day on, before the following one."""
    return Spending.objects.filter(day__gte=first, day__lt=following, **subject).order_by()


def sums_by(name: str, rows: QuerySet[Spending]) -> dict[int, Sums]:
    """The sums by the values of one column, like "project_id" or "person"; one query."""
    columns = ("takes", "tokens", "reserved_tokens", "micros", "reserved_micros")
    totals = {column: Sum(column) for column in columns}
    found: dict[int, Sums] = {}
    for row in _whole(rows.values(name, "currency").annotate(**totals).order_by("currency")):
        if row["takes"]:  # a sum that went back to nothing is kept
            found.setdefault(row[name], Sums()).add(row)
    return found


def _whole(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows with whole numbers, which PostgreSQL's sums are not."""
    for row in rows:
        yield {name: value if isinstance(value, str) else int(value) for name, value in row.items()}
