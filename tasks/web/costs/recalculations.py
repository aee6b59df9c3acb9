"""Recalculations as pages show them: what past takes came to, and what they come to now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks.billing.amounts import money
from tasks.models import Recalculation
from tasks.web.costs.cost_names import grouped, names_of


@dataclass(frozen=True, kw_only=True)
class RecalculationRow:
    """A recalculation in words."""

    row: Recalculation
    model: str
    person: str
    before: str
    after: str


def recalculations(rows: Iterable[Recalculation]) -> list[RecalculationRow]:
    """The rows with the names of people and models. Two queries at most."""
    rows = list(rows)
    people = names_of("person", {row.person for row in rows}) if rows else str
    model = names_of("model", ())
    return [
        RecalculationRow(
            row=row,
            model=model(row.model),
            person=people(row.person),
            before=_sums(row.before),
            after=_sums(row.after),
        )
        for row in rows
    ]


def _sums(found: Mapping[str, tuple[int, int]]) -> str:
    """The sums in words: ¥12.00, 3 takes without a price."""
    words = [
        money(micros, currency) for currency, (_n, micros) in sorted(found.items()) if currency
    ]
    if unpriced := found.get("", (0, 0))[0]:
        sentence = ngettext(
            "%(number)s take without a price", "%(number)s takes without a price", unpriced
        )
        words.append(sentence % {"number": grouped(unpriced)})
    return ", ".join(words) or _("nothing")
