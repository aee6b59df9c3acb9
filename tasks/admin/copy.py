"""Our copies of the tasks' files, to look at: only the archive writes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tasks.admin.task import FOUND_AT_MOST, HEAVY, OfMany, TaskAdmin
from tasks.models import Copy, Task


@admin.register(Copy)
class CopyAdmin(OfMany):
    list_display = ("task", "kind", "state", "size", "link_ends_at", "tries", "trouble", "saved_at")
    list_filter = ("state", "kind")
    list_select_related = ("task",)
    search_fields = ("task__remote_id",)  # shows the field; see get_search_results
    search_help_text = TaskAdmin.search_help_text

    def get_queryset(self, request: HttpRequest) -> QuerySet[Copy]:
        return super().get_queryset(request).defer(*(f"task__{name}" for name in HEAVY))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Copy], bool]:
        """By the tasks' text index; Django's own search would read every row."""
        if not search_term:
            return queryset, False
        found = Task.objects.matching(search_term).order_by("-id").values("pk")[:FOUND_AT_MOST]
        return queryset.filter(task__in=list(found.values_list("pk", flat=True))), False
