"""Names of what costs are grouped by, and numbers of a measure in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from tasks.billing import amounts
from tasks.billing.costs import Measure
from tasks.models import ApiToken, Credential, Outcome, Project
from tasks.models.charge import NOBODY
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import Mode
from tasks.web.compose.labels import MODES
from tasks.web.costs.cost_periods import Period
from tasks.web.presenters.facts import grouped, provider_label

PERIODS: dict[str, Any] = {
    "day": pgettext_lazy("period", "Day"),
    "week": pgettext_lazy("period", "Week"),
    "month": pgettext_lazy("period", "Month"),
    "year": pgettext_lazy("period", "Year"),
}
#: The things that costs are grouped by, as one picks them.
DIMENSIONS: dict[str, Any] = {
    "project": gettext_lazy("Project"),
    "person": gettext_lazy("Person"),
    "model": gettext_lazy("Model"),
    "provider": gettext_lazy("Provider"),
    "credential": gettext_lazy("Credential"),
    "resolution": gettext_lazy("Resolution"),
    "mode": gettext_lazy("Mode"),
    "outcome": gettext_lazy("Outcome"),
    "batch": gettext_lazy("Batch"),
    **{name: label for name, label in PERIODS.items() if name != "year"},
}
MEASURES: dict[str, Any] = {
    "tokens": gettext_lazy("Tokens"),
    "takes": gettext_lazy("Takes"),
    "seconds": gettext_lazy("Seconds made"),
}


def tokens(values: Iterable[int | None] | None = None) -> Callable[[int | None], str]:
    """A function that names tokens of the API by id, "" for none. One query; all without values."""
    rows = ApiToken.objects.all()
    if values is not None:
        wanted = {value for value in values if value}
        rows = rows.filter(pk__in=wanted) if wanted else rows.none()
    found = dict(rows.values_list("pk", "name"))
    return lambda pk: found.get(pk, _("Removed")) if pk else ""


def names_of(dimension: str, values: Iterable[Any]) -> Callable[[Any], str]:
    """A function that names values of a dimension. One query at most."""
    if dimension in ("project", "credential"):
        table = Project if dimension == "project" else Credential
        found = dict(table._default_manager.filter(pk__in=set(values)).values_list("pk", "name"))
        return lambda value: found.get(value, _("Removed"))
    if dimension == "person":
        return _people(values)
    return _NAMES.get(dimension, str)


def _people(values: Iterable[Any]) -> Callable[[Any], str]:
    found = {NOBODY: _("No submitter"), **people(set(values))}
    return lambda value: found.get(value, _("Removed"))


def people(only: Collection[int] | None = None) -> dict[int, str]:
    """Names of people by their ids: of these, or of all."""
    rows = get_user_model().objects.only("username", "first_name", "last_name")
    rows = rows if only is None else rows.filter(pk__in=only)
    return {each.pk: each.get_full_name() or each.get_username() for each in rows}


def _model(value: str) -> str:
    known = find_model(value)
    return known.label if known else value or _("Unknown")


def _mode(value: str) -> str:
    return str(MODES[Mode(value)]) if value in list(Mode) else value or _("Created elsewhere")


def _week(first: date) -> str:
    return _("Week of %(day)s") % {"day": day_name(first)}


def day_name(day: date) -> str:
    return date_format(day, pgettext("date format", "M j"))


def month_name(day: date) -> str:
    return date_format(day, "YEAR_MONTH_FORMAT")


_NAMES: dict[str, Callable[[Any], str]] = {
    "model": _model,
    "mode": _mode,
    "provider": lambda value: str(provider_label(value)) if value else _("Unknown"),
    "resolution": lambda value: value or _("Unknown"),
    "outcome": lambda value: str(Outcome(value).label),
    "batch": lambda value: _("Batch %(number)s") % {"number": value},
    "day": day_name,
    "week": _week,
    "month": month_name,
}


def period_name(period: Period) -> str:
    """The period in words: 12 November 2026, November 2026, 2026, or its first and last day."""
    if period.name == "month":
        return month_name(period.first)
    if period.name == "year":
        return str(period.first.year)
    if period.first == period.last:
        return date_format(period.first)
    return _("%(first)s to %(last)s") % {
        "first": date_format(period.first),
        "last": date_format(period.last),
    }


def part_name(measure: Measure, part: str) -> str:
    """The part of a measure as a head of a column names it."""
    if part == "unknown":
        of_tokens, of_seconds = _("Not counted"), _("Unknown length")
        return {"tokens": of_tokens, "seconds": of_seconds}.get(measure.name, _("No price"))
    if part == "billed" and measure.name in ("takes", "seconds"):
        return str(MEASURES[measure.name])
    return str(PARTS[part])


PARTS = {
    "billed": gettext_lazy("Billed"),
    "reserved": gettext_lazy("Reserved"),
    "estimated": gettext_lazy("Estimated"),
}


def number_of(measure: Measure) -> Callable[[int], str]:
    """A function that writes a number of this measure as it is read in a table."""
    currency = measure.currency
    if currency is not None:
        return lambda number: amounts.money(number, currency)
    if measure.name == "seconds":
        return lambda number: _("%(number)s s") % {"number": grouped(number)}
    return grouped


def short_of(measure: Measure) -> Callable[[int], str]:
    """A function that writes a number of this measure as briefly as an axis needs it."""
    if measure.currency is None:
        return compact
    sign = amounts.SIGNS.get(measure.currency, f"{measure.currency} ")
    return lambda number: f"{sign}{compact(number / 1_000_000)}"


def compact(number: float) -> str:
    """The number with three digits: 950, 1.2k, 34.5M."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"
