"""Base classes of read-only lists: of any rows, of very many, and of rows of tasks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.models import Task

HEAVY = ("raw", "search_text", "revised_prompt")
MOST_TASKS_FOUND = 1_000  # whose rows a search shows


class ReadOnlyAdmin(admin.ModelAdmin):
    """An admin of rows that only code writes. `hidden` are columns with secrets."""

    actions: Any = None
    hidden: tuple[str, ...] = ()
    show_facets = admin.ShowFacets.NEVER

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The columns without secrets."""
        if self.fields:
            return self.fields
        return [field.name for field in self.opts.concrete_fields if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*self.hidden)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LargeTableAdmin(ReadOnlyAdmin):
    """A list of a million rows: nothing is counted, sorted or scanned that has no index."""

    show_full_result_count = False
    sortable_by = ()
    ordering = ("-id",)
    list_per_page = 50


class TaskRowsAdmin(LargeTableAdmin):
    """Rows that belong to tasks, found by their tasks' words."""

    list_select_related: ClassVar[Any] = ("task",)
    search_fields = ("task__remote_id",)  # shows the field; see get_search_results
    search_help_text = _("Words of the prompt, the task id, the model")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer(*(f"task__{name}" for name in HEAVY))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by the text index of tasks; Django's own search would read every row."""
        if not search_term:
            return queryset, False
        tasks = Task.objects.matching(search_term).order_by("-id").values("pk")[:MOST_TASKS_FOUND]
        return queryset.filter(task__in=list(tasks.values_list("pk", flat=True))), False
