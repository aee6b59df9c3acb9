"""Tasks and their history, read-only: only the sweep writes them. Deleting means the trash."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tasks.admin.read_only import HEAVY, LargeTableAdmin, TaskRowsAdmin
from tasks.models import AuditAction, StatusChange, Task
from tasks.team.audit import note_each


@admin.register(Task)
class TaskAdmin(LargeTableAdmin):
    list_display = (
        "remote_id", "status", "provider", "credential", "project", "created_by", "created_at",
        "deleted_at",
    )  # fmt: skip
    list_filter = ("status", "credential", "project", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("credential", "project", "created_by")
    search_fields = ("remote_id",)  # shows the field; see get_search_results
    search_help_text = TaskRowsAdmin.search_help_text
    actions = ("move_to_trash", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).defer(*HEAVY)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Search by the text index; Django's own search would read every row."""
        return (queryset.matching(search_term) if search_term else queryset), False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All columns; the long one is formatted, and last."""
        names = [field.name for field in Task._meta.fields if field.editable]
        trash = ["deleted_at", "deleted_by"]
        return [*(name for name in names if name != "raw"), *trash, "answer"]

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.delete_task")

    @admin.action(description=_("Move to the trash"), permissions=["trash"])
    def move_to_trash(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask for confirmation with the number of tasks, then move them."""
        chosen = queryset.kept()
        if "sure" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Move to the trash"),
                "chosen": list(chosen.values_list("pk", flat=True)),
            }
            return TemplateResponse(request, "admin/tasks/task/sure.html", context)
        with transaction.atomic():
            ids = list(chosen.values_list("pk", flat=True))
            moved = Task.objects.filter(pk__in=ids).move_to_trash(request.user, timezone.now())
            note_each(request, AuditAction.DELETED, moved)
        sentence = ngettext(
            "%(number)s task moved to the trash for 30 days. The provider's record isn't affected.",
            "%(number)s tasks moved to the trash for 30 days. The provider's records aren't "
            "affected.",
            len(moved),
        )
        messages.success(request, sentence % {"number": len(moved)})
        return None

    @admin.action(description=_("Restore from the trash"), permissions=["trash"])
    def restore(self, request: HttpRequest, queryset: Any) -> None:
        ids = list(queryset.in_trash(timezone.now()).values_list("pk", flat=True))
        with transaction.atomic():
            restored = Task.objects.filter(pk__in=ids).restore()
            note_each(request, AuditAction.RESTORED, restored)
        sentence = ngettext("%(number)s restored.", "%(number)s restored.", len(restored))
        messages.success(request, sentence % {"number": len(restored)})

    @admin.display(description=_("raw answer"))
    def answer(self, task: Task) -> SafeString:
        text = task.raw or "-"
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)


@admin.register(StatusChange)
class StatusChangeAdmin(TaskRowsAdmin):
    list_display = ("task", "was", "became", "word", "at")
    list_filter = ("became",)
