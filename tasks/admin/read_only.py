"""Base classes of read-only lists: of any rows, of very many, and of rows of tasks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.admin.base import StaffAdmin
from tasks.admin.key_list import KeyChangeList
from tasks.models import Task, search

HEAVY = ("raw", "search_text", "revised_prompt")
MOST_TASKS_FOUND = 1_000  # whose rows a search shows


class ReadOnly:
    """Rows that only code writes: nobody adds, changes or deletes any, no superuser either."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """Rows that only code writes, on the page of the row that they belong to."""

    extra = 0
    classes = ("rows-of-code",)
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields


class ReadOnlyAdmin(ReadOnly, StaffAdmin):
    """An admin of rows that only code writes. `hidden` are columns with secrets, or of no use."""

    actions: Any = None
    hidden: ClassVar[tuple[str, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The columns without those that are hidden."""
        if self.fields:
            return self.fields
        return [field.name for field in self.opts.concrete_fields if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*self.hidden)


class LargeTableAdmin(ReadOnlyAdmin):
    """A list of a million rows: nothing is counted, sorted or scanned that has no index.

    `day_field`, where there is one, is the time that the ids follow; days are offered above the
    list.
    """

    sortable_by = ()
    ordering = ("-id",)
    day_field = ""
    finds_by_index = False  # whether an index gives the rows that a search finds

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return KeyChangeList


class TaskRowsAdmin(LargeTableAdmin):
    """Rows that belong to tasks, found by their tasks' words; `task_path` leads to the task."""

    task_path = "task"
    finds_by_index = True
    list_select_related: ClassVar[Any] = ("task",)
    search_fields = ("task__remote_id",)  # shows the field; see get_search_results
    search_help_text = _("Words of the prompt, the task id, the model")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer(*(f"{self.task_path}__{name}" for name in HEAVY))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by the text index of tasks; Django's own search would read every row."""
        if not search_term:
            return queryset, False
        found = newest_matching(search_term, MOST_TASKS_FOUND)
        return queryset.filter(**{f"{self.task_path}__in": found}), False


def newest_matching(text: str, most: int) -> list[int]:
    """The ids of the newest tasks with these words, at most so many."""
    tasks = search.in_order(Task.objects.matching(text), newest_first=True)
    return list(tasks.values_list("pk", flat=True)[:most])
