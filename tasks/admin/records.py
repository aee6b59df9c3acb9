"""Read-only records: the audit, the admin's history, stars, invitations, comparisons."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest

from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin, TaskRowsAdmin
from tasks.models import (
    AuditEntry,
    Difference,
    Invitation,
    Profile,
    Reconciliation,
    Star,
    UntrackedTask,
)


@admin.register(AuditEntry)
class AuditEntryAdmin(LargeTableAdmin):
    """The audit, which nobody can change, superusers included."""

    list_display = ("at", "actor", "verb", "label", "kind", "project_id", "address")
    list_filter = ("verb", "kind")
    search_fields = ("actor", "label", "address")


@admin.register(LogEntry)
class LogEntryAdmin(LargeTableAdmin):
    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr")
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "user__username")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations. They are made and withdrawn on the page of people; links are stored nowhere."""

    hidden = ("token_hash",)
    list_display = ("email", "project", "role", "invited_by", "created_at", "used_at", "used_by")
    list_filter = ("role", "project")
    list_select_related = ("project", "invited_by", "used_by")
    search_fields = ("email", "project__name")


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    list_display = ("user", "language", "time_zone", "theme", "density", "seen_at")
    list_filter = ("language", "theme")
    list_select_related = ("user",)
    search_fields = ("user__username",)


@admin.register(Star)
class StarAdmin(TaskRowsAdmin):
    list_display = ("task", "user", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("task", "user")


@admin.register(Reconciliation)
class ReconciliationAdmin(LargeTableAdmin):
    list_display = (
        "credential", "outcome", "asked_at", "asked_by", "listed",
        "missing_here", "missing_there", "differing",
    )  # fmt: skip
    list_filter = ("outcome", "credential")
    list_select_related = ("credential", "asked_by")
    search_fields = ("credential__name",)


@admin.register(Difference)
class DifferenceAdmin(TaskRowsAdmin):
    list_display = ("task", "kind", "status_there", "reconciliation")
    list_filter = ("kind",)
    list_select_related = ("task", "reconciliation__credential")


@admin.register(UntrackedTask)
class UntrackedTaskAdmin(LargeTableAdmin):
    list_display = ("remote_id", "credential", "status", "model", "found_at", "seen_at")
    list_filter = ("status", "credential")
    list_select_related = ("credential",)
    search_fields = ("remote_id__startswith",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("raw")
