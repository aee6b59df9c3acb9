"""The sums that the database keeps, beside those of the charges themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tasks.models import BatchSum, Charge, CostSum
from tasks.models.cost_sum import MEASURES


def _as_set(rows: Iterable[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(str(row[name]) for name in sorted(row)) for row in rows}


def assert_sums_hold() -> None:
    """Every row of sums is what its charges come to, and there is no other row."""
    for table in (CostSum, BatchSum):
        kept = list(table.objects.values("key", *table.GROUPED_BY, *MEASURES))
        assert _as_set(kept) == _as_set(table.objects.remade(Charge.objects.all())), table
        assert all(row["takes"] for row in kept)
