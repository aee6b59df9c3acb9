"""The rows that the machinery turns on, to look at when something seems to stand still."""

from django.contrib import admin

from tasks.admin.looking import LookOnly, OfMany
from tasks.models import ChangeCounter, HealthMinute, Lease, SignInLink, StorageUse


@admin.register(Lease)
class LeaseAdmin(LookOnly):
    list_display = ("name", "holder", "until", "beat_at")
    list_filter = ("name",)
    search_fields = ("name", "holder")


@admin.register(ChangeCounter)
class ChangeCounterAdmin(LookOnly):
    list_display = ("id", "value")
    list_filter = ()
    search_fields = ("value",)


@admin.register(StorageUse)
class StorageUseAdmin(LookOnly):
    list_display = ("project", "files", "bytes")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("project__name",)


@admin.register(HealthMinute)
class HealthMinuteAdmin(OfMany):
    list_display = ("credential", "minute", "answers", "troubles")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("credential__name",)


@admin.register(SignInLink)
class SignInLinkAdmin(LookOnly):
    """Printed on the server's terminal; of the link itself only a hash is kept, and not shown."""

    hidden = ("token_hash",)
    list_display = ("user", "ends_at", "used_at")
    list_filter = ("ends_at",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
