"""Read-only rows of leases, counters and health, to look at when something seems to hang."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin
from tasks.models import (
    ChangeCounter,
    HealthMinute,
    Lease,
    ProjectChange,
    SignInLink,
    StorageUse,
)


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    about = _("Which process runs the sweep and the archive, and its last sign of life.")
    list_display = ("name", "holder", "until", "beat_at")
    list_filter = ("name",)
    search_fields = ("name", "holder")


@admin.register(ChangeCounter)
class ChangeCounterAdmin(ReadOnlyAdmin):
    about = _(
        "The number of the latest change. Open pages ask for everything after the one they know."
    )
    list_display = ("id", "value")
    list_filter = ()
    search_fields = ("value",)


@admin.register(ProjectChange)
class ProjectChangeAdmin(ReadOnlyAdmin):
    about = _("The latest change in each project.")
    list_display = ("project", "number")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("project__name",)


@admin.register(StorageUse)
class StorageUseAdmin(ReadOnlyAdmin):
    about = _("Files and bytes each project has in storage.")
    list_display = ("project", "files", "bytes")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("project__name",)


@admin.register(HealthMinute)
class HealthMinuteAdmin(LargeTableAdmin):
    about = _("Answers and errors of each credential, minute by minute.")
    day_field = "minute"
    list_display = ("credential", "minute", "answers", "troubles")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("credential__name",)


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin):
    """One-time links, printed on the server's terminal; their hashes are not shown."""

    about = _("One-time sign-in links printed on the server's terminal.")
    hidden = ("token_hash",)
    list_display = ("user", "ends_at", "used_at")
    list_filter = ("ends_at",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
