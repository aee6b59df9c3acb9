"""Read-only records: the audit, the admin's history, stars, invitations, comparisons."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin, TaskRowsAdmin
from tasks.models import (
    AuditEntry,
    Difference,
    Export,
    Invitation,
    Profile,
    Reconciliation,
    Star,
    UntrackedTask,
)


@admin.register(AuditEntry)
class AuditEntryAdmin(LargeTableAdmin):
    """The audit, which nobody can change, superusers included."""

    about = _("Who did what, and when. Entries are never changed or deleted.")
    day_field = "at"
    list_display = ("at", "actor", "verb", "label", "kind", "project_id", "address")
    list_filter = ("verb", "kind")
    search_fields = ("actor", "label", "address")


@admin.register(LogEntry)
class LogEntryAdmin(LargeTableAdmin):
    name_plural = _("changes in the admin")
    about = _("Django's own log of changes made in the admin. The audit has them too.")
    day_field = "action_time"
    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "user__username")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations. They are made and withdrawn on the page of people; links are stored nowhere."""

    about = _("Invitation links. Create and withdraw them on the People page.")
    hidden = ("token_hash",)
    list_display = ("email", "project", "role", "invited_by", "created_at", "used_at", "used_by")
    list_filter = ("role", "project")
    list_select_related = ("project", "invited_by", "used_by")
    search_fields = ("email", "project__name")


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    name_plural = _("personal settings")
    about = _("Each person's language, theme and layout.")
    labels = {"user": _("person")}
    list_display = ("user", "language", "time_zone", "theme", "density", "seen_at")
    list_filter = ("language", "theme")
    list_select_related = ("user",)
    search_fields = ("user__username",)


@admin.register(Star)
class StarAdmin(TaskRowsAdmin):
    about = _("Clips people have starred.")
    list_display = ("task", "user", "created_at")
    list_filter = ("user",)
    day_field = "created_at"
    list_select_related = ("task", "user")


@admin.register(Reconciliation)
class ReconciliationAdmin(LargeTableAdmin):
    about = _("Comparisons of a provider's task list with ours.")
    day_field = "asked_at"
    list_display = (
        "credential", "outcome", "asked_at", "asked_by", "listed",
        "missing_here", "missing_there", "differing",
    )  # fmt: skip
    list_filter = ("outcome", "credential")
    list_select_related = ("credential", "asked_by")
    search_fields = ("credential__name",)


@admin.register(Difference)
class DifferenceAdmin(TaskRowsAdmin):
    about = _("Tasks on which a provider's list and ours disagree.")
    list_display = ("task", "kind", "status_there", "reconciliation")
    list_filter = ("kind",)
    list_select_related = ("task", "reconciliation__credential")


@admin.register(UntrackedTask)
class UntrackedTaskAdmin(LargeTableAdmin):
    about = _("Tasks only the provider has: created with our accounts, but not here.")
    day_field = "found_at"
    list_display = ("remote_id", "credential", "status", "model", "found_at", "seen_at")
    list_filter = ("status", "credential")
    list_select_related = ("credential",)
    search_fields = ("remote_id__startswith",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("raw")


@admin.register(Export)
class ExportAdmin(LargeTableAdmin):
    about = _("Excel files people asked for. They are kept for 7 days.")
    day_field = "asked_at"
    list_display = ("asked_at", "person", "table", "state", "done", "total", "size", "tries")
    list_filter = ("state", "table")
    list_select_related = ("person",)
    search_fields = ("person__username",)
