"""The Costs page: what was spent on what, and the charges that each number is made of."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tasks.billing import costs
from tasks.models import Credential, Project, Recalculation
from tasks.models.access import require_details
from tasks.models.charge import day_of
from tasks.web.lists import cost_charges as listing
from tasks.web.lists.cost_filters import CostFilters
from tasks.web.lists.cost_periods import NAMES, Period
from tasks.web.presenters import cost_names
from tasks.web.presenters.cost_rows import charge_rows
from tasks.web.presenters.cost_series import CostSeries
from tasks.web.presenters.cost_table import CostTable
from tasks.web.presenters.costs import Choice, CostPage
from tasks.web.presenters.missing_prices import missing_prices
from tasks.web.presenters.recalculations import recalculations

LATEST = 5  # recalculations that the page shows


@require_GET
def cost_page(request: HttpRequest) -> HttpResponse:
    """Show a period's costs by one or two things, of the projects whose money one sees."""
    projects = _projects(request)
    filters = CostFilters.read(request.GET, day_of(timezone.now()))
    page = CostPage.read(filters, projects)
    managed = Recalculation.objects.editable_by(request.user).select_related("credential")
    context = {
        **_head(filters),
        "page": page,
        "table": CostTable(page),
        "series": CostSeries(page),
        "part_labels": [cost_names.part_name(page.measure, part) for part in page.measure.parts],
        "by_label": cost_names.DIMENSIONS[filters.by],
        "dimensions": cost_names.DIMENSIONS.items(),
        "recalculations": recalculations(managed[:LATEST]),
        "is_in_a_project": projects is None or bool(projects),
    }
    return render(request, "costs/page.html", context)


@require_GET
def cost_charges(request: HttpRequest) -> HttpResponse:
    """List the charges that a number is made of, and add them up again."""
    projects = _projects(request)
    filters = CostFilters.read(request.GET, day_of(timezone.now()))
    measure, part = listing.measure_of(filters), listing.part_of(filters)
    charges = listing.charges_of(filters, projects)
    number, takes = costs.sum_of_charges(charges, measure, part)
    shown = cost_names.grouped if part == "unknown" else cost_names.number_of(measure)
    page = listing.charge_page(charges, request.GET)
    is_unpriced = part == "unknown" and measure.currency is not None
    managed = Credential.objects.managed_by(request.user)
    context = {
        **_head(filters),
        "sum": number,
        "sum_text": shown(number),
        "part_name": cost_names.part_name(measure, part),
        "takes": takes,
        "page": page,
        "rows": charge_rows(page.charges),
        "older_url": filters.query(before=page.older),
        "missing": missing_prices(listing.missing_prices(charges)) if is_unpriced else [],
        "managed": set(managed.values_list("pk", flat=True)) if is_unpriced else set(),
        "back": filters.query(part=None),
        "newest": filters.query(),
        "now": timezone.now(),
    }
    return render(request, "costs/charges.html", context)


def _projects(request: HttpRequest) -> tuple[int, ...] | None:
    """The projects whose money this person sees, None for all; refuses whoever sees of none."""
    require_details(request.user)
    return Project.objects.ids_detailed_to(request.user)


def _head(filters: CostFilters) -> dict[str, object]:
    """What both pages say of the period and of the conditions."""
    today, period = day_of(timezone.now()), filters.period
    after = period.after
    return {
        "filters": filters,
        "period": period,
        "period_name": cost_names.period_name(period),
        "periods": [_period(filters, name) for name in NAMES],
        "earlier": filters.within(period.before).query(all=None),
        "later": filters.within(after).query(all=None) if after.first <= today else "",
        "chips": listing.chips(filters),
    }


def _period(filters: CostFilters, name: str) -> Choice:
    """A day, week, month or year: the one in which the shown period ends, or today."""
    labels = {"day": _("Day"), "week": _("Week"), "month": _("Month"), "year": _("Year")}
    on = min(filters.period.last, max(filters.period.first, day_of(timezone.now())))
    within = filters.within(Period.named(name, on))
    is_chosen = filters.period.name == name
    return Choice(name=name, label=labels[name], url=within.query(all=None), is_chosen=is_chosen)
