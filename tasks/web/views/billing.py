"""The price list of each account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from tasks.billing import prices
from tasks.models import Credential, Price
from tasks.models.access import require_manager
from tasks.models.charge import day_of
from tasks.providers.catalog.list_prices import documented_prices
from tasks.web.costs.missing_prices import prefilled
from tasks.web.costs.recalculations import recalculations
from tasks.web.forms.billing import PriceChangeForm, PriceForm
from tasks.web.presenters.billing import ModelPrices


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
    messages.success(request, _("Price saved."))
    return redirect("prices", pk)


@require_POST
def prices_documented(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the prices that the provider's own page documents, from today on."""
    credential = _managed_credential(request, pk)
    proposed = prices.proposals(credential, day_of(timezone.now()))
    number = prices.take_over(request, proposed)
    sentence = ngettext("%(number)s price saved.", "%(number)s prices saved.", number)
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
