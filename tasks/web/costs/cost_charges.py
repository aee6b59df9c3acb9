"""The list of charges that a number of the Costs page is made of, paged by day and id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from tasks.billing import costs
from tasks.billing.costs import Measure
from tasks.models import Charge, TokenCheck
from tasks.models.charge import ChargeQuerySet
from tasks.models.cost_sum import IS_UNPRICED
from tasks.providers.numbers import whole_number
from tasks.web.costs import cost_names
from tasks.web.costs.cost_filters import MEASURES, CostFilters
from tasks.web.lists.days import read_day
from tasks.web.lists.filter_choices import Chip
from tasks.web.presenters.token_checks import DOUBTS

ROWS = 100
PORTION = 2_000  # rows of an export that are in memory at once
MOST_MISSING = 20  # prices that are missing, of those with the most takes


@dataclass(frozen=True)
class ChargePage:
    """A page of charges, the newest first; `older` is the ?before= of the page that follows."""

    charges: list[Charge]
    is_first: bool
    older: str | None


def measure_of(filters: CostFilters) -> Measure:
    return MEASURES[filters.measure or "takes"]


def part_of(filters: CostFilters) -> str:
    """The part that is asked for, where the measure has it."""
    parts = measure_of(filters).parts
    return filters.part if filters.part in parts else parts[0]


def charges_of(filters: CostFilters, projects: tuple[int, ...] | None) -> ChargeQuerySet:
    found = costs.charges_of(filters.span(projects), measure_of(filters), part_of(filters))
    found = found.checked_as(filters.check) if filters.check else found
    found = found.filter(token_doubt=filters.doubt) if filters.doubt else found
    return found.filter(api_token=filters.token) if filters.token else found


def charge_page(charges: QuerySet[Charge], query: QueryDict) -> ChargePage:
    """The newest charges, or those just older than ?before=, with all that a row shows."""
    key = _read_key(query.get("before", ""))
    rows = charges.select_related("task", "project", "credential").defer(
        "task__raw", "task__search_text", "task__revised_prompt"
    )
    rows = rows.filter(_older_than(*key)) if key else rows
    found = list(rows.order_by("-day", "-id")[: ROWS + 1])
    older = _key(found[ROWS - 1]) if len(found) > ROWS else None
    return ChargePage(found[:ROWS], key is None, older)


def portions(rows: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    """All rows of a `values_list` that begins with day and id, the newest first, in portions.

    No statement waits for a slow reader.
    """
    portion = list(rows.order_by("-day", "-id")[:PORTION])
    while portion:
        yield portion
        older = rows.filter(_older_than(*portion[-1][:2]))
        portion = list(older.order_by("-day", "-id")[:PORTION])


def _older_than(day: date, pk: int) -> Q:
    return Q(day__lte=day) & (Q(day__lt=day) | Q(pk__lt=pk))


def _key(charge: Charge) -> str:
    return f"{charge.day.isoformat()}.{charge.pk}"


def _read_key(text: str) -> tuple[date, int] | None:
    day, _dot, pk = text.partition(".")
    found, number = read_day(day), whole_number(pk)
    return (found, number) if found and number is not None else None


def missing_prices(charges: QuerySet[Charge]) -> list[dict[str, Any]]:
    """The tariffs of credentials that have no price, those of the most takes first. One query."""
    tariff = ("credential", "credential__name", "model", "tier", "with_video", "with_audio")
    rows = charges.filter(IS_UNPRICED, credential__isnull=False, provider_micros=None)
    found = rows.order_by().values(*tariff).annotate(takes=Count("pk"), since=Min("day"))
    return list(found.order_by("-takes", *tariff)[:MOST_MISSING])


def chips(filters: CostFilters) -> list[Chip]:
    """The conditions of the address, each with the address without it."""
    found = []
    for name, values in _conditions(filters).items():
        named = cost_names.names_of(name, values)
        words = ", ".join(map(named, values))
        if name not in filters.where:
            words = _("not %(what)s") % {"what": words}
        label = str(cost_names.DIMENSIONS[name])
        found.append(Chip(label, words, filters.without(name).query()))
    if filters.check:
        words = str(TokenCheck(filters.check).label)
        found.append(Chip(_("Against the formula"), words, filters.checked_as("").query()))
    if filters.doubt:
        words = str(DOUBTS[filters.doubt])
        found.append(Chip(_("Reason"), words, filters.checked_as(filters.check).query()))
    if filters.token:
        words = cost_names.tokens([filters.token])(filters.token)
        found.append(Chip(_("API token"), words, filters.query(token=None)))
    return found


def _conditions(filters: CostFilters) -> dict[str, tuple[Any, ...]]:
    chosen = {name: (value,) for name, value in filters.where.items()}
    return {**filters.excluded, **chosen}
