"""The page of takes whose bill differs from the documented formula, by credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tasks.billing import amounts, differences
from tasks.billing.costs import Span
from tasks.billing.differences import Differing
from tasks.models import TokenCheck
from tasks.web.costs import cost_names
from tasks.web.costs.cost_filters import CostFilters
from tasks.web.costs.costs import Cell, charges_url
from tasks.web.presenters.token_checks import DOUBTS

BOTH = (TokenCheck.MORE, TokenCheck.LESS)


@dataclass(frozen=True, kw_only=True)
class DifferencePart:
    """Takes that were billed more, or less, in words; their number leads to them."""

    takes: Cell
    tokens: str
    money: str
    units: str  # of the gateway; "–" where it named none


@dataclass(frozen=True, kw_only=True)
class DifferenceRow:
    """A credential with its differing takes."""

    label: str
    more: DifferencePart
    less: DifferencePart


@dataclass
class DifferencePage:
    """The page's contents: two queries, and one for the names of credentials."""

    filters: CostFilters
    span: Span

    @cached_property
    def found(self) -> dict[int, dict[str, Differing]]:
        return differences.differing(self.span)

    @property
    def rows(self) -> list[DifferenceRow]:
        """The credentials with a differing take, the most tokens billed beyond first."""
        named = cost_names.names_of("credential", self.found)
        return [
            DifferenceRow(
                label=named(account),
                more=self._part(TokenCheck.MORE, self._of(account, TokenCheck.MORE), account),
                less=self._part(TokenCheck.LESS, self._of(account, TokenCheck.LESS), account),
            )
            for account in sorted(self.found, key=self._rank)
        ]

    def _rank(self, account: int) -> tuple[int, int]:
        more, less = (self._of(account, check).tokens for check in BOTH)
        return -more, -less

    def _of(self, account: int, check: TokenCheck) -> Differing:
        return self.found[account].get(check, Differing())

    @property
    def more(self) -> DifferencePart:
        return self._whole(TokenCheck.MORE)

    @property
    def less(self) -> DifferencePart:
        return self._whole(TokenCheck.LESS)

    def _whole(self, check: TokenCheck) -> DifferencePart:
        return self._part(check, differences.added(self._of(each, check) for each in self.found))

    def _part(
        self, check: TokenCheck, found: Differing, account: int | None = None
    ) -> DifferencePart:
        filters = self.filters if account is None else self.filters.only(credential=account)
        return DifferencePart(
            takes=_cell(check, found.takes, filters),
            tokens=cost_names.grouped(found.tokens) if found.tokens else "–",
            money=_money(found.money),
            units=cost_names.grouped(found.units) if found.units else "–",
        )

    @cached_property
    def _compared(self) -> tuple[dict[str, int], dict[str, int]]:
        return differences.compared(self.span)

    @property
    def equal(self) -> Cell:
        return _cell(TokenCheck.EQUAL, self._compared[0].get(TokenCheck.EQUAL, 0), self.filters)

    @property
    def unknown(self) -> Cell:
        return _cell(TokenCheck.UNKNOWN, self._compared[0].get(TokenCheck.UNKNOWN, 0), self.filters)

    @property
    def is_empty(self) -> bool:
        return not self._compared[0]

    @property
    def doubts(self) -> list[tuple[str, Cell]]:
        """Reasons why takes could not be compared, those of the most takes first."""
        ranked = sorted(self._compared[1].items(), key=lambda item: (-item[1], item[0]))
        return [
            (str(DOUBTS[doubt]), _cell(TokenCheck.UNKNOWN, takes, self.filters, doubt))
            for doubt, takes in ranked
        ]


def _cell(check: TokenCheck, number: int, filters: CostFilters, doubt: str = "") -> Cell:
    url = charges_url(filters.checked_as(check, doubt), "takes")
    return Cell(part=check.value, text=cost_names.grouped(number), value=number, url=url)


def _money(found: Mapping[str, int]) -> str:
    """Sums of each currency beside each other, "–" without any."""
    return (
        ", ".join(amounts.money(each, currency) for currency, each in sorted(found.items())) or "–"
    )
