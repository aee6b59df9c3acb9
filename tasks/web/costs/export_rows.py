"""Exports as their list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from tasks.models import Export, ExportState, ExportTable
from tasks.web.costs.cost_exports import filters_of
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.cost_names import period_name
from tasks.web.presenters.badges import Badge

SHOWN = 50  # the newest ones

_BADGES = {
    ExportState.WAITING: Badge("clock", "grey"),
    ExportState.WRITING: Badge("loader-2", "blue"),
    ExportState.READY: Badge("circle-check", "green"),
    ExportState.FAILED: Badge("circle-x", "red"),
}


@dataclass(frozen=True)
class ExportRow:
    """An export in words, and the page whose numbers it has."""

    export: Export

    @property
    def badge(self) -> Badge:
        return _BADGES[ExportState(self.export.state)]

    @cached_property
    def filters(self) -> CostFilters:
        return filters_of(self.export)

    @property
    def period_name(self) -> str:
        return period_name(self.filters.period)

    @property
    def conditions(self) -> int:
        """The number of filters beside the period."""
        return len(self.filters.where) + len(self.filters.excluded)

    @property
    def url(self) -> str:
        name = "costs" if self.export.table == ExportTable.SUMS else "cost_charges"
        return reverse(name) + self.filters.query()

    @property
    def file_name(self) -> str:
        word = "costs" if self.export.table == ExportTable.SUMS else "takes"
        return f"Dailies {word} {self.filters.file_period}.xlsx"
