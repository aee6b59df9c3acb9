"""Accounts, projects and memberships. Changes are recorded in the audit."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tasks.admin import cells
from tasks.admin.audited import AuditedAdmin, note_membership
from tasks.admin.base import StaffAdmin
from tasks.admin.read_only import ReadOnlyInline
from tasks.models import AuditAction, Membership, Project, Task
from tasks.team import preferences
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
    about = _("What people work on together. Every task belongs to one.")
    help_texts = {
        "viewers_see_details": _(
            "Costs, credentials, the provider's own answers and warnings. Members and managers "
            "always see them."
        ),
    }
    list_display = ("name", "people", "tasks", "viewers_see_details", "created_at")
    list_filter = ("viewers_see_details",)
    search_fields = ("name",)
    inlines = (MembershipInline,)
    goes_along = (
        *("tasks.ProjectChange", "tasks.StorageUse", "tasks.Invitation", "tasks.ApiToken"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return super().get_queryset(request).annotate(number_of_people=Count("membership"))

    def view_on_site(self, obj: Project) -> str:
        return f"{reverse('tasks')}?project={obj.pk}"

    @admin.display(description=_("people"), ordering="number_of_people")
    def people(self, project: Any) -> SafeString:
        number = project.number_of_people
        return cells.list_link(Membership, number, project__id__exact=project.pk)

    @admin.display(description=_("tasks"))
    def tasks(self, project: Project) -> SafeString:
        return cells.list_link(Task, _("Show"), project=project.pk)

    def project_of(self, row: Project) -> Project:
        return row


@admin.register(Membership)
class MembershipAdmin(StaffAdmin):
    about = _("Who has which role in which project.")
    help_texts = {
        "role": _(
            "Viewers watch and download. Members also make videos and spend the budget. Managers "
            "also look after people, credentials and money."
        ),
    }
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


class FactorInline(ReadOnlyInline):
    """The person's second factors, without what they are secret by."""

    model = Authenticator
    verbose_name_plural = _("Second factors")
    fields = ("type", "created_at", "last_used_at")


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
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (_("Signing in"), {"fields": ("password", "is_active", "last_login", "seen")}),
        (_("Rights beyond their projects"), {"fields": ("is_staff", "is_superuser")}),
        (_("Work"), {"fields": ("tasks", "date_joined")}),
    )
    about = _("People's accounts. Their roles in projects say what they may do.")
    name_plural = _("people")
    labels = {"is_staff": _("Staff"), "is_superuser": _("Full admin rights")}
    help_texts = {
        "username": _("Used to sign in; the e-mail address works too."),
        "is_active": _("When off, the person can't sign in and is signed out everywhere."),
        "is_staff": _("Staff see every project, may do everything in it, and can open the admin."),
        "is_superuser": _("Staff without it see only the admin pages they have permission for."),
    }
    readonly_fields = ("last_login", "date_joined", "seen", "tasks")
    list_filter = ("is_active", "is_staff", "membership__project")
    list_display = ("username", "full_name", "email", "roles", "is_active", "is_staff", "seen")
    list_select_related = ("profile",)
    date_hierarchy = "date_joined"
    #: What a person leaves behind that is nobody else's. Tasks, charges and the audit stay.
    goes_along = (
        *("tasks.Profile", "tasks.Star", "tasks.SignInLink", "admin.LogEntry"),
        *("account.EmailAddress", "mfa.Authenticator", "usersessions.UserSession"),
        *("tasks.ApiToken", "tasks.Service"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        roles = Membership.objects.select_related("project").order_by("project__name")
        listed = Prefetch("membership_set", roles, to_attr="listed_roles")
        return super().get_queryset(request).prefetch_related(listed)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return (MembershipInline, FactorInline) if obj else ()

    def view_on_site(self, obj: User) -> str:
        return f"{reverse('tasks')}?person={obj.pk}"

    @admin.display(description=_("name"), ordering="first_name")
    def full_name(self, person: User) -> str:
        return person.get_full_name() or cells.NONE

    @admin.display(description=_("roles"))
    def roles(self, person: Any) -> str:
        named = (f"{each.project} ({each.get_role_display()})" for each in person.listed_roles)
        return ", ".join(named) or cells.NONE

    @admin.display(description=_("last seen"), ordering="profile__seen_at")
    def seen(self, person: User) -> Any:
        return cells.moment(preferences.of(person).seen_at)

    @admin.display(description=_("tasks"))
    def tasks(self, person: User) -> SafeString:
        return cells.list_link(Task, _("Show"), person=person.pk)

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
