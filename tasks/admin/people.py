"""Accounts, projects and memberships. Changes are recorded in the audit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from tasks.admin.audited import AuditedAdmin, note_membership
from tasks.models import AuditAction, Membership, Project
from tasks.team.audit import note


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user", "project")


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    added, changed, removed = (
        AuditAction.PROJECT_MADE,
        AuditAction.PROJECT_CHANGED,
        AuditAction.PROJECT_REMOVED,
    )
    list_display = ("name", "viewers_see_details", "created_at")
    list_filter = ("viewers_see_details", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def project_of(self, row: Project) -> Project:
        return row


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("user", "project", "role")
    list_display_links = ("user", "project")
    list_filter = ("role", "project")
    list_select_related = ("user", "project")
    search_fields = ("user__username", "user__email", "project__name")
    autocomplete_fields = ("user", "project")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        """Person and project cannot be changed: that would be another membership."""
        return ("user", "project") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if not change:
                note_membership(request, AuditAction.JOINED, obj, "", obj.role)
            elif "role" in form.changed_data:
                before = form.initial["role"]
                note_membership(request, AuditAction.ROLE_CHANGED, obj, before, obj.role)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        with transaction.atomic():
            note_membership(request, AuditAction.PERSON_REMOVED, obj, obj.role, "")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset:
            self.delete_model(request, membership)


class PersonForm(UserChangeForm):
    """An account whose e-mail no other account has."""

    def clean_email(self) -> str:
        """Lower-case the e-mail and refuse one of another account: people sign in with it."""
        email: str = self.cleaned_data["email"].lower()
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email=email).exists():
            raise ValidationError(_("Another account has this e-mail."), code="taken")
        return email


class PersonAdmin(AuditedAdmin, UserAdmin):
    form = PersonForm
    added, changed, removed = (
        AuditAction.PERSON_ADDED,
        AuditAction.PERSON_CHANGED,
        AuditAction.PERSON_REMOVED,
    )
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
        """Save the account. A new one joins the only project, for teams that use just one."""
        super().save_model(request, obj, form, change)
        projects = Project.objects.all()[:2]
        if not change and len(projects) == 1:
            joined = Membership.objects.create(project=projects[0], user=obj)
            note_membership(request, AuditAction.JOINED, joined, "", joined.role)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Change the password, and record that without it."""
        response = super().user_change_password(request, id, form_url)
        if isinstance(response, HttpResponseRedirect):
            note(request, AuditAction.PASSWORD_CHANGED, self.get_object(request, id))
        return response


admin.site.unregister(Group)  # projects and roles decide who may do what
admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
