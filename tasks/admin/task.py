"""Tasks and their history, to look at: only the sweep writes them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tasks.admin.queue import LookOnly
from tasks.models import StatusChange, Task

HEAVY = ("raw", "search_text", "revised_prompt")
FOUND_AT_MOST = 1_000  # tasks whose history a search looks through


class OfMany(LookOnly):
    """A list of a million rows: nothing is counted, sorted or scanned that has no index."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-id",)
    list_per_page = 50


@admin.register(Task)
class TaskAdmin(OfMany):
    list_display = (
        "remote_id", "status", "provider", "credential", "project", "created_by", "created_at"
    )  # fmt: skip
    list_filter = ("status", "credential", "project")
    list_select_related = ("credential", "project", "created_by")
    search_fields = ("remote_id",)  # shows the field; see get_search_results
    search_help_text = _("Words of the prompt, the task id, the model")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).defer(*HEAVY)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """By the text index; Django's own search would read every row."""
        return (queryset.matching(search_term) if search_term else queryset), False

    def get_fields(self, request: HttpRequest, obj: Task | None = None) -> Any:
        """Every column, the long one readable and last."""
        names = [field.name for field in Task._meta.fields if field.editable]
        return [*(name for name in names if name != "raw"), "answer"]

    def get_readonly_fields(self, request: HttpRequest, obj: Task | None = None) -> Any:
        return self.get_fields(request, obj)

    @admin.display(description=_("raw answer"))
    def answer(self, task: Task) -> SafeString:
        return format_html("<pre>{}</pre>", _pretty(task.raw))


def _pretty(raw: str) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False) if raw else "-"
    except ValueError:
        return raw


@admin.register(StatusChange)
class StatusChangeAdmin(OfMany):
    list_display = ("task", "was", "became", "word", "at")
    list_select_related = ("task",)
    list_filter = ("became",)
    search_fields = ("task__remote_id",)
    search_help_text = TaskAdmin.search_help_text

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        return super().get_queryset(request).defer(*(f"task__{name}" for name in HEAVY))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[StatusChange], bool]:
        if not search_term:
            return queryset, False
        found = Task.objects.matching(search_term).order_by("-id").values("pk")[:FOUND_AT_MOST]
        return queryset.filter(task__in=list(found.values_list("pk", flat=True))), False
