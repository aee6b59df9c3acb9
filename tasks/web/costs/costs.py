"""The Costs page: its figures, its chart and its ranked table, each number with its charges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.urls import reverse

from tasks.billing import cost_totals, costs
from tasks.billing.costs import PARTS, TIMES, Amounts, Key, Measure, Span
from tasks.models import Currency
from tasks.web.costs import cost_names
from tasks.web.costs.cost_filters import MEASURES, CostFilters
from tasks.web.costs.cost_names import names_of, number_of
from tasks.web.costs.cost_periods import Period

STACKED = 6  # series with a pattern of their own; the others are one
MOST_ROWS, MOST_CHILDREN = 40, 10  # before somebody asks for all


def charges_url(filters: CostFilters, measure: str, part: str = "billed") -> str:
    """The address of the list of charges that a number is made of."""
    return reverse("cost_charges") + filters.query(measure=measure, part=part, all=None)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of the table or the head: as it is read, as it is, and what it is made of."""

    part: str
    text: str
    value: int
    url: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A measure or a period that can be chosen, with its number."""

    name: str
    label: str
    url: str
    is_chosen: bool
    text: str = ""


@dataclass
class CostPage:
    """The contents of the page for one span; `read` asks for them."""

    filters: CostFilters
    span: Span
    measure: Measure
    found: Mapping[str, Mapping[str, int]]
    total_before: Amounts
    groups: dict[Key, Amounts]
    groups_before: dict[Key, Amounts]
    level: dict[Any, Amounts]  # by the first thing alone
    names: Sequence[str]
    name_of: dict[str, Callable[[Any], str]] = field(default_factory=dict)

    @classmethod
    def read(cls, filters: CostFilters, projects: tuple[int, ...] | None, today: date) -> CostPage:
        """Ask for the span and the one before it: four queries, and one for each kind of name."""
        span = filters.span(projects)
        before = filters.within(filters.period.compared_with(today)).span(projects)
        names = [name for name in (filters.by, filters.then) if name]
        of_all = names[:1] if names[1:] == ["batch"] else names  # only some batches are asked for
        found, sums = cost_totals.totals_and_sums(span, of_all)
        measure = MEASURES[filters.measure or usual_measure(found)]
        if sums is None:
            whole = costs.grouped(span, of_all, measure)
        else:
            whole = cost_totals.amounts_of(sums, measure)
        level = folded(whole)
        groups = whole if of_all == names else costs.grouped(span, names, measure)
        groups_before = {}
        if sums is None or of_all != names:
            total_before = cost_totals.amounts_in(cost_totals.totals(before), measure)
        else:
            groups_before = costs.grouped(before, names, measure)
            total_before = sum(groups_before.values(), Amounts())
        page = cls(filters, span, measure, found, total_before, groups, groups_before, level, names)
        for place, name in enumerate(names):
            values = {key[place] for key in groups} | (set(level) if place == 0 else set())
            page.name_of[name] = names_of(name, values)
        return page

    # The head

    @cached_property
    def total(self) -> Amounts:
        return cost_totals.amounts_in(self.found, self.measure)

    @property
    def cells(self) -> list[Cell]:
        """The parts of the whole."""
        return self.cells_of(self.total, self.filters)

    @property
    def change(self) -> int | None:
        return change(self.total.billed, self.total_before.billed)

    @property
    def measures(self) -> list[Choice]:
        """The measures that can be chosen, currencies with any money first."""
        used = [each for each in Currency.values if each in self.found]
        names = [*used, *("tokens", "takes", "seconds")]
        if self.measure.name not in names:
            names.insert(0, self.measure.name)
        return [self._measure(name) for name in names]

    def _measure(self, name: str) -> Choice:
        measure = MEASURES[name]
        billed = cost_totals.amounts_in(self.found, measure).billed
        return Choice(
            name=name,
            label=str(cost_names.MEASURES.get(name, name)),
            url=self.filters.query(measure=name),
            is_chosen=name == self.measure.name,
            text=number_of(measure)(billed),
        )

    @property
    def unpriced(self) -> Cell | None:
        """The takes without a price, where there are any."""
        number = self.found.get("", {}).get("unpriced_takes", 0)
        if not number:
            return None
        currency = self.measure.currency or next(iter(self._currencies), Currency.CNY.value)
        url = charges_url(self.filters, currency, "unknown")
        text = cost_names.grouped(number)
        return Cell(part="unknown", text=text, value=number, url=url)

    @property
    def _currencies(self) -> list[str]:
        return sorted(each for each in self.found if each)

    # What table and chart have in common

    @cached_property
    def parts(self) -> list[str]:
        """The parts that have something in them; what was billed always."""
        parts = self.measure.parts
        return [part for part in parts if part == "billed" or getattr(self.total, part)]

    def cells_of(self, amounts: Amounts, filters: CostFilters) -> list[Cell]:
        """The parts of a number, each with the charges that it is made of."""
        shown = number_of(self.measure)
        return [
            Cell(
                part=part,
                text=cost_names.grouped(value) if part == "unknown" else shown(value),
                value=value,
                url=charges_url(filters, self.measure.name, part),
                label=cost_names.part_name(self.measure, part),
            )
            for part in self.parts
            for value in [getattr(amounts, part)]
        ]

    def at(self, filters: CostFilters, name: str, value: Any) -> CostFilters:
        """The filters of one row: a time is a shorter period, all else a condition."""
        if name not in TIMES:
            return filters.only(**{name: value})
        last = next(iter(Period.named(name, value).buckets(name)))[1]
        period = filters.period
        return filters.within(Period(first=max(value, period.first), last=min(last, period.last)))

    @property
    def stacked_by(self) -> str:
        """The thing that bars are stacked by; "" where only times are asked for."""
        return next((name for name in self.names if name not in TIMES), "")

    @cached_property
    def unit(self) -> str:
        """The unit of the chart's columns."""
        chosen = [name for name in self.names if name in TIMES]
        return chosen[0] if chosen else self.filters.period.bucket

    @cached_property
    def stacked_values(self) -> list[Any]:
        """The values with a pattern of their own, in the order of the table."""
        if not self.stacked_by:
            return []
        place = self.names.index(self.stacked_by)
        found = self.level if place == 0 else folded(self.groups, place)
        in_order = ranked(found, self.stacked_by)
        return [value for value in in_order if found[value].billed][:STACKED]

    @property
    def series_of(self) -> dict[Any, int]:
        return {value: number for number, value in enumerate(self.stacked_values)}


def usual_measure(found: Mapping[str, Mapping[str, int]]) -> str:
    """The currency with the most money in it, or tokens where there is none."""
    money = {currency: row["micros"] + row["reserved_micros"] for currency, row in found.items()}
    money.pop("", None)
    best = max(money, key=lambda currency: money[currency], default="")
    return best if best and money[best] else "tokens"


def folded(groups: Mapping[Key, Amounts], place: int = 0) -> dict[Any, Amounts]:
    """The groups added up by one of their things."""
    found: dict[Any, Amounts] = {}
    for key, amounts in groups.items():
        found[key[place]] = found.get(key[place], Amounts()) + amounts
    return found


def nested(groups: Mapping[Key, Amounts]) -> dict[Any, dict[Any, Amounts]]:
    """The groups of the second thing below those of the first."""
    found: dict[Any, dict[Any, Amounts]] = {}
    for (first, second), amounts in groups.items():
        found.setdefault(first, {})[second] = amounts
    return found


def ranked(found: Mapping[Any, Amounts], name: str) -> list[Any]:
    """The values with the most first; times in their order."""
    if name in TIMES:
        return sorted(found)

    def order(value: Any) -> tuple[Any, ...]:
        return (*(-getattr(found[value], part) for part in (*PARTS, "takes")), str(value))

    return sorted(found, key=order)


def change(now: int, before: int) -> int | None:
    """The change in per cent; None where there was nothing before."""
    return round((now - before) * 100 / before) if before else None
