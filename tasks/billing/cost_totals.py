"""The totals of a span, and every sum of its groups, for pages and exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from tasks.billing.costs import TIMES, Amounts, Key, Measure, Span, column_of, key_maker, source_of
from tasks.models.cost_sum import MEASURES

BATCHES_AT_ONCE = 500  # of an export; a statement of SQLite takes no more than some values
#: Every sum of a group in one currency, in the order of MEASURES.
GroupSums = tuple[Key, str, list[int]]


def totals(span: Span) -> dict[str, dict[str, int]]:
    """Every sum of the span, by currency; "" has what is without a price. One query."""
    rows, sums = source_of(span, (), MEASURES)
    found = rows.values_list("currency").annotate(**sums)
    return {row[0]: dict(zip(MEASURES, map(int, row[1:]), strict=True)) for row in found}


def amounts_in(found: Mapping[str, Mapping[str, int]], measure: Measure) -> Amounts:
    """A measure's parts among the totals."""
    rows = [
        row
        for each, row in found.items()
        if measure.currency is None or each in (measure.currency, "")
    ]
    values = {part: sum(row[getattr(measure, part)] for row in rows) for part in measure.parts}
    return Amounts(**values, takes=sum(row["takes"] for row in found.values()))


def totals_and_sums(
    span: Span, names: Sequence[str]
) -> tuple[dict[str, dict[str, int]], list[GroupSums] | None]:
    """The totals of a span, and the sums of its groups, which are read along with them.

    One query. The groups are None where they would be too many for it: of times and of batches.
    """
    if {*names} & {"batch", *TIMES}:
        return totals(span), None
    rows, found = list(all_sums(span, names)), dict[str, dict[str, int]]()
    for _key, currency, values in rows:
        added = found.setdefault(currency, dict.fromkeys(MEASURES, 0))
        for name, value in zip(MEASURES, values, strict=True):
            added[name] += value
    return found, rows


def amounts_of(rows: Iterable[GroupSums], measure: Measure) -> dict[Key, Amounts]:
    """The measure by groups; money of another currency is left out, its takes are not."""
    places = {name: place for place, name in enumerate(MEASURES)}
    parts = {part: places[getattr(measure, part)] for part in measure.parts}
    found: defaultdict[Key, Amounts] = defaultdict(Amounts)
    for key, currency, values in rows:
        is_own = measure.currency is None or currency in (measure.currency, "")
        own = {part: values[place] for part, place in parts.items()} if is_own else {}
        found[key] += Amounts(**own, takes=values[places["takes"]])
    return dict(found)


def all_sums(span: Span, names: Sequence[str]) -> Iterator[tuple[Key, str, list[int]]]:
    """Every sum of every group and currency, in the order of the groups, some at a time."""
    rows, sums = source_of(span, names, MEASURES)
    if "batch" not in names:
        yield from _in_groups(rows, names, sums)
        return
    last = 0
    rows = rows.filter(batch__isnull=False)
    ids = rows.order_by("batch").values_list("batch", flat=True).distinct()
    while portion := list(ids.filter(batch__gt=last)[:BATCHES_AT_ONCE]):
        yield from _in_groups(rows.filter(batch__in=portion), names, sums)
        last = portion[-1]


def _in_groups(
    rows: QuerySet[Any], names: Sequence[str], sums: dict[str, Any]
) -> Iterator[tuple[Key, str, list[int]]]:
    columns, key_of = [column_of(rows, name) for name in names], key_maker(names)
    found: defaultdict[tuple[Key, str], list[int]] = defaultdict(lambda: [0] * len(sums))
    for row in rows.order_by().values_list(*columns, "currency").annotate(**sums):
        key = key_of(row)
        added = found[key, row[len(columns)]]
        for place, value in enumerate(row[len(columns) + 1 :]):
            added[place] += int(value)
    for (key, currency), values in sorted(found.items(), key=lambda item: item[0]):
        yield key, currency, values
