"""The limit of a day that a token may have: it counts what was placed with the token alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from tasks.billing.budget_status import needed_of
from tasks.billing.errors import TokenLimitError
from tasks.billing.estimates import Total
from tasks.billing.sums import Used
from tasks.models import ApiToken, Charge, ChargeState, Period


def token_would_refuse(token: ApiToken, day: date, total: Total) -> TokenLimitError | None:
    """The error that the token's limit would raise, or None if there is room or no limit."""
    limit = token.most
    if limit is None:
        return None
    used, needed = used_by([token], day)[token.pk].together, needed_of(total, token.unit)
    if needed is not None and used + needed <= limit and used < limit:
        return None
    following = Period.DAY.following(day)
    return TokenLimitError(token=token, needed=needed, used=used, following=following)


def used_by(tokens: Iterable[ApiToken], day: date) -> dict[int, Used]:
    """Use of each token on a day, in the unit of its limit, by its id; one query."""
    known = {token.pk: token for token in tokens}
    rows = Charge.objects.filter(api_token__in=known, day=day).exclude(state=ChargeState.FREE)
    billed = Q(state=ChargeState.BILLED)
    sums = {
        "counted": Sum("tokens", filter=billed),
        "reserved": Sum("tokens", filter=~billed),
        "counted_money": Sum("micros", filter=billed),
        "reserved_money": Sum("micros", filter=~billed),
    }
    uses = dict.fromkeys(known, Used())
    found: Any = rows.order_by().values("api_token", "currency").annotate(**sums)
    for row in found:
        token = known[row["api_token"]]
        if token.is_in_tokens:
            counted, reserved = row["counted"], row["reserved"]
        elif row["currency"] == token.unit:
            counted, reserved = row["counted_money"], row["reserved_money"]
        else:
            continue
        uses[token.pk] += Used(counted=int(counted or 0), reserved=int(reserved or 0))
    return uses
