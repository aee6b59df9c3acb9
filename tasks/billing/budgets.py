"""Changes of budgets and of the limits of takes; each one is recorded in the audit."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.models import AuditAction, Budget, Project, TakeLimits
from tasks.team.audit import note

FIELDS = ("period", "unit", "limit", "levels")


class BudgetConflictError(ValueError):
    """Another budget has the same scope, period and unit already."""

    def __str__(self) -> str:
        return _("There is a budget for this period and unit already. Change that one.")


def set_budget(request: HttpRequest, budget: Budget) -> Budget:
    """Save a new or changed budget, and record what has changed; nothing if nothing has.

    Raises BudgetConflictError.
    """
    try:
        with transaction.atomic():
            return _set(request, budget)
    except IntegrityError as error:  # another one was made at the same moment
        raise BudgetConflictError from error


def _set(request: HttpRequest, budget: Budget) -> Budget:
    if Budget.objects.like(budget).exists():
        raise BudgetConflictError
    known = Budget.objects.select_for_update(no_key=True).filter(pk=budget.pk).first()
    changes = _changes(known, budget)
    if changes:
        budget.set_by, budget.set_at = request.user, timezone.now()  # type: ignore[assignment]
        budget.save()
        _note(request, budget, changes)
    return budget


@transaction.atomic
def remove(request: HttpRequest, budget: Budget) -> None:
    """Remove a budget: from now on it limits nothing."""
    _note(request, budget, _changes(budget, None))
    budget.delete()


@transaction.atomic
def change_take_limits(request: HttpRequest, project: Project, form: ModelForm) -> TakeLimits:
    """Save the values of a form that differ from the project's limits of takes."""
    limits = TakeLimits.objects.lock(project)
    changes: dict[str, Any] = {}
    for name in form.cleaned_data:
        before, after = getattr(limits, name), form.cleaned_data[name]
        if before != after:
            changes[name] = [before, after]
            setattr(limits, name, after)
    if changes:
        limits.save(update_fields=list(changes))
        note(request, AuditAction.BUDGET_CHANGED, project, project=project, **changes)
    return limits


def _changes(before: Budget | None, after: Budget | None) -> dict[str, Any]:
    """The fields that differ, by name: [before, after]; the unit goes with a changed limit."""
    pairs = {name: [_plain(before, name), _plain(after, name)] for name in FIELDS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(budget: Budget | None, name: str) -> Any:
    """The value as JSON has it."""
    if budget is None:
        return None
    value = getattr(budget, name)
    return f"{value.normalize():f}" if name == "limit" else value


def _note(request: HttpRequest, budget: Budget, changes: dict[str, Any]) -> None:
    """Record a change of what the budget is for; in a project, for its managers to read."""
    subject, project = budget.subjects[-1], budget.project
    note(
        request,
        AuditAction.BUDGET_CHANGED,
        subject,
        project=project,
        label=str(budget),
        **changes,
    )
