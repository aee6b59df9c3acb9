"""Copies of the tasks' files, read-only: only the archive writes them."""

from __future__ import annotations

from django.contrib import admin

from tasks.admin.read_only import TaskRowsAdmin
from tasks.models import Copy


@admin.register(Copy)
class CopyAdmin(TaskRowsAdmin):
    list_display = (
        "task", "kind", "state", "size", "link_ends_at", "tries", "trouble", "saved_at",
        "deleted_at",
    )  # fmt: skip
    list_filter = ("state", "kind", ("deleted_at", admin.EmptyFieldListFilter))
