"""The chart of the Costs page: what is stacked in it, column by column, and the same as a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from tasks.billing import costs
from tasks.web.costs import cost_names
from tasks.web.costs.cost_chart import Chart, Series, stacked
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.cost_names import number_of, short_of
from tasks.web.costs.cost_periods import EARLIEST, LATEST, Period
from tasks.web.costs.costs import Cell, CostPage, charges_url


class CostSeries:
    """The chart of a page. One query, or none where the table has each column already."""

    def __init__(self, page: CostPage) -> None:
        self.page = page

    @cached_property
    def buckets(self) -> list[tuple[date, date]]:
        return list(self.page.filters.period.buckets(self.page.unit))

    @cached_property
    def series(self) -> list[Series]:
        """The values of each pattern by column, then those of all others together."""
        values = self.page.stacked_values
        found = self._of_the_groups()
        if found is None:
            of_them = (self.page.stacked_by, values)
            found = costs.by_day(self.page.span, self.page.measure, *of_them)
        whole = self._by_bucket(_together(found), None)
        if not self.page.stacked_by:
            urls = self._bucket_urls(self.page.filters)
            return [Series(label=_("All"), values=whole, urls=urls)]
        series = [self._one_series(value, self._by_bucket(found, value)) for value in values]
        rest = [
            all_of_it - sum(each.values[place] for each in series)
            for place, all_of_it in enumerate(whole)
        ]
        if any(rest):
            others = self.page.filters.but(self.page.stacked_by, values)
            urls = self._bucket_urls(others)
            series.append(Series(label=_("Others"), values=rest, urls=urls))
        return series

    def _of_the_groups(self) -> dict[tuple[date, Any], int] | None:
        """The billed part by column and value; None where the groups of the table do not tell."""
        names = self.page.names
        if self.page.unit not in names or "batch" in names:
            return None
        at, by = names.index(self.page.unit), self.page.stacked_by
        found: dict[tuple[date, Any], int] = {}
        for key, amounts in self.page.groups.items():
            place = key[at], key[names.index(by)] if by else None
            found[place] = found.get(place, 0) + amounts.billed
        return found

    def _one_series(self, value: Any, values: list[int]) -> Series:
        filters = self.page.filters.only(**{self.page.stacked_by: value})
        urls = self._bucket_urls(filters)
        label = self.page.name_of[self.page.stacked_by](value)
        return Series(label=label, values=values, urls=urls)

    def _by_bucket(self, found: dict[tuple[date, Any], int], value: Any) -> list[int]:
        """The numbers of a value, one for each column."""
        sums = dict.fromkeys((first for first, _last in self.buckets), 0)
        first = self.page.filters.period.first
        for (day, which), number in found.items():
            if which == value:
                sums[max(costs.start_of(self.page.unit, day), first)] += number
        return list(sums.values())

    def _bucket_urls(self, filters: CostFilters) -> list[str]:
        """The address of each column: made once, as there may be thousands, but for its days."""
        made = Period(first=EARLIEST, last=LATEST)
        days = f"since={made.first}&until={made.last}"
        before, after = charges_url(filters.within(made), self.page.measure.name).split(days)
        return [f"{before}since={first}&until={last}{after}" for first, last in self.buckets]

    @cached_property
    def columns(self) -> list[str]:
        name = cost_names.month_name if self.page.unit == "month" else cost_names.day_name
        return [name(first) for first, _last in self.buckets]

    @cached_property
    def chart(self) -> Chart:
        shown = short_of(self.page.measure)
        return stacked(self.columns, self.series, shown, names=bool(self.page.stacked_by))

    @property
    def rows(self) -> list[tuple[str, list[Cell]]]:
        """The chart as a table: a row for each column of it."""
        shown = number_of(self.page.measure)
        return [
            (
                label,
                [
                    Cell(
                        part="billed",
                        text=shown(each.values[place]),
                        value=each.values[place],
                        url=each.urls[place],
                    )
                    for each in self.series
                ],
            )
            for place, label in enumerate(self.columns)
        ]


def _together(found: Mapping[tuple[date, Any], int]) -> dict[tuple[date, Any], int]:
    """All values of a column added up."""
    sums: dict[tuple[date, Any], int] = {}
    for (day, _value), number in found.items():
        sums[day, None] = sums.get((day, None), 0) + number
    return sums
