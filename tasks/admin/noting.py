"""What staff change here is noted in the audit: which fields, and what became what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tasks.audit import note
from tasks.models import Membership, Project, Verb

#: Fields of forms whose values nobody reads.
SECRET = {"password", "password1", "password2", "usable_password", "key"}


class Noted(admin.ModelAdmin):
    """A mixin; the class that has it says with which words."""

    added: Verb
    changed: Verb
    removed: Verb

    def project_of(self, row: Any) -> Project | None:
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            told = changes(form) if change else {}
            if told or not change:
                verb = self.changed if change else self.added
                note(request, verb, obj, project=self.project_of(obj), **told)

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
    """Of each field that was changed: [before, after]."""
    was, is_now = form.initial, form.cleaned_data
    names = [name for name in form.changed_data if name not in SECRET]
    return {name: [_plain(was.get(name)), _plain(is_now[name])] for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, QuerySet):
        return ", ".join(map(str, value))
    return value if isinstance(value, bool | int | float | None) else str(value)


def note_memberships(request: HttpRequest, formset: Any) -> None:
    """Who joined, who was given another role, who was removed."""
    before = {each.instance.pk: each.initial.get("role", "") for each in formset.initial_forms}
    for row in formset.new_objects:
        note_membership(request, Verb.JOINED, row, "", row.role)
    for row, names in formset.changed_objects:
        if "role" in names:
            note_membership(request, Verb.ROLE_CHANGED, row, before[row.pk], row.role)
    for row in formset.deleted_objects:
        note_membership(request, Verb.PERSON_REMOVED, row, row.role, "")


def note_membership(
    request: HttpRequest, verb: Verb, row: Membership, before: str, after: str
) -> None:
    note(request, verb, row.user, project=row.project, role=[before, after])
