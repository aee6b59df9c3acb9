"""Tokens of the API and services, to look at: pages and a command make them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import ReadOnlyAdmin
from tasks.models import ApiToken, Service


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    about = _("What programs ask the API with. Only a hash of each is kept.")
    hidden = ("digest",)
    list_display = ("name", "prefix", "person", "project", "scope", "last_used_at", "revoked_at")
    list_filter = ("scope", "project")
    list_select_related = ("person", "project")
    search_fields = ("name", "prefix", "person__username")


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    about = _("Programs of a project: accounts that never sign in and ask with tokens.")
    list_display = ("user", "project", "created_at")
    list_filter = ("project",)
    list_select_related = ("user", "project")
    search_fields = ("user__username", "project__name")
