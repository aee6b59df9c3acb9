"""Tokens as lists show them: what of its limit each has used today, and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from tasks.billing.amounts import sum_of
from tasks.billing.token_limits import used_by
from tasks.models import ApiToken, Project
from tasks.models.charge import day_of
from tasks.web.presenters.facts import grouped

MOST = 200


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """One token in words."""

    token: ApiToken
    ended: str  # why it no longer works; "" while it does
    limit: str  # "" without one
    used: str  # of the limit, today
    costs_url: str


def token_rows(tokens: QuerySet[ApiToken], now: datetime) -> list[TokenRow]:
    """The rows, those that work first. Two queries."""
    newest = tokens.select_related("person", "project", "created_by")
    found = list(newest.order_by(F("revoked_at").asc(nulls_first=True), "-pk")[:MOST])
    uses = used_by([token for token in found if token.most is not None], day_of(now))
    rows = [_row(token, uses[token.pk].together if token.pk in uses else 0, now) for token in found]
    return sorted(rows, key=lambda row: bool(row.ended))


def tokens_reaching(project: Project, now: datetime) -> list[ApiToken]:
    """The working tokens for all of somebody's projects that reach into this one."""
    found = ApiToken.objects.alive(now).reaching(project).select_related("person")
    return list(found.order_by("person__username", "-pk")[:MOST])


def _row(token: ApiToken, used: int, now: datetime) -> TokenRow:
    limit = token.most
    return TokenRow(
        token=token,
        ended=_ended(token, now),
        limit="" if limit is None else sum_of(limit, token.unit),
        used="" if limit is None else _used(used, token),
        costs_url=f"{reverse('cost_charges')}?measure=takes&token={token.pk}",
    )


def _used(used: int, token: ApiToken) -> str:
    """The sum for a sentence that names the unit with the limit."""
    return grouped(used) if token.is_in_tokens else sum_of(used, token.unit)


def _ended(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return _("revoked")
    return _("expired") if token.has_expired(now) else ""
