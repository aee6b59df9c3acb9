"""The ranked table of the Costs page, in one level or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tasks.billing.costs import Amounts
from tasks.web.costs import cost_names
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.costs import (
    Cell,
    CostPage,
    change,
    charges_url,
    folded,
    nested,
    ranked,
)

MOST_ROWS, MOST_CHILDREN = 40, 10  # before somebody asks for all


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the ranked table; `series` is the pattern that it has in the chart."""

    label: str
    url: str
    amounts: Amounts
    cells: Sequence[Cell]
    takes: Cell
    share: int | None  # per cent of all
    change: int | None  # per cent more than in the period before
    is_new: bool = False
    series: int | None = None
    children: Sequence[Row] = ()
    more: int = 0  # children that are not shown


class CostTable:
    """The rows of a page."""

    def __init__(self, page: CostPage) -> None:
        self.page = page

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the first thing, with those of the second below each."""
        below: dict[Any, dict[Any, Amounts]] = {}
        before: dict[Any, dict[Any, Amounts]] = {}
        if len(self.page.names) > 1:
            below, before = nested(self.page.groups), nested(self.page.groups_before)
        level_before = folded(self.page.groups_before)
        rows = []
        for value in self._limited(ranked(self.page.level, self.page.names[0]), MOST_ROWS):
            filters = self.page.at(self.page.filters, self.page.names[0], value)
            children = self._children(filters, below.get(value, {}), before.get(value, {}))
            row = self._row(
                filters, self.page.names[0], value, self.page.level[value], level_before
            )
            more = len(below.get(value, {})) - len(children)
            rows.append(replace(row, children=children, more=more))
        return rows

    @property
    def hidden(self) -> int:
        """Rows that are left out, their children not counted."""
        return len(self.page.level) - len(self.rows)

    @property
    def is_cut(self) -> bool:
        return self.hidden > 0 or any(row.more for row in self.rows)

    def _children(
        self, filters: CostFilters, found: dict[Any, Amounts], before: dict[Any, Amounts]
    ) -> list[Row]:
        if len(self.page.names) < 2:
            return []
        name = self.page.names[1]
        values = self._limited(ranked(found, name), MOST_CHILDREN)
        return [
            self._row(self.page.at(filters, name, value), name, value, found[value], before)
            for value in values
        ]

    def _limited(self, values: list[Any], most: int) -> list[Any]:
        return values if self.page.filters.shows_all else values[:most]

    def _row(
        self,
        filters: CostFilters,
        name: str,
        value: Any,
        amounts: Amounts,
        before: Mapping[Any, Amounts],
    ) -> Row:
        takes = Cell(
            part="takes",
            text=cost_names.grouped(amounts.takes),
            value=amounts.takes,
            url=charges_url(filters, "takes"),
        )
        billed_before = before[value].billed if value in before else 0
        is_new = bool(self.page.groups_before) and amounts.billed > 0 and not billed_before
        return Row(
            label=self.page.name_of[name](value),
            url=filters.query(by=self._next(filters), then=None, all=None),
            amounts=amounts,
            cells=self.page.cells_of(amounts, filters),
            takes=takes,
            share=share(amounts.billed, self.page.total.billed),
            change=change(amounts.billed, billed_before) if self.page.groups_before else None,
            is_new=is_new,
            series=self.page.series_of.get(value) if name == self.page.stacked_by else None,
        )

    def _next(self, filters: CostFilters) -> str:
        """The thing to group by after one row was chosen."""
        usual = ("person", "model", "outcome", "day")
        left = [
            name for name in usual if name not in filters.where and name not in self.page.names[:1]
        ]
        return next(iter(left), "day")


def share(part: int, whole: int) -> int | None:
    return round(part * 100 / whole) if part and whole else None
