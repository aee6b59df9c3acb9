"""A month of one project as a statement: sums by currency, apart by what is known of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from tasks.billing import amounts, cost_totals, costs
from tasks.billing.costs import TAKES, Span
from tasks.models import Project
from tasks.models.cost_sum import MEASURES
from tasks.web.costs.cost_names import grouped, names_of
from tasks.web.costs.cost_periods import EARLIEST, Period
from tasks.web.costs.cost_rows import ChargeRow, charge_rows

MOST_TAKES = 1_000  # of a statement that lists them; an export has them all
KINDS = ("billed", "reserved", "estimated")
_MONEY = {"billed": "micros", "reserved": "reserved_micros", "estimated": "estimated_micros"}
_TOKENS = {"billed": "tokens", "reserved": "reserved_tokens", "estimated": "estimated_tokens"}
_MONTH = re.compile(r"(20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)


def read_month(text: str, today: date) -> Period | None:
    """The month `2026-11`; None for anything else, and for a month that has not begun."""
    if not _MONTH.fullmatch(text):
        return None
    first = date.fromisoformat(f"{text}-01")
    return Period.named("month", first) if EARLIEST <= first <= today else None


@dataclass(frozen=True, kw_only=True)
class Line:
    """Sums of takes that have a currency and a name in common, as numbers and as they are read."""

    name: str
    detail: str = ""
    currency: str
    sums: dict[str, int]

    @property
    def takes(self) -> str:
        return grouped(self.sums["takes"])

    @property
    def seconds(self) -> str:
        return grouped(self.sums["seconds"])

    @property
    def tokens(self) -> str:
        return grouped(self.sums["tokens"])

    @property
    def unpriced(self) -> int:
        return self.sums["unpriced_takes"]

    def money(self, kind: str) -> str:
        """The money of one kind; a dash where there is none, or no currency."""
        micros = self.sums[_MONEY[kind]]
        return amounts.money(micros, self.currency) if micros and self.currency else "–"

    @property
    def billed(self) -> str:
        return self.money("billed")

    @property
    def reserved(self) -> str:
        return self.money("reserved")

    @property
    def estimated(self) -> str:
        return self.money("estimated")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Sums in one currency, by model and resolution; "" has what is free or unpriced."""

    currency: str
    lines: Sequence[Line]

    @property
    def title(self) -> str:
        return self.currency or _("Free or without a price")

    @property
    def total(self) -> Line:
        sums = {name: sum(line.sums[name] for line in self.lines) for name in MEASURES}
        return Line(name=_("Total"), currency=self.currency, sums=sums)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One kind of sums over the whole month: money by currency, and tokens."""

    kind: str
    label: str
    meaning: str
    money: Sequence[tuple[str, str]]  # currency, and the sum as it is read
    tokens: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The statement of one project for one month."""

    project: Project
    period: Period
    accounts: Sequence[Account]
    people: Sequence[Line]
    takes: Sequence[ChargeRow]

    @classmethod
    def read(
        cls, project: Project, period: Period, *, has_people: bool, has_takes: bool
    ) -> Statement:
        span = Span(first=period.first, last=period.last, projects=(project.pk,))
        return cls(
            project=project,
            period=period,
            accounts=_accounts(span),
            people=_people(span) if has_people else (),
            takes=_takes(span) if has_takes else (),
        )

    @property
    def priced(self) -> list[Account]:
        return [each for each in self.accounts if each.currency]

    @property
    def sums(self) -> dict[str, int]:
        """All sums but those of money, which are not added up over currencies."""
        totals = [account.total.sums for account in self.accounts]
        return {
            name: sum(each[name] for each in totals) for name in MEASURES if "micros" not in name
        }

    @property
    def summary(self) -> list[Summary]:
        """The billed sums, and the other kinds that have anything in them."""
        found = []
        for kind, (label, meaning) in _words().items():
            money = [account.total.sums[_MONEY[kind]] for account in self.priced]
            tokens = self.sums[_TOKENS[kind]]
            if kind == "billed" or any([*money, tokens]):
                texts = [(each.currency, each.total.money(kind)) for each in self.priced]
                summary = Summary(
                    kind=kind, label=label, meaning=meaning, money=texts, tokens=grouped(tokens)
                )
                found.append(summary)
        return found

    @property
    def hidden_takes(self) -> int:
        return max(0, self.sums["takes"] - len(self.takes)) if self.takes else 0


def _words() -> dict[str, tuple[str, str]]:
    return {
        "billed": (_("Billed"), _("as the provider billed them")),
        "reserved": (_("Reserved"), _("for takes that aren't finished: the most they may cost")),
        "estimated": (_("Estimated"), _("for finished takes that the provider didn't count")),
    }


def _accounts(span: Span) -> list[Account]:
    """The accounts, those with a currency first; one query."""
    model_name = names_of("model", ())
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    for (model, resolution), currency, sums in cost_totals.all_sums(span, ("model", "resolution")):
        known = dict(zip(MEASURES, sums, strict=True))
        line = Line(name=model_name(model), detail=resolution, currency=currency, sums=known)
        lines[currency].append(line)
    return [
        Account(currency=currency, lines=sorted(lines[currency], key=_most_first))
        for currency in sorted(lines, key=lambda each: (not each, each))
    ]


def _people(span: Span) -> list[Line]:
    """The sums of each person's takes, by currency; two queries."""
    found = list(cost_totals.all_sums(span, ("person",)))
    person_name = names_of("person", {person for (person,), _currency, _sums in found})
    lines = [
        Line(
            name=person_name(person),
            currency=currency,
            sums=dict(zip(MEASURES, sums, strict=True)),
        )
        for (person,), currency, sums in found
    ]
    return sorted(lines, key=lambda line: (line.name, not line.currency, line.currency))


def _most_first(line: Line) -> tuple[Any, ...]:
    return (-line.sums["micros"], -line.sums["tokens"], line.name, line.detail)


def _takes(span: Span) -> list[ChargeRow]:
    """The takes from the first on; two queries."""
    charges = costs.charges_of(span, TAKES, "billed").select_related("task")
    light = charges.defer("task__raw", "task__search_text", "task__revised_prompt")
    return charge_rows(light.order_by("day", "id")[:MOST_TAKES])
