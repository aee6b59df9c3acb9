"""The Costs page: what was spent on what, and the charges that each number is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tasks.billing import costs
from tasks.models import AuditAction, Credential, Profile, Project, Recalculation
from tasks.models.charge import day_of
from tasks.team import preferences
from tasks.team.audit import note
from tasks.team.limits import Limit
from tasks.web.costs import cost_charges as listing
from tasks.web.costs import cost_exports as exports
from tasks.web.costs import cost_names
from tasks.web.costs.cost_differences import DifferencePage
from tasks.web.costs.cost_failures import FailurePage
from tasks.web.costs.cost_filters import CostFilters, projects_seen_by
from tasks.web.costs.cost_periods import NAMES, Period
from tasks.web.costs.cost_rows import charge_rows
from tasks.web.costs.cost_series import CostSeries
from tasks.web.costs.cost_table import CostTable
from tasks.web.costs.costs import Choice, CostPage, charges_url
from tasks.web.costs.missing_prices import missing_prices
from tasks.web.costs.recalculations import recalculations
from tasks.web.limits import limited
from tasks.web.lists import csv_tables

LATEST = 5  # recalculations that the page shows
MOST_STATEMENTS = 50  # projects that the page has links for


@require_GET
def cost_page(request: HttpRequest) -> HttpResponse:
    """Show a period's costs by one or two things, of the projects whose money one sees."""
    projects = projects_seen_by(request.user)
    today = day_of(timezone.now())
    filters = CostFilters.read(request.GET, today)
    page = CostPage.read(filters, projects, today)
    managed = Recalculation.objects.editable_by(request.user).select_related("credential")
    context = {
        **_head(filters),
        "tab": "costs",
        "page": page,
        "table": CostTable(page),
        "series": CostSeries(page),
        "part_labels": [cost_names.part_name(page.measure, part) for part in page.parts],
        "by_label": cost_names.DIMENSIONS[filters.by],
        "dimensions": cost_names.DIMENSIONS.items(),
        "recalculations": recalculations(managed[:LATEST]),
        "statements": _statements(filters, projects),
        "all_takes": charges_url(filters, "takes"),
        "is_in_a_project": projects is None or bool(projects),
    }
    return render(request, "costs/page.html", context)


@require_GET
def cost_failures(request: HttpRequest) -> HttpResponse:
    """Show how takes of a period ended, what failures cost, and how long the others took."""
    projects = projects_seen_by(request.user)
    filters = CostFilters.read(request.GET, day_of(timezone.now()))
    page = FailurePage(filters, filters.span(projects))
    context = {**_head(filters), "tab": "failures", "page": page}
    return render(request, "costs/failures.html", context)


@require_GET
def cost_differences(request: HttpRequest) -> HttpResponse:
    """Show the takes of a period that were billed otherwise than by the documented formula."""
    projects = projects_seen_by(request.user)
    filters = CostFilters.read(request.GET, day_of(timezone.now())).checked_as("")
    page = DifferencePage(filters, filters.span(projects))
    context = {**_head(filters), "tab": "differences", "page": page}
    return render(request, "costs/differences.html", context)


@require_GET
def cost_charges(request: HttpRequest) -> HttpResponse:
    """List the charges that a number is made of, and add them up again."""
    projects = projects_seen_by(request.user)
    filters = CostFilters.read(request.GET, day_of(timezone.now()), of_charges=True)
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
        "counts_takes": measure.name == "takes" and part != "unknown",
        "takes": takes,
        "page": page,
        "rows": charge_rows(page.charges),
        "older_url": filters.query(before=page.older),
        "missing": missing_prices(listing.missing_prices(charges)) if is_unpriced else [],
        "managed": set(managed.values_list("pk", flat=True)) if is_unpriced else set(),
        "columns": _columns(request),
        "back": filters.query(part=None, check=None, doubt=None, token=None),
        "newest": filters.query(),
        "now": timezone.now(),
    }
    return render(request, "costs/charges.html", context)


@require_POST
@limited(Limit.EXPORT)
def export_costs(request: HttpRequest) -> HttpResponseBase:
    """Export the sums of a period as CSV: a row for each group and currency."""
    projects = projects_seen_by(request.user)
    filters = CostFilters.read(request.POST, day_of(timezone.now()))
    names = [name for name in (filters.by, filters.then) if name]
    note(request, AuditAction.EXPORTED, label=_("sums of costs"), **filters.noted)
    rows = exports.sum_rows(filters.span(projects), names)
    return _table(exports.sum_head(names), rows, f"Dailies costs {filters.file_period}.csv")


@require_POST
@limited(Limit.EXPORT)
def export_charges(request: HttpRequest) -> HttpResponseBase:
    """Export takes as CSV, and remember which columns this person wants."""
    projects = projects_seen_by(request.user)
    filters = CostFilters.read(request.POST, day_of(timezone.now()), of_charges=True)
    columns = exports.chosen(request.POST.getlist("column"))
    heads = [column.head for column in columns]
    Profile.objects.remember(request.user, export_columns=",".join(heads))
    note(request, AuditAction.EXPORTED, label=_("takes and their costs"), **filters.noted)
    rows = exports.take_rows(listing.charges_of(filters, projects), columns)
    return _table(heads, rows, f"Dailies takes {filters.file_period}.csv")


def _statements(filters: CostFilters, projects: tuple[int, ...] | None) -> list[dict[str, Any]]:
    """Statements of the month in which the period ends: of the chosen project, or of each."""
    last = min(filters.period.last, day_of(timezone.now()))
    chosen = filters.projects_among(projects)
    rows = Project.objects.all() if chosen is None else Project.objects.filter(pk__in=chosen)
    return [
        {"project": name, "url": reverse("statement", args=[pk, f"{last:%Y-%m}"]), "month": last}
        for pk, name in rows.order_by("name", "pk").values_list("pk", "name")[:MOST_STATEMENTS]
    ]


def _table(head: list[str], rows: Iterable[list[Any]], name: str) -> StreamingHttpResponse:
    pieces = csv_tables.pieces(head, rows)
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _columns(request: HttpRequest) -> list[tuple[exports.Column, bool]]:
    """All columns of an export of takes, and whether this person wanted each the last time."""
    wanted = {each.head for each in exports.chosen(_remembered(request).split(","))}
    return [(column, column.head in wanted) for column in exports.COLUMNS]


def _remembered(request: HttpRequest) -> str:
    return preferences.of(request.user).export_columns


def _head(filters: CostFilters) -> dict[str, object]:
    """The context that all pages share: the period and the conditions."""
    today, period = day_of(timezone.now()), filters.period
    after = period.after
    return {
        "filters": filters,
        "tab_query": filters.query(all=None, part=None, check=None, doubt=None),
        "period": period,
        "period_name": cost_names.period_name(period),
        "periods": [_period(filters, name) for name in NAMES],
        "earlier": filters.within(period.before).query(all=None),
        "later": filters.within(after).query(all=None) if after.first <= today else "",
        "chips": listing.chips(filters),
    }


def _period(filters: CostFilters, name: str) -> Choice:
    """A day, week, month or year: the one in which the shown period ends, or today."""
    on = min(filters.period.last, max(filters.period.first, day_of(timezone.now())))
    within = filters.within(Period.named(name, on))
    is_chosen = filters.period.name == name
    return Choice(
        name=name,
        label=str(cost_names.PERIODS[name]),
        url=within.query(all=None),
        is_chosen=is_chosen,
    )
