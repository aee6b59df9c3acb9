"""Tasks and their history, to look at: only the sweep writes them. Deleting is by the trash."""

from __future__ import annotations

import json
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

from tasks.admin.looking import HEAVY, OfMany, OfTasks
from tasks.audit import note_each
from tasks.models import StatusChange, Task, Verb


@admin.register(Task)
class TaskAdmin(OfMany):
    list_display = (
        "remote_id", "status", "provider", "credential", "project", "created_by", "created_at",
        "deleted_at",
    )  # fmt: skip
    list_filter = ("status", "credential", "project", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("credential", "project", "created_by")
    search_fields = ("remote_id",)  # shows the field; see get_search_results
    search_help_text = OfTasks.search_help_text
    actions = ("move_to_trash", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).defer(*HEAVY)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """By the text index; Django's own search would read every row."""
        return (queryset.matching(search_term) if search_term else queryset), False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Every column, the long one readable and last."""
        names = [field.name for field in Task._meta.fields if field.editable]
        trash = ["deleted_at", "deleted_by"]
        return [*(name for name in names if name != "raw"), *trash, "answer"]

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.delete_task")

    @admin.action(description=_("Move to the trash"), permissions=["trash"])
    def move_to_trash(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Asks first, and names the number."""
        chosen = queryset.kept()
        if "sure" not in request.POST:
            asks = self._asks(request, chosen)
            return TemplateResponse(request, "admin/tasks/task/sure.html", asks)
        with transaction.atomic():
            ids = list(chosen.values_list("pk", flat=True))
            gone = Task.objects.filter(pk__in=ids).move_to_trash(request.user, timezone.now())
            note_each(request, Verb.DELETED, gone)
        messages.success(request, _said(len(gone)))
        return None

    def _asks(self, request: HttpRequest, chosen: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Move to the trash"),
            "chosen": list(chosen.values_list("pk", flat=True)),
        }

    @admin.action(description=_("Restore from the trash"), permissions=["trash"])
    def restore(self, request: HttpRequest, queryset: Any) -> None:
        ids = list(queryset.in_trash(timezone.now()).values_list("pk", flat=True))
        with transaction.atomic():
            back = Task.objects.filter(pk__in=ids).restore()
            note_each(request, Verb.RESTORED, back)
        said = ngettext("%(number)s is back.", "%(number)s are back.", len(back))
        messages.success(request, said % {"number": len(back)})

    @admin.display(description=_("raw answer"))
    def answer(self, task: Task) -> SafeString:
        return format_html("<pre>{}</pre>", _pretty(task.raw))


def _pretty(raw: str) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False) if raw else "-"
    except ValueError:
        return raw


def _said(number: int) -> str:
    said = ngettext(
        "%(number)s task is in the trash for 30 days. The provider's own record stays.",
        "%(number)s tasks are in the trash for 30 days. The provider's own records stay.",
        number,
    )
    return said % {"number": number}


@admin.register(StatusChange)
class StatusChangeAdmin(OfTasks):
    list_display = ("task", "was", "became", "word", "at")
    list_filter = ("became",)
