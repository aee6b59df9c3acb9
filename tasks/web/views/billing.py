"""The projects' budgets and spending, and the price list of each account."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks.billing import budgets, prices
from tasks.models import Budget, Credential, Price, Project
from tasks.models.access import require_manager
from tasks.models.charge import day_of
from tasks.providers.catalog.list_prices import documented_prices
from tasks.web.costs.missing_prices import prefilled
from tasks.web.costs.recalculations import recalculations
from tasks.web.forms.billing import BudgetForm, PriceChangeForm, PriceForm
from tasks.web.presenters.billing import ModelPrices, budgets_of, by_person

# Budgets


@require_GET
def budget_list(request: HttpRequest) -> HttpResponse:
    """Show this month of every project whose money one sees; of a single one the whole page."""
    today = day_of(timezone.now())
    visible = list(Project.objects.visible_to(request.user).with_details_for(request.user))
    projects = [project for project in visible if project.shows_details]
    if visible and not projects:
        raise PermissionDenied
    managed = set(Project.objects.ids_managed_by(request.user))
    if len(projects) == 1:
        return _budget_page(request, projects[0], may_change=projects[0].pk in managed)
    context = {"presented": budgets_of(projects, today, managed), "month": today}
    return render(request, "billing/budgets.html", context)


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one project's month; its managers also see who spent what, and change the budget."""
    visible = Project.objects.visible_to(request.user).with_details_for(request.user)
    project = get_object_or_404(visible, pk=pk)
    if not project.shows_details:
        raise PermissionDenied
    may_change = Project.objects.managed_by(request.user).filter(pk=pk).exists()
    if request.method == "GET":
        return _budget_page(request, project, may_change=may_change)
    if not may_change:
        raise PermissionDenied
    form = BudgetForm(request.POST, instance=Budget.objects.of(project))
    if not form.is_valid():
        return _budget_page(request, project, may_change=True, form=form)
    budgets.change(request, project, form)
    messages.success(request, _("Saved."))
    return redirect("budget", pk)


def _budget_page(
    request: HttpRequest, project: Project, *, may_change: bool, form: BudgetForm | None = None
) -> HttpResponse:
    today = day_of(timezone.now())
    month = _parse_month(request.GET.get("month", ""), today)
    managed = {project.pk} if may_change else set[int]()
    [presented] = budgets_of([project], month, managed)
    first = month.replace(day=1)
    context: dict[str, Any] = {
        "project": project,
        "presented": presented,
        "month": first,
        "before": first - timedelta(days=1),
        "after": None if first == today.replace(day=1) else first + timedelta(days=31),
        "is_this_month": first == today.replace(day=1),
        "is_alone": not Project.objects.detailed_to(request.user).exclude(pk=project.pk).exists(),
    }
    if may_change:
        context["people"] = by_person(presented.budget_status, project)
        context["form"] = form or BudgetForm(instance=presented.budget_status.budget)
    return render(request, "billing/budget.html", context)


def _parse_month(text: str, today: date) -> date:
    """Parse `2026-10` to its first day; return today for anything else or a future month."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today
    return first if date(2020, 1, 1) <= first <= today else today


# Prices


@require_http_methods(["GET", "POST"])
def price_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account's price list, and add prices; for managers of the projects that use it."""
    credential = _managed_credential(request, pk)
    if request.method == "GET":
        return _price_page(request, credential)
    form = PriceForm(request.POST, credential=credential)
    if form.is_valid():
        try:
            prices.add(request, form.save(commit=False))
        except prices.PriceConflictError as conflict:
            form.add_conflict(conflict)
    if form.errors:
        return _price_page(request, credential, form=form)
    messages.success(request, _("The price is entered."))
    return redirect("prices", pk)


@require_POST
def prices_documented(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the prices that the provider's own page documents, from today on."""
    credential = _managed_credential(request, pk)
    proposed = prices.proposals(credential, day_of(timezone.now()))
    number = prices.take_over(request, proposed)
    sentence = ngettext("%(number)s price is entered.", "%(number)s prices are entered.", number)
    messages.success(request, sentence % {"number": number})
    return redirect("prices", pk)


@require_http_methods(["GET", "POST"])
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a price from a day on, or end it; the days before keep the old one."""
    require_manager(request.user)
    editable = Price.objects.editable_by(request.user).select_related("credential")
    row = get_object_or_404(editable, pk=pk)
    today = day_of(timezone.now())
    form = PriceChangeForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            prices.change(request, pk, cleaned["amount"], cleaned["first"], today)
            messages.success(request, _("Saved."))
            return redirect("prices", row.credential_id)
        except prices.PriceConflictError as conflict:
            field = conflict.field if conflict.field in form.fields else None
            form.add_error(field, str(conflict))
    context = {"price": row, "form": form, "is_to_begin": row.valid_from >= today}
    return render(request, "billing/price.html", context)


def _managed_credential(request: HttpRequest, pk: int) -> Credential:
    require_manager(request.user)
    return get_object_or_404(Credential.objects.managed_by(request.user), pk=pk)


def _price_page(
    request: HttpRequest, credential: Credential, form: PriceForm | None = None
) -> HttpResponse:
    today = day_of(timezone.now())
    presented = ModelPrices.all_of(Price.objects.filter(credential=credential), today)
    context = {
        "credential": credential,
        "presented": presented,
        "form": form or PriceForm(credential=credential, initial=prefilled(request.GET, today)),
        "recalculations": recalculations(credential.recalculations.select_related("credential")),
        "proposals": prices.proposals(credential, today),
        "list": documented_prices(credential.provider),
        "today": today,
    }
    return render(request, "billing/prices.html", context)
