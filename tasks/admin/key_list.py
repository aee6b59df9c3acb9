"""Lists of the admin for very many rows: paged by key and counted within bounds, as the product's.

Django's own count all rows for each page, and find the last page by reading all the others.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from tasks.admin.day_bar import SINCE, UNTIL, DayBar
from tasks.web.lists.counts import CAP, CappedCount
from tasks.web.lists.days import DaySpan, read_day
from tasks.web.lists.paging import KeyPage, TaskPage, key_page

BEFORE, AFTER = "before", "after"


class KeyChangeList(ChangeList):
    """A list whose pages begin after the id in ?before=, or end before the one in ?after=."""

    #: Parameters that are no fields of the model, so that Django's filters are not asked for them.
    OWN: frozenset[str] = frozenset({BEFORE, AFTER, SINCE, UNTIL})

    model_admin: Any
    page: KeyPage | TaskPage
    total: CappedCount

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        known = super().get_filters_params(params)
        return {name: values for name, values in known.items() if name not in self.OWN}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """The address with other parameters, of its first page."""
        return super().get_query_string(new_params, [*(remove or []), BEFORE, AFTER])

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        for name in (BEFORE, AFTER):  # a search begins on the first page
            self.params.pop(name, None)
        self.since, self.until = (read_day(request.GET.get(each, "")) for each in (SINCE, UNTIL))
        rows = super().get_queryset(request, exclude_parameters)
        return self.span.narrow(rows) if self.span else rows

    @cached_property
    def span(self) -> DaySpan | None:
        """The chosen days; None where there are none to choose, or any will do."""
        field = self.model_admin.day_field
        if not field or not (self.since or self.until):
            return None
        return DaySpan.of(self.since, self.until, self.model, field)

    def get_results(self, request: HttpRequest) -> None:
        """Read one page of rows, and count within bounds."""
        among = self.root_queryset if self.reads_rows else None
        if among is not None and self.span:
            among = self.span.narrow(among)
        page = key_page(self.queryset, request.GET, among=among)
        rows = self.apply_select_related(self.root_queryset.filter(pk__in=page.ids))
        total = CappedCount(len(page.ids), at_least=True) if self.reads_rows else self._capped()
        self.show(page, list(rows.order_by("-pk")), total)

    def show(self, page: KeyPage | TaskPage, rows: list[Any], total: CappedCount) -> None:
        """Set what Django's templates and actions read of a list."""
        self.page, self.result_list, self.total = page, rows, total
        self.result_count = len(rows)  # no action reaches further than the page
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(rows, self.list_per_page)

    def _capped(self) -> CappedCount:
        number = self.queryset.order_by().values("pk")[: CAP + 1].count()
        return CappedCount(min(number, CAP), at_least=number > CAP)

    @property
    def reads_rows(self) -> bool:
        """Whether no index knows the rows that are asked for, so that they are looked through."""
        asked = {name.split("__")[0] for name in self.get_filters_params()}
        by_words = self.query and not self.model_admin.finds_by_index
        return bool(by_words or len(asked) > 1 or not asked <= self._indexed)

    @cached_property
    def _indexed(self) -> set[str]:
        """Fields whose rows an index gives in the order of their ids."""
        columns: tuple[Any, ...] = tuple(self.opts.concrete_fields)
        fields = {each.name for each in columns if each.db_index or each.unique}
        whole = (each.fields_orders for each in self.opts.indexes if each.condition is None)
        return fields | {columns[0][0] for columns in whole if columns}

    # For the templates

    @property
    def older_url(self) -> str:
        return self._page_url(BEFORE, self.page.older)

    @property
    def newer_url(self) -> str:
        return self._page_url(AFTER, self.page.newer)

    @property
    def newest_url(self) -> str:
        return "" if self.page.is_first else self.get_query_string()

    def _page_url(self, name: str, key: int | None) -> str:
        return self.get_query_string({name: key}) if key is not None else ""

    @cached_property
    def day_bar(self) -> DayBar | None:
        """The years, months or days to choose from; None where the rows have no such time."""
        field = self.model_admin.day_field
        return DayBar.of(self, field) if field else None
