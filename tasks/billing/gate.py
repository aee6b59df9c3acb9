"""The gate that every create passes before it has a row: takes at once, pace and budgets.

Everything that places takes calls `admit`, in the transaction that writes them. It locks the
person, then the token that asks, if one does, and then all budgets that count the create, in the
order of their ids, so each of many presses at once sees what the others have taken and no two wait
for each other in a circle. All takes pass all budgets and the token's limit of a day, or none does.
On SQLite the transaction itself is that lock, because it begins by becoming the only writer.

Unknown quantities are reserved at their documented maximum: a budget may therefore refuse a video
of unknown length that would have fitted, but never admit one that does not. A budget in money
admits nothing without a price in its currency. A model that nobody here knows takes the room of the
dearest known one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import (
    BudgetExceededError,
    NoPriceError,
    PlacementRefusedError,
    RateLimitError,
    TooManyTakesError,
)
from tasks.billing.estimates import Estimate, Total, estimates_of
from tasks.billing.token_limits import token_would_refuse
from tasks.models import ApiToken, Budget, Charge, Credential, Project, Scope, TakeLimits
from tasks.models.access import sees_budgets_of_credentials
from tasks.models.charge import day_of
from tasks.providers.catalog.request import GenerationRequest

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def admit(
    requests: Sequence[GenerationRequest],
    *,
    project: Project,
    credential: Credential,
    person: Any,
    now: datetime,
    token: ApiToken | None = None,
) -> list[Estimate]:
    """Check takes; return their estimates, which the caller reserves in the same transaction.

    Raises PlacementRefusedError.
    """
    budgets = lock(project, credential, person, token)
    limits = TakeLimits.objects.of(project)
    if len(requests) > limits.most_takes:
        raise TooManyTakesError(limits.most_takes)
    _check_pace(len(requests), person, limits, now)
    day = day_of(now)
    estimates = estimates_of(requests, credential, day)
    total = Total(estimates)
    if token and (too_much := token_would_refuse(token, day, total)):
        raise too_much
    if refusal := would_refuse(BudgetStatus.of_all(budgets, day), total, person):
        raise refusal
    return estimates


def lock(
    project: Project, credential: Credential, person: Any, token: ApiToken | None = None
) -> list[Budget]:
    """Lock person, token and budgets of a create, until the transaction ends; return the last.

    A transaction that changes tasks before it places new ones calls this first: whoever places
    takes the change counter's lock after these.
    """
    if person is not None:  # who may press in two projects, or at two web servers, at once
        _lock_row(get_user_model(), person.pk)
    if token is not None:
        _lock_row(ApiToken, token.pk)
    budgets = Budget.objects.applying_to(project, credential, person)
    return list(budgets.select_for_update(no_key=True))


def _lock_row(model: type[Model], pk: int) -> None:
    """Lock one row until the transaction ends. On SQLite nobody else writes meanwhile anyway."""
    if not connection.features.has_select_for_update:
        return
    with connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR NO KEY UPDATE", [pk])
        if cursor.fetchone() is None:
            raise model.DoesNotExist  # type: ignore[attr-defined]


def _check_pace(takes: int, person: Any, limits: TakeLimits, now: datetime) -> None:
    """Raise RateLimitError if one person asks for too many takes in a minute or an hour."""
    if person is None:
        return
    everywhere: Any = Charge.objects.placed_by(person.pk, now - HOUR)
    here = everywhere.filter(project=limits.project_id)
    for charges, most, window in (
        (everywhere.filter(placed_at__gt=now - MINUTE), settings.TAKES_PER_MINUTE, MINUTE),
        (everywhere, settings.TAKES_PER_HOUR, HOUR),
        (here, limits.takes_per_hour, HOUR),
    ):
        if not most:
            continue
        excess = charges.count() + takes - most
        if excess <= 0:
            continue
        again_at = None
        if takes <= most:  # once this many of the oldest have left the window
            again_at = charges.values_list("placed_at", flat=True)[excess - 1] + window
        raise RateLimitError(most, int(window / MINUTE), again_at)


def would_refuse(
    statuses: Iterable[BudgetStatus], total: Total, reader: Any
) -> PlacementRefusedError | None:
    """The error that the tightest of the budgets would raise, or None if all have room.

    The form shows it before the press. Tightest is the one that has room for the smallest part; of
    several the one that begins anew last. One whose numbers the reader may not see comes after.
    """
    refusals = []
    for status in statuses:
        needed = status.needs(total)
        if needed is not None and needed <= status.left and not status.is_used_up:
            continue
        sees = status.budget.scope != Scope.CREDENTIAL or sees_budgets_of_credentials(reader)
        room = Fraction(status.left, needed) if needed else Fraction(0)
        error: PlacementRefusedError = (
            NoPriceError(status.budget.unit)
            if needed is None
            else BudgetExceededError(status=status, needed=needed, is_shown=sees)
        )
        refusals.append(((room, not sees, -status.following.toordinal()), error))
    return min(refusals, key=lambda each: each[0])[1] if refusals else None
