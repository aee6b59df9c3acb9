"""Who may come in, and what they work on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.models import Membership, Project


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user", "project")


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)


class PersonAdmin(UserAdmin):
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    list_filter = ("is_active", "is_staff")
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return (MembershipInline,) if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person joins the only project, so a small team need not think of projects."""
        super().save_model(request, obj, form, change)
        projects = Project.objects.all()[:2]
        if not change and len(projects) == 1:
            Membership.objects.create(project=projects[0], user=obj)


admin.site.unregister(Group)  # projects and roles say who may do what
admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
