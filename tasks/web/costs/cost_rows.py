"""Charges as a list and an export show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from tasks.billing import amounts
from tasks.models import Charge, ChargeState, Outcome
from tasks.providers.status import Status
from tasks.web.costs.cost_names import grouped, names_of
from tasks.web.costs.cost_names import tokens as named_tokens
from tasks.web.presenters import token_checks
from tasks.web.presenters.badges import STATUS_BADGES, Badge


@dataclass(frozen=True, kw_only=True)
class ChargeRow:
    """A charge in words."""

    charge: Charge
    title: str
    url: str  # "" where the task cannot be opened any more
    at: datetime | None
    person: str
    token: str  # with which it was asked for; "" on a page
    model: str
    mode: str
    outcome: str
    badge: Badge
    tokens: str
    money: str
    kind: str  # of the money: reserved, estimated, or "" if it was billed
    formula: str  # the tokens by the formula; "" where it gives none
    difference: str  # "" where the tokens are equal, or cannot be compared
    doubt: str  # why they cannot be
    units: str  # of the gateway


_BADGES: dict[str, Badge] = {
    **{status.value: each for status, each in STATUS_BADGES.items()},
    Outcome.OPEN: STATUS_BADGES[Status.QUEUED],
    Outcome.NOT_CREATED: STATUS_BADGES[Status.CANCELLED],
}


def charge_rows(charges: Iterable[Charge]) -> list[ChargeRow]:
    """The rows of a page. One query for the people's names, and one for those of tokens."""
    charges = list(charges)
    people = names_of("person", {charge.person for charge in charges})
    tokens = named_tokens(charge.api_token for charge in charges)
    return [_row(charge, people, tokens) for charge in charges]


def _row(
    charge: Charge, people: Callable[[Any], str], tokens: Callable[[int | None], str]
) -> ChargeRow:
    task = charge.task
    title, url = _("Deleted task"), ""
    if task is not None:
        title = Truncator(task.prompt or task.remote_id).chars(70)
        url = "" if task.deleted_at else task.get_absolute_url()
    return ChargeRow(
        charge=charge,
        title=title,
        url=url,
        at=charge.placed_at or (task.born_at if task else None),
        person=people(charge.person),
        token=tokens(charge.api_token),
        model=names_of("model", ())(charge.model),
        mode=names_of("mode", ())(charge.mode),
        outcome=names_of("outcome", ())(charge.outcome),
        badge=_BADGES.get(charge.outcome, STATUS_BADGES[Status.UNKNOWN]),
        tokens=_tokens(charge),
        money=_money(charge),
        kind=_kind(charge),
        formula=token_checks.by_formula(charge),
        difference=token_checks.difference(charge),
        doubt=token_checks.doubt(charge),
        units=grouped(task.quota) if task and task.quota else "",
    )


def _tokens(charge: Charge) -> str:
    is_told = charge.is_counted or charge.state == ChargeState.RESERVED
    return grouped(charge.tokens) if is_told else "–"


def _money(charge: Charge) -> str:
    if charge.state == ChargeState.FREE:
        return _("free")
    return amounts.money(charge.micros, charge.currency) if charge.currency else _("no price")


def _kind(charge: Charge) -> str:
    if charge.state != ChargeState.RESERVED:
        return ""
    return _("reserved") if charge.outcome == Outcome.OPEN else _("estimated")
