"""What projects may spend and have spent; and the price list of each account."""

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

from tasks import budgets as budget_work
from tasks import prices as price_work
from tasks.forms.money import BudgetForm, ChangeForm, PriceForm
from tasks.models import Budget, Credential, Price, Project
from tasks.models.charge import day_of
from tasks.providers.list_prices import documented
from tasks.showing.money import ModelPrices, by_person, standings

# Budgets


@require_GET
def budgets(request: HttpRequest) -> HttpResponse:
    """This month of every project that this person sees; of the only one all there is."""
    today = day_of(timezone.now())
    projects = list(Project.objects.visible_to(request.user))
    managed = set(Project.objects.ids_managed_by(request.user))
    if len(projects) == 1:
        return _budget_page(request, projects[0], may_change=projects[0].pk in managed)
    context = {"shown": standings(projects, today, managed), "month": today}
    return render(request, "money/budgets.html", context)


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """One project's month; who it was used by and what may be changed, for those who manage it."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    may_change = Project.objects.managed_by(request.user).filter(pk=pk).exists()
    if request.method == "GET":
        return _budget_page(request, project, may_change=may_change)
    if not may_change:
        raise PermissionDenied
    form = BudgetForm(request.POST, instance=Budget.objects.of(project))
    if not form.is_valid():
        return _budget_page(request, project, may_change=True, form=form)
    budget_work.change(request, project, form)
    messages.success(request, _("Saved."))
    return redirect("budget", pk)


def _budget_page(
    request: HttpRequest, project: Project, *, may_change: bool, form: BudgetForm | None = None
) -> HttpResponse:
    today = day_of(timezone.now())
    month = _month(request.GET.get("month", ""), today)
    managed = {project.pk} if may_change else set[int]()
    [shown] = standings([project], month, managed)
    first = month.replace(day=1)
    context: dict[str, Any] = {
        "project": project,
        "shown": shown,
        "month": first,
        "before": first - timedelta(days=1),
        "after": None if first == today.replace(day=1) else first + timedelta(days=31),
        "is_this_month": first == today.replace(day=1),
        "is_alone": not Project.objects.visible_to(request.user).exclude(pk=project.pk).exists(),
    }
    if may_change:
        context["people"] = by_person(shown.standing, project)
        context["form"] = form or BudgetForm(instance=shown.standing.budget)
    return render(request, "money/budget.html", context)


def _month(asked: str, today: date) -> date:
    """`2026-10`; anything else is this month, and so is what has not come yet."""
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today
    return found if date(2020, 1, 1) <= found <= today else today


# Prices


@require_http_methods(["GET", "POST"])
def prices(request: HttpRequest, pk: int) -> HttpResponse:
    """An account's price list, for managers of the projects that use it."""
    credential = _priced(request, pk)
    if request.method == "GET":
        return _price_page(request, credential)
    form = PriceForm(request.POST, credential=credential)
    if form.is_valid():
        try:
            price_work.add(request, form.save(commit=False))
        except price_work.CannotBe as why:
            form.object_to(why)
    if form.errors:
        return _price_page(request, credential, form=form)
    messages.success(request, _("The price is entered."))
    return redirect("prices", pk)


@require_POST
def prices_documented(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin with what the provider's own page says, from today on."""
    credential = _priced(request, pk)
    proposed = price_work.proposals(credential, day_of(timezone.now()))
    taken = price_work.take_over(request, proposed)
    sentence = ngettext("%(number)s price is entered.", "%(number)s prices are entered.", taken)
    messages.success(request, sentence % {"number": taken})
    return redirect("prices", pk)


@require_http_methods(["GET", "POST"])
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one from a day on, or end it; what has been stays."""
    _require_manager(request)
    editable = Price.objects.editable_by(request.user).select_related("credential")
    found = get_object_or_404(editable, pk=pk)
    today = day_of(timezone.now())
    form = ChangeForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            price_work.change(request, pk, said["amount"], said["first"], today)
            messages.success(request, _("Saved."))
            return redirect("prices", found.credential_id)
        except price_work.CannotBe as why:
            form.add_error(why.field if why.field in form.fields else None, str(why))
    context = {"price": found, "form": form, "is_to_begin": found.valid_from >= today}
    return render(request, "money/price.html", context)


def _priced(request: HttpRequest, pk: int) -> Credential:
    _require_manager(request)
    return get_object_or_404(Credential.objects.comparable_by(request.user), pk=pk)


def _require_manager(request: HttpRequest) -> None:
    if not Project.objects.managed_by(request.user).exists() and not request.user.is_staff:
        raise PermissionDenied


def _price_page(
    request: HttpRequest, credential: Credential, form: PriceForm | None = None
) -> HttpResponse:
    today = day_of(timezone.now())
    shown = ModelPrices.all_of(Price.objects.filter(credential=credential), today)
    context = {
        "credential": credential,
        "shown": shown,
        "form": form or PriceForm(credential=credential, initial={"valid_from": today}),
        "proposals": price_work.proposals(credential, today),
        "list": documented(credential.provider),
        "today": today,
    }
    return render(request, "money/prices.html", context)
