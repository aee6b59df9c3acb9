"""The state of the Costs page in its address: period, measure, grouping and filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from tasks.billing.costs import (
    COLUMNS,
    DIMENSIONS,
    PARTS,
    SECONDS,
    TAKES,
    TOKENS,
    Measure,
    Span,
    money_in,
)
from tasks.models import Currency, Outcome, Project, TokenCheck
from tasks.models.access import require_details
from tasks.providers.catalog.token_formula import Doubt
from tasks.providers.numbers import whole_number
from tasks.web.costs.cost_periods import EARLIEST, LATEST, NAMES, Period
from tasks.web.lists.days import read_day

WHOLE = ("project", "person", "credential", "batch")
LONGEST_WORD = 60
NOT = "not_"  # before a filter's name: what is left out
MOST_EXCLUDED = 20
NOTHING = "-"  # in an address: what has no model, no mode, no resolution
USUAL = "project"


@dataclass(frozen=True, kw_only=True)
class CostFilters:
    """The state of the page, as its address has it; unreadable values count as absent."""

    period: Period
    measure: str = ""  # "": the currency with the most money, else tokens
    by: str = USUAL
    then: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    excluded: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    part: str = ""  # of a list of charges
    check: str = ""  # of a list of charges: how their tokens compare
    doubt: str = ""  # of a list of charges: why their tokens cannot be compared
    token: int | None = None  # of the API; sums know none, so only lists of charges have it
    shows_all: bool = False

    @classmethod
    def read(cls, query: QueryDict, today: date, *, of_charges: bool = False) -> CostFilters:
        by, then = query.get("by", ""), query.get("then", "")
        by = by if by in DIMENSIONS else USUAL
        measure, part = query.get("measure", ""), query.get("part", "")
        check, doubt = query.get("check", ""), query.get("doubt", "")
        found = {name: _value(name, query.get(name, "")) for name in COLUMNS if name in query}
        return cls(
            period=_period(query, today),
            measure=measure if measure in MEASURES else "",
            by=by,
            then=then if then in DIMENSIONS and then != by else "",
            where={name: value for name, value in found.items() if value is not None},
            excluded=_excluded(query),
            part=part if part in PARTS else "",
            check=check if check in TokenCheck.values else "",
            doubt=doubt if check == TokenCheck.UNKNOWN and doubt in list(Doubt) else "",
            token=whole_number(query.get("token", "")) if of_charges else None,
            shows_all=query.get("all") == "1",
        )

    def span(self, projects: tuple[int, ...] | None) -> Span:
        """The days and conditions, limited to the projects whose money this person sees."""
        return Span(
            first=self.period.first,
            last=self.period.last,
            projects=projects,
            where=self.where,
            excluded=self.excluded,
        )

    def projects_among(self, seen: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """The projects that are asked for among those that a person sees; None for all."""
        chosen = self.where.get("project")
        if chosen is None:
            return seen
        return (chosen,) if seen is None or chosen in seen else ()

    @property
    def file_period(self) -> str:
        """The period as it stands in the names of files."""
        return f"{self.period.first:%Y-%m-%d} {self.period.last:%Y-%m-%d}"

    @property
    def noted(self) -> dict[str, Any]:
        """The filters as the audit keeps them."""
        return {**dict(self.pairs()), "since": self.period.first, "until": self.period.last}

    def pairs(self) -> list[tuple[str, str]]:
        pairs = [("measure", self.measure), ("by", self.by), ("then", self.then)]
        if self.period.name:
            pairs += [("period", self.period.name), ("on", self.period.first.isoformat())]
        else:
            pairs += [("since", self.period.first.isoformat())]
            pairs += [("until", self.period.last.isoformat())]
        pairs += [(name, _word(value)) for name, value in self.where.items()]
        for name, values in self.excluded.items():
            pairs += [(f"{NOT}{name}", _word(value)) for value in values]
        pairs += [
            ("part", self.part),
            ("check", self.check),
            ("doubt", self.doubt),
            ("token", str(self.token or "")),
            ("all", "1" if self.shows_all else ""),
        ]
        return [(name, value) for name, value in pairs if value]

    def query(self, **more: object) -> str:
        """The address's query; `more` replaces what is there, None takes it away."""
        kept = [(name, value) for name, value in self.pairs() if name not in more]
        added = [(name, str(value)) for name, value in more.items() if value is not None]
        return f"?{urlencode([*kept, *added])}"

    def within(self, period: Period) -> CostFilters:
        return replace(self, period=period)

    def only(self, **where: Any) -> CostFilters:
        return replace(self, where={**self.where, **where})

    def but(self, name: str, values: Iterable[Any]) -> CostFilters:
        """The filters without these values of a thing."""
        return replace(self, excluded={**self.excluded, name: tuple(values)})

    def checked_as(self, check: str, doubt: str = "") -> CostFilters:
        """The filters of a list of charges whose tokens compare so, for this reason; "" for any."""
        return replace(self, check=check, doubt=doubt)

    def without(self, name: str) -> CostFilters:
        where = {key: value for key, value in self.where.items() if key != name}
        excluded = {key: value for key, value in self.excluded.items() if key != name}
        return replace(self, where=where, excluded=excluded)


MEASURES: dict[str, Measure] = {
    "tokens": TOKENS,
    "takes": TAKES,
    "seconds": SECONDS,
    **{currency: money_in(currency) for currency in Currency.values},
}


def projects_seen_by(person: Any) -> tuple[int, ...] | None:
    """Projects whose money this person sees, None for all; refuses whoever sees of none."""
    require_details(person)
    return Project.objects.ids_detailed_to(person)


def _excluded(query: QueryDict) -> dict[str, tuple[Any, ...]]:
    found = {}
    for name in COLUMNS:
        texts = query.getlist(f"{NOT}{name}")[:MOST_EXCLUDED]
        values = tuple(v for v in (_value(name, text) for text in texts) if v is not None)
        if values:
            found[name] = values
    return found


def _period(query: QueryDict, today: date) -> Period:
    """The period; this month where the address names none that can be read."""
    since, until = _day(query, "since"), _day(query, "until")
    if since or until:
        return Period.between(since or until or today, until or today)
    name = query.get("period", "")
    return Period.named(name if name in NAMES else "month", _day(query, "on") or today)


def _day(query: QueryDict, name: str) -> date | None:
    day = read_day(query.get(name, ""))
    return day if day and EARLIEST <= day <= LATEST else None


def _value(name: str, text: str) -> Any:
    """The value that a filter compares with; None if the text is none."""
    if not text:
        return None
    if name in WHOLE:
        return whole_number(text)
    if name == "outcome":
        return text if text in Outcome.values else None
    if len(text) > LONGEST_WORD:
        return None
    return "" if text == NOTHING else text


def _word(value: Any) -> str:
    return NOTHING if value == "" else str(value)
