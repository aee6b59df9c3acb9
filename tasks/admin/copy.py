"""Copies of the tasks' files, read-only: only the archive writes them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import TaskRowsAdmin
from tasks.models import Copy


@admin.register(Copy)
class CopyAdmin(TaskRowsAdmin):
    name_plural = _("saved files")
    about = _("Saved videos and last frames, and the ones still being saved.")
    hidden = ("frame_sha256", "sprite_columns", "sprite_frames", "sprite_width", "sprite_height",
              "poster_hash", "sprite_hash", "proxy", "proxy_size", "proxy_hash")  # fmt: skip
    day_field = "created_at"
    list_display = (
        "task", "kind", "state", "size", "link_ends_at", "tries", "trouble", "saved_at",
        "deleted_at",
    )  # fmt: skip
    list_filter = ("state", "kind", ("deleted_at", admin.EmptyFieldListFilter))
