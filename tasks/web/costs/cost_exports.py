"""Costs as tables, for CSV and Excel: a row a take with the chosen columns, a row a group of sums.

Heads are the same in every language, for whoever reads them with a script. Nothing is kept in
memory but a portion of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tasks.billing import cost_totals, costs
from tasks.billing.costs import Span
from tasks.models import Charge, ChargeState, Credential, Export, Outcome, Project
from tasks.models.charge import day_of
from tasks.models.cost_sum import MEASURES
from tasks.web.costs import cost_names
from tasks.web.costs.cost_charges import portions
from tasks.web.costs.cost_filters import CostFilters

#: Where a charge's tokens and money belong, by its state and whether it is open.
BILLED, RESERVED, ESTIMATED = "billed", "reserved", "estimated"


@cache  # the same few, six times a row
def kind_of(state: str, outcome: str) -> str:
    """Whether a charge was billed, is reserved, is only estimated, or "free"."""
    if state != ChargeState.RESERVED:
        return state
    return RESERVED if outcome == Outcome.OPEN else ESTIMATED


def money(micros: int | None, currency: str) -> str:
    """Money in its currency with all its digits, "" without a price."""
    return f"{Decimal(micros or 0) / 1_000_000:f}" if currency else ""


def _time(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _yes(value: bool | None) -> str:
    return "" if value is None else ("yes" if value else "no")


def _tokens_of(kind: str) -> Callable[..., Any]:
    def tokens(number: int, is_counted: bool, state: str, outcome: str) -> Any:
        found = kind_of(state, outcome)
        if found == BILLED and not is_counted:
            found = ESTIMATED
        return number if found == kind else ""

    return tokens


def _money_of(kind: str) -> Callable[..., str]:
    def amount(micros: int, currency: str, state: str, outcome: str) -> str:
        return money(micros, currency) if kind_of(state, outcome) == kind else ""

    return amount


@dataclass(frozen=True)
class Column:
    """A column of the table of takes: its head, its label, and how it is read from a charge."""

    head: str
    label: Any
    fields: Sequence[str]
    cell: Callable[..., Any] | None = None  # None: the field as it is


_TOKENS = ("tokens", "is_counted", "state", "outcome")
_MONEY = ("micros", "currency", "state", "outcome")
COLUMNS = (
    Column("charge", _("charge's id"), ["pk"]),
    Column("day", _("day"), ["day"]),
    Column("asked for", _("asked for"), ["placed_at"], _time),
    Column("project", _("project"), ["project_id"]),
    Column("person", _("person"), ["person"]),
    Column("API token", _("API token"), ["api_token"]),
    Column("provider", _("provider"), ["provider"]),
    Column("credential", _("credential"), ["credential_id"]),
    Column("batch", _("batch"), ["batch"]),
    Column("model", _("model"), ["model"]),
    Column("resolution", _("resolution"), ["resolution"]),
    Column("mode", _("mode"), ["mode"]),
    Column("with video", _("video given"), ["with_video"], _yes),
    Column("with audio", _("sound"), ["with_audio"], _yes),
    Column("flex", _("flex"), ["is_flex"], _yes),
    Column("outcome", _("outcome"), ["outcome"]),
    Column("error code", _("error code"), ["error_code"]),
    Column("tokens billed", _("tokens billed"), _TOKENS, _tokens_of(BILLED)),
    Column("tokens reserved", _("tokens reserved"), _TOKENS, _tokens_of(RESERVED)),
    Column("tokens estimated", _("tokens estimated"), _TOKENS, _tokens_of(ESTIMATED)),
    Column("tokens by formula", _("tokens by the formula"), ["formula_tokens"]),
    Column("tokens compared", _("tokens compared"), ["token_check"]),
    Column("tokens beyond formula", _("tokens beyond the formula"), ["token_difference"]),
    Column("not compared because", _("not compared because"), ["token_doubt"]),
    Column("currency", _("currency"), ["currency"]),
    Column("money billed", _("money billed"), _MONEY, _money_of(BILLED)),
    Column("money reserved", _("money reserved"), _MONEY, _money_of(RESERVED)),
    Column("money estimated", _("money estimated"), _MONEY, _money_of(ESTIMATED)),
    Column("seconds made", _("seconds made"), ["made_seconds"]),
    Column("seconds queued", _("seconds until it ran"), ["queue_seconds"]),
    Column("seconds until ended", _("seconds until it ended"), ["finish_seconds"]),
    Column("task", _("task's number"), ["task_id"]),
    Column("task id", _("task id"), ["task__remote_id"]),
    Column("status", _("status"), ["task__status"]),
    Column("deleted", _("deleted"), ["task_id", "task__deleted_at"],
           lambda pk, deleted_at: _yes(pk is None or deleted_at is not None)),
    Column("prompt", _("prompt"), ["task__prompt"]),
    Column("ratio", _("ratio"), ["task__ratio"]),
    Column("seconds", _("duration"), ["task__duration"]),
    Column("frames", _("frames"), ["task__frames"]),
    Column("seed", _("seed"), ["task__seed"]),
    Column("created there", _("created there"), ["task__remote_created_at"], _time),
    Column("ended", _("ended"), ["task__ended_at"], _time),
    Column("quota units", _("gateway's quota units"), ["task__quota"]),
)  # fmt: skip
HEADS = [column.head for column in COLUMNS]


def chosen(heads: Iterable[str]) -> list[Column]:
    """The columns with these heads, in their usual order; all of them without any."""
    wanted = set(heads)
    return [column for column in COLUMNS if column.head in wanted] or list(COLUMNS)


def filters_of(export: Export) -> CostFilters:
    """The filters of the page from which an export was asked for."""
    return CostFilters.read(QueryDict(export.query), day_of(export.asked_at))


def take_rows(charges: QuerySet[Charge], columns: Sequence[Column]) -> Iterator[list[Any]]:
    """A row of cells for each charge, the newest first."""
    fields = ["day", "pk", *dict.fromkeys(name for column in columns for name in column.fields)]
    places = {name: place for place, name in reversed(list(enumerate(fields)))}
    names = _Names()
    first = [places[column.fields[0]] for column in columns]
    made = []  # the cells that are not a field as it is
    for place, column in enumerate(columns):
        if cell := names.of(column.head) or column.cell:
            made.append((place, _reader(cell, [places[name] for name in column.fields])))
    for portion in portions(charges.values_list(*fields)):
        for row in portion:
            cells = [row[at] for at in first]
            for place, read in made:
                cells[place] = read(row)
            yield cells


def _reader(cell: Callable[..., Any], at: Sequence[int]) -> Callable[[Any], Any]:
    """A function that makes a cell of the values at these places of a row."""
    if len(at) == 1:
        [only] = at
        return lambda row: cell(row[only])
    values = itemgetter(*at)
    return lambda row: cell(*values(row))


class _Names:
    """Names of projects, credentials and people, each looked up once."""

    def of(self, head: str) -> Callable[[Any], str] | None:
        if head in ("project", "credential"):
            table = Project if head == "project" else Credential
            return _Known(table._default_manager.values_list("pk", "name")).__getitem__
        if head == "API token":
            return cost_names.tokens()
        if head == "person":
            return _Known(cost_names.people()).__getitem__
        return None


class _Known(dict[Any, str]):
    """Names by number; the number of what has no name any more, "" for nothing and nobody."""

    def __missing__(self, pk: int | None) -> str:
        return f"#{pk}" if pk else ""


SUM_HEADS = [name.replace("micros", "money").replace("_", " ") for name in MEASURES]


def sum_head(names: Sequence[str]) -> list[str]:
    return [*names, "currency", *SUM_HEADS]


def sum_rows(span: Span, names: Sequence[str]) -> Iterator[list[Any]]:
    """A row of cells for each group and currency, with all that is measured."""
    named: dict[str, Callable[[Any], str]] = {}
    for name in names:
        of_all = _Names().of(name)
        named[name] = of_all or (str if name in ("batch", *costs.TIMES) else lambda value: value)
    for key, currency, sums in cost_totals.all_sums(span, names):
        cells = [
            money(value, currency) if "micros" in name else value
            for name, value in zip(MEASURES, sums, strict=True)
        ]
        yield [*(named[n](value) for n, value in zip(names, key, strict=True)), currency, *cells]
