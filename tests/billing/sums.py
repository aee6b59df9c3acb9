"""The sums that the database keeps, beside those of the charges themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Value
from django.db.models.functions import Coalesce

from tasks.models import BatchSum, Charge, CostSum
from tasks.models.cost_sum import MEASURES


def _as_set(rows: Iterable[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(str(row[name]) for name in sorted(row)) for row in rows}


def _meant(table: type[CostSum | BatchSum]) -> Iterator[dict[str, Any]]:
    """The rows that the charges should have made, by group."""
    names = table.GROUPED_BY
    charges = Charge.objects.exclude(batch=None) if "batch" in names else Charge.objects.all()
    rows: Any = charges.order_by().annotate(account=Coalesce("credential_id", Value(0)))
    columns = ["account" if name == "credential" else name for name in names]
    sums = {f"sum_{name}": each for name, each in MEASURES.items()}
    for row in rows.values(*columns).annotate(**sums):
        values = [row[column] for column in columns]
        made = dict(zip(names, values, strict=True), key="|".join(map(str, values)))
        yield made | {name: int(row[f"sum_{name}"]) for name in MEASURES}


def assert_sums_hold() -> None:
    """Every row of sums is what its charges come to, and there is no other row."""
    for table in (CostSum, BatchSum):
        kept = list(table.objects.values("key", *table.GROUPED_BY, *MEASURES))
        assert _as_set(kept) == _as_set(_meant(table)), table
        assert all(row["takes"] for row in kept)
