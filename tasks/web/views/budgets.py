"""Budgets: of projects and of people in them, and for staff of people and credentials."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks.billing import budgets
from tasks.models import Budget, Project, Scope, TakeLimits
from tasks.models.access import require_staff
from tasks.models.charge import day_of
from tasks.web.forms.budgets import BudgetForm, TakeLimitsForm
from tasks.web.presenters.budgets import budgets_of, by_person, by_subject, own_budgets


@require_GET
def budget_list(request: HttpRequest) -> HttpResponse:
    """Show this month of every project whose money one sees; of a single one the whole page."""
    now = timezone.now()
    visible = list(Project.objects.visible_to(request.user).with_details_for(request.user))
    projects = [project for project in visible if project.shows_details]
    if visible and not projects:
        raise PermissionDenied
    managed = set(Project.objects.ids_managed_by(request.user))
    if len(projects) == 1:
        return _project_page(request, projects[0], may_change=projects[0].pk in managed)
    context = {
        "presented": budgets_of(projects, day_of(now), now, managed),
        "own": own_budgets(request.user, now),
    }
    return render(request, "billing/budgets.html", context)


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one project's month; its managers also see who spent what, and set the limits."""
    visible = Project.objects.visible_to(request.user).with_details_for(request.user)
    project = get_object_or_404(visible, pk=pk)
    if not project.shows_details:
        raise PermissionDenied
    may_change = Project.objects.managed_by(request.user).filter(pk=pk).exists()
    if request.method == "GET":
        return _project_page(request, project, may_change=may_change)
    if not may_change:
        raise PermissionDenied
    form = TakeLimitsForm(request.POST, instance=TakeLimits.objects.of(project))
    if not form.is_valid():
        return _project_page(request, project, may_change=True, form=form)
    budgets.change_take_limits(request, project, form)
    messages.success(request, _("Saved."))
    return redirect("budget", pk)


def _project_page(
    request: HttpRequest, project: Project, *, may_change: bool, form: TakeLimitsForm | None = None
) -> HttpResponse:
    now = timezone.now()
    today = day_of(now)
    day = _parse_month(request.GET.get("month", ""), today)
    [page] = budgets_of([project], day, now, {project.pk} if may_change else set())
    first = day.replace(day=1)
    is_this_month = first == today.replace(day=1)
    context: dict[str, Any] = {
        "project": project,
        "page": page,
        "month": first,
        "before": first - timedelta(days=1),
        "after": None if is_this_month else first + timedelta(days=31),
        "is_this_month": is_this_month,
        "is_alone": not Project.objects.detailed_to(request.user).exclude(pk=project.pk).exists(),
        "own": own_budgets(request.user, now, project) if is_this_month and not may_change else [],
    }
    if may_change:
        context["people"] = by_person(page, day, now)
        context["form"] = form or TakeLimitsForm(instance=TakeLimits.objects.of(project))
    return render(request, "billing/budget.html", context)


def _parse_month(text: str, today: date) -> date:
    """Parse `2026-10` to its first day; return today for anything else, this month or a later."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today
    return first if date(2020, 1, 1) <= first < today.replace(day=1) else today


@require_GET
def site_budgets(request: HttpRequest) -> HttpResponse:
    """Show the budgets that are in no project: of people over all of them, and of credentials."""
    require_staff(request.user)
    now = timezone.now()
    context = {
        "people": by_subject(Scope.PERSON, now),
        "credentials": by_subject(Scope.CREDENTIAL, now),
    }
    return render(request, "billing/site_budgets.html", context)


# Setting them


@require_http_methods(["GET", "POST"])
def budget_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a budget of a project, or of one of its people."""
    project = get_object_or_404(Project.objects.managed_by(request.user), pk=pk)
    return _edit(request, Budget(project=project), Scope.PROJECT)


@require_http_methods(["GET", "POST"])
def site_budget_add(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Add a budget of a person over all projects, or of a credential."""
    require_staff(request.user)
    return _edit(request, Budget(), scope)


@require_http_methods(["GET", "POST"])
def budget_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a budget's limit, unit, period or levels."""
    row = _managed(request, pk)
    return _edit(request, row, row.scope)


@require_POST
def budget_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a budget; what was used stays counted."""
    row = _managed(request, pk)
    back = _page_of(row)
    budgets.remove(request, row)
    messages.success(request, _("The budget is removed."))
    return redirect(back)


def _managed(request: HttpRequest, pk: int) -> Budget:
    rows = Budget.objects.managed_by(request.user)
    return get_object_or_404(rows.select_related("project", "person", "credential"), pk=pk)


def _edit(request: HttpRequest, row: Budget, scope: Scope) -> HttpResponse:
    """Show the form of a budget, or save it and lead back to the page it is on."""
    form = BudgetForm(request.POST or None, instance=row, scope=scope)
    if request.method == "POST" and form.is_valid():
        try:
            budgets.set_budget(request, form.save(commit=False))
            messages.success(request, _("Saved."))
            return redirect(_page_of(row))
        except budgets.BudgetConflictError as conflict:
            form.add_error("period", str(conflict))
    context = {"form": form, "budget": row, "scope": scope, "back": _page_of(row)}
    return render(request, "billing/budget_form.html", context)


def _page_of(row: Budget) -> str:
    """The address of the page that shows the budget."""
    return reverse("budget", args=[row.project_id]) if row.project_id else reverse("site_budgets")
