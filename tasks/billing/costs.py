"""Sums of what was spent in a span of days, grouped by one or two things.

The answers come from the sums that the database keeps (models/cost_sum.py); what batches do not
have in common is read from their charges. Billed, reserved, estimated and unknown stay apart, and
so do currencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from django.db import models
from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from tasks.models import BatchSum, Charge, CostSum
from tasks.models.charge import ChargeQuerySet
from tasks.models.cost_sum import (
    GUESSES_TOKENS,
    HAS_TOKENS,
    IS_BILLED,
    IS_ESTIMATED,
    IS_RESERVED,
    IS_UNCOUNTED,
    IS_UNMEASURED,
    IS_UNPRICED,
    MEASURES,
)
from tasks.models.sight import NONE

#: Parts of a day's sums that are times; the others are columns.
TIMES = ("day", "week", "month")
COLUMNS = {
    "project": "project_id",
    **{name: name for name in ("person", "model", "provider", "credential")},
    **{name: name for name in ("resolution", "mode", "outcome", "batch")},
}
DIMENSIONS = (*COLUMNS, *TIMES)
_OF_BATCHES = {"batch", "project", "person", "credential", "provider", *TIMES}
MOST_BATCHES = 100  # the dearest of them; a year may have half a million


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A thing that is measured: the columns of its parts, and the charges that each is made of."""

    name: str
    billed: str
    reserved: str = ""
    estimated: str = ""
    unknown: str = ""  # a number of takes
    made_of: Mapping[str, Q] = field(default_factory=dict)
    currency: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in PARTS if getattr(self, part))


PARTS = ("billed", "reserved", "estimated", "unknown")
TOKENS = Measure(
    name="tokens",
    billed="tokens",
    reserved="reserved_tokens",
    estimated="estimated_tokens",
    unknown="uncounted_takes",
    made_of={
        "billed": HAS_TOKENS,
        "reserved": IS_RESERVED,
        "estimated": GUESSES_TOKENS,
        "unknown": IS_UNCOUNTED,
    },
)
TAKES = Measure(name="takes", billed="takes", made_of={"billed": Q()})
SECONDS = Measure(
    name="seconds",
    billed="seconds",
    unknown="unmeasured_takes",
    made_of={"billed": Q(made_seconds__isnull=False), "unknown": IS_UNMEASURED},
)


def money_in(currency: str) -> Measure:
    """The measure of money in a currency; without a price means in none."""
    own = Q(currency=currency)
    return Measure(
        name=currency,
        billed="micros",
        reserved="reserved_micros",
        estimated="estimated_micros",
        unknown="unpriced_takes",
        made_of={
            "billed": own & IS_BILLED,
            "reserved": own & IS_RESERVED,
            "estimated": own & IS_ESTIMATED,
            "unknown": IS_UNPRICED,
        },
        currency=currency,
    )


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days, projects and conditions on what is grouped by; both days are included."""

    first: date
    last: date
    projects: tuple[int, ...] | None = None  # None: all of them
    where: Mapping[str, Any] = field(default_factory=dict)
    excluded: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows, of sums or of charges, that lie in the span."""
        rows = rows.filter(day__range=(self.first, self.last))
        if self.projects is not None:
            rows = rows.filter(project__in=self.projects or [NONE])
        if rows.model is Charge:  # whose credential may be gone
            rows = rows.annotate(account=Coalesce("credential_id", Value(0)))
        for name, value in self.where.items():
            rows = rows.filter(**{column_of(rows, name): value})
        for name, values in self.excluded.items():
            rows = rows.exclude(**{f"{column_of(rows, name)}__in": values})
        return rows


@dataclass(frozen=True, slots=True)
class Amounts:
    """The parts of a measure; they are never added to each other."""

    billed: int = 0
    reserved: int = 0
    estimated: int = 0
    unknown: int = 0
    takes: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(getattr(self, n) + getattr(other, n) for n in PARTS_AND_TAKES))

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(*(getattr(self, n) - getattr(other, n) for n in PARTS_AND_TAKES))

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in PARTS_AND_TAKES)


PARTS_AND_TAKES = (*PARTS, "takes")
Key = tuple[Any, ...]


def start_of(name: str, day: date) -> date:
    """The first day of the day's week or month; the day itself for a day."""
    if name == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if name == "month" else day


def grouped(span: Span, names: Sequence[str], measure: Measure) -> dict[Key, Amounts]:
    """The measure by these things, in no order; of batches only those with the most."""
    if "batch" not in names:
        return _grouped(span, names, measure)
    return _grouped(span, names, measure, batches=_best_batches(span, measure))


def _best_batches(span: Span, measure: Measure) -> list[int]:
    """The batches for which the most was billed; of money those of its currency come first.

    All takes of a batch that are in one currency have one row of sums, so the dearest rows are
    those of the dearest batches: to add up the rows of each of half a million took five times as
    long.
    """
    rows, sums = source_of(span, ("batch",), (measure.billed,))
    rows = rows.filter(batch__isnull=False).order_by()
    own = rows if measure.currency is None else rows.filter(currency=measure.currency)
    if rows.model is BatchSum and measure.currency is not None:
        ranked = own.order_by(f"-{measure.billed}", "-batch").values_list("batch")
    else:
        [name] = sums
        ranked = own.values_list("batch").annotate(**sums).order_by(f"-{name}", "-batch")
    best = list(dict.fromkeys(row[0] for row in ranked[:MOST_BATCHES]))
    if len(best) == MOST_BATCHES or own is rows:
        return best
    others = rows.exclude(batch__in=best).order_by("-batch").values_list("batch", flat=True)
    return [*best, *others.distinct()[: MOST_BATCHES - len(best)]]


def _grouped(
    span: Span, names: Sequence[str], measure: Measure, batches: Sequence[int] | None = None
) -> dict[Key, Amounts]:
    columns = dict.fromkeys([*(getattr(measure, part) for part in measure.parts), "takes"])
    if batches is None:
        return _folded(*source_of(span, names, columns), names, measure)
    rows, sums = charges_and_sums(span, columns)
    return _folded(rows.filter(batch__in=batches), sums, names, measure)


def _folded(
    rows: QuerySet[Any], sums: dict[str, Any], names: Sequence[str], measure: Measure
) -> dict[Key, Amounts]:
    """Add up by currency, week and month; money of another currency is left out, its takes not.

    There may be tens of thousands of rows: nothing is made for each of them but its key.
    """
    columns = [column_of(rows, name) for name in names]
    by_currency = [] if measure.currency is None else ["currency"]
    found: Any = rows.order_by().values_list(*columns, *by_currency).annotate(**sums)
    key_of, currency_at, own = key_maker(names), len(columns), (measure.currency, "")
    places = {name: place for place, name in enumerate(sums, currency_at + len(by_currency))}
    parts = [
        (PARTS_AND_TAKES.index(part), places[f"sum_{getattr(measure, part)}"])
        for part in measure.parts
    ]
    takes_at = places["sum_takes"]
    folded: dict[Key, list[int]] = {}
    for row in found:
        key = key_of(row)
        added = folded.get(key)
        if added is None:
            added = folded[key] = [0] * len(PARTS_AND_TAKES)
        if not by_currency or row[currency_at] in own:
            for part, place in parts:
                added[part] += int(row[place])
        added[-1] += int(row[takes_at])
    return {key: Amounts(*added) for key, added in folded.items()}


def key_maker(names: Sequence[str]) -> Callable[[Sequence[Any]], Key]:
    """Make the group of a row that begins with the values of these names: times by their start."""
    number = len(names)
    starts = [(place, name) for place, name in enumerate(names) if name in ("week", "month")]
    if not starts:
        return lambda row: tuple(row[:number])

    def key(row: Sequence[Any]) -> Key:
        values = list(row[:number])
        for place, name in starts:
            values[place] = start_of(name, values[place])
        return tuple(values)

    return key


def by_day(
    span: Span, measure: Measure, name: str = "", among: Sequence[Any] = ()
) -> dict[tuple[date, Any], int]:
    """The billed part by day and by these values; None is all others together. One query.

    Two of batches: the few that are asked for have few charges, and sums know none.
    """
    if name != "batch":
        return _by_day(*source_of(span, (name,) if name else (), (measure.billed,)),
                       measure, name, among)  # fmt: skip
    rows, sums = charges_and_sums(span, (measure.billed,))
    found = _by_day(rows.filter(batch__in=among), sums, measure, name, among)
    rest = Counter({day: number for (day, _none), number in by_day(span, measure).items()})
    for (day, _batch), number in found.items():
        rest[day] -= number
    return found | {(day, None): number for day, number in rest.items()}


def _by_day(
    rows: QuerySet[Any], sums: dict[str, Any], measure: Measure, name: str, among: Sequence[Any]
) -> dict[tuple[date, Any], int]:
    if measure.currency is not None:
        rows = rows.filter(currency=measure.currency)
    if not among:
        found = rows.order_by().values_list("day").annotate(**sums)
        return {(day, None): int(number) for day, number in found}
    column = column_of(rows, name)
    value = Case(When(**{f"{column}__in": among}, then=F(column)))
    found = rows.order_by().annotate(series=value).values_list("day", "series").annotate(**sums)
    return {(day, value): int(number) for day, value, number in found}


def charges_of(span: Span, measure: Measure, part: str) -> ChargeQuerySet:
    """The charges that a number on the page is made of."""
    condition = measure.made_of.get(part, Q(pk=None))
    found: Any = span.narrow(Charge.objects.filter(condition))
    return cast(ChargeQuerySet, found)


def sum_of_charges(charges: QuerySet[Charge], measure: Measure, part: str) -> tuple[int, int]:
    """The number that these charges make up, and how many they are: read from them, one query."""
    column = getattr(measure, part) or "takes"
    found = charges.order_by().aggregate(found=MEASURES[column], takes=MEASURES["takes"])
    return int(found["found"] or 0), int(found["takes"])


def source_of(
    span: Span, names: Iterable[str], columns: Iterable[str]
) -> tuple[QuerySet[Any], dict[str, Any]]:
    """The rows that know all of this, and the aggregates that add up these columns of sums."""
    needed = {*names, *span.where, *span.excluded}
    table: type[models.Model] = CostSum
    if "batch" in needed:
        table = BatchSum if needed <= _OF_BATCHES else Charge
    if table is Charge:
        return charges_and_sums(span, columns)
    rows = span.narrow(table._default_manager.order_by())
    return rows, {f"sum_{each}": _Added(each) for each in columns}


def charges_and_sums(span: Span, columns: Iterable[str]) -> tuple[QuerySet[Any], dict[str, Any]]:
    """The charges themselves, and the aggregates that make these columns of sums of them."""
    rows = span.narrow(Charge.objects.order_by())
    return rows, {f"sum_{each}": MEASURES[each] for each in columns}


class _Added(Sum):
    """A sum whose numbers are taken as the database gives them: each is made whole once, later."""

    def get_db_converters(self, connection: Any) -> list[Any]:
        return []

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Let PostgreSQL give a whole number: its sums are decimals, which Python reads slowly."""
        template = "%(function)s(%(expressions)s)::bigint"
        return self.as_sql(compiler, connection, template=template, **more)


def column_of(rows: QuerySet[Any], name: str) -> str:
    """The column of these rows that says a thing; of a time the day, which it is made of."""
    if name in TIMES:
        return "day"
    is_account = rows.model is Charge and name == "credential"
    return "account" if is_account else COLUMNS[name]
