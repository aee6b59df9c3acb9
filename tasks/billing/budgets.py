"""Changes of budgets; each one is recorded in the audit."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest

from tasks.models import AuditAction, Budget, Project
from tasks.team.audit import note


@transaction.atomic
def change(request: HttpRequest, project: Project, form: ModelForm) -> Budget:
    """Save the values of a form that differ from the project's budget, and record them."""
    budget = Budget.objects.lock(project)
    changes: dict[str, Any] = {}
    for name in form.cleaned_data:
        before, after = getattr(budget, name), form.cleaned_data[name]
        if before != after:
            changes[name] = [_plain(before), _plain(after)]
            setattr(budget, name, after)
    if changes:
        budget.save(update_fields=list(changes))
        note(request, AuditAction.BUDGET_CHANGED, project, project=project, **changes)
    return budget


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    return value if value is None or isinstance(value, int | str) else f"{value.normalize():f}"
