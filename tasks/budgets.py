"""Changing what a project may spend; each change is a line in the record."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest

from tasks.audit import note
from tasks.models import Budget, Project, Verb


@transaction.atomic
def change(request: HttpRequest, project: Project, form: ModelForm) -> Budget:
    """What a form says, of this project, as far as it differs."""
    budget = Budget.objects.lock(project)
    told: dict[str, Any] = {}
    for name in form.cleaned_data:
        before, after = getattr(budget, name), form.cleaned_data[name]
        if before != after:
            told[name] = [_plain(before), _plain(after)]
            setattr(budget, name, after)
    if told:
        budget.save(update_fields=list(told))
        note(request, Verb.BUDGET_CHANGED, project, project=project, **told)
    return budget


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else f"{value.normalize():f}"
