"""Takes whose bill differs from the documented formula, and how many were compared at all.

Billed more and billed less are never netted. The money of a difference is its share of the take's
own: what these tokens cost there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Count, F, FloatField, Sum, Value, When
from django.db.models.functions import Cast

from tasks.billing.costs import Span
from tasks.models import Charge, TokenCheck

_SHARE = Cast(F("micros"), FloatField()) * F("token_difference") / F("tokens")


@dataclass(frozen=True, kw_only=True)
class Differing:
    """Takes that were billed more, or less, than by the formula; all numbers are positive."""

    takes: int = 0
    tokens: int = 0
    units: int = 0  # of their gateway, for all of each take
    money: dict[str, int] = field(default_factory=dict)  # in millionths, by currency


def differing(span: Span) -> dict[int, dict[str, Differing]]:
    """Differing takes by credential (0: removed), and by `more` and `less`. One query."""
    rows = span.narrow(Charge.objects.filter(token_difference__isnull=False)).order_by()
    more = When(token_difference__gt=0, then=Value(TokenCheck.MORE.value))
    check = Case(more, default=Value(TokenCheck.LESS.value), output_field=CharField())
    found = rows.annotate(check=check).values_list("account", "check", "currency")
    sums = found.annotate(
        takes=Count("pk"), sum=Sum("token_difference"), units=Sum("task__quota"), money=Sum(_SHARE)
    )
    parts: defaultdict[tuple[int, str], list[Differing]] = defaultdict(list)
    for account, name, currency, takes, tokens, units, money in sums:
        own = {currency: abs(round(money))} if currency else {}
        part = Differing(takes=takes, tokens=abs(int(tokens)), units=int(units or 0), money=own)
        parts[account, name].append(part)
    accounts: defaultdict[int, dict[str, Differing]] = defaultdict(dict)
    for (account, name), each in parts.items():
        accounts[account][name] = added(each)
    return dict(accounts)


def added(parts: Iterable[Differing]) -> Differing:
    """Add up parts of one kind, their money by currency."""
    parts = list(parts)
    money: defaultdict[str, int] = defaultdict(int)
    for part in parts:
        for currency, micros in part.money.items():
            money[currency] += micros
    return Differing(
        takes=sum(part.takes for part in parts),
        tokens=sum(part.tokens for part in parts),
        units=sum(part.units for part in parts),
        money=dict(money),
    )


def compared(span: Span) -> tuple[dict[str, int], dict[str, int]]:
    """Takes by how their tokens compare, and those of unknown ones by the reason. One query."""
    rows: Any = span.narrow(Charge.objects.filter(token_check__isnull=False)).order_by()
    checks: defaultdict[str, int] = defaultdict(int)
    doubts: defaultdict[str, int] = defaultdict(int)
    for check, doubt, takes in rows.values_list("token_check", "token_doubt").annotate(
        n=Count("pk")
    ):
        checks[check] += takes
        if doubt:
            doubts[doubt] += takes
    return dict(checks), dict(doubts)
