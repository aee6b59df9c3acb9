"""Recording in the audit what staff change in the admin: the fields, with old and new values."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tasks.admin.base import StaffAdmin
from tasks.models import AuditAction, Membership, Project
from tasks.team.audit import note

#: Fields of forms whose values are not recorded.
SECRET_FIELDS = {"password", "password1", "password2", "usable_password", "key"}


class AuditedAdmin(StaffAdmin):
    """An admin whose changes are recorded; subclasses name the actions."""

    added: AuditAction
    changed: AuditAction
    removed: AuditAction

    def project_of(self, row: Any) -> Project | None:
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            details = changes(form) if change else {}
            if details or not change:
                action = self.changed if change else self.added
                note(request, action, obj, project=self.project_of(obj), **details)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            note(request, self.removed, obj, project=self.project_of(obj))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                note(request, self.removed, row, project=self.project_of(row))
            super().delete_queryset(request, queryset)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_formset(request, form, formset, change)
            if formset.model is Membership:
                note_memberships(request, formset)


def changes(form: Any) -> dict[str, Any]:
    """Old and new value of each changed field, by name: [before, after]."""
    before, after = form.initial, form.cleaned_data
    names = [name for name in form.changed_data if name not in SECRET_FIELDS]
    return {name: [_plain(before.get(name)), _plain(after[name])] for name in names}


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, QuerySet):
        return ", ".join(map(str, value))
    return value if isinstance(value, bool | int | float | None) else str(value)


def note_memberships(request: HttpRequest, formset: Any) -> None:
    """Record the memberships of a formset that were added, changed or removed."""
    before = {each.instance.pk: each.initial.get("role", "") for each in formset.initial_forms}
    for row in formset.new_objects:
        note_membership(request, AuditAction.JOINED, row, "", row.role)
    for row, names in formset.changed_objects:
        if "role" in names:
            note_membership(request, AuditAction.ROLE_CHANGED, row, before[row.pk], row.role)
    for row in formset.deleted_objects:
        note_membership(request, AuditAction.PERSON_REMOVED, row, row.role, "")


def note_membership(
    request: HttpRequest, action: AuditAction, row: Membership, before: str, after: str
) -> None:
    note(request, action, row.user, project=row.project, role=[before, after])
