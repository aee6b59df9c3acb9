"""The gate that every create passes before it has a row: takes at once, pace and budget.

Everything that places takes calls `admit`, in the transaction that writes them. It locks the person
and then the project's budget, so each of many presses at once sees what the others have taken. On
SQLite the transaction itself is that lock, because it begins by becoming the only writer.

Unknown quantities are reserved at their documented maximum: a budget may therefore refuse a video
of unknown length that would have fitted, but never admit one that does not. A budget in money
admits nothing without a price in its currency. A model that nobody here knows takes the room of the
dearest known one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import (
    BudgetExceededError,
    NoPriceError,
    PlacementRefusedError,
    RateLimitError,
    TooManyTakesError,
)
from tasks.billing.estimates import Estimate, Total, estimates_of
from tasks.models import Budget, Charge, Credential, Project
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
) -> list[Estimate]:
    """Check takes; return their estimates, which the caller reserves in the same transaction.

    Raises PlacementRefusedError.
    """
    if person is not None:  # who may press in two projects, or at two web servers, at once
        people = get_user_model().objects.select_for_update(no_key=True)
        people.only("pk").get(pk=person.pk)
    budget = Budget.objects.lock(project)
    if len(requests) > budget.most_takes:
        raise TooManyTakesError(budget.most_takes)
    _check_pace(len(requests), person, budget, now)
    day = day_of(now)
    estimates = estimates_of(requests, credential, day)
    if refusal := would_refuse(BudgetStatus.of(project, day, budget), Total(estimates)):
        raise refusal
    return estimates


def _check_pace(takes: int, person: Any, budget: Budget, now: datetime) -> None:
    """Raise RateLimitError if one person asks for too many takes in a minute or an hour."""
    if person is None:
        return
    everywhere: Any = Charge.objects.placed_by(person.pk, now - HOUR)
    here = everywhere.filter(project=budget.project_id)
    for charges, most, window in (
        (everywhere.filter(placed_at__gt=now - MINUTE), settings.TAKES_PER_MINUTE, MINUTE),
        (everywhere, settings.TAKES_PER_HOUR, HOUR),
        (here, budget.takes_per_hour, HOUR),
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


def would_refuse(budget_status: BudgetStatus, total: Total) -> PlacementRefusedError | None:
    """The error that the budget would raise, or None; the form shows it before the press."""
    if budget_status.left is None:
        return None
    needed = budget_status.needs(total)
    unit = budget_status.budget.unit
    if needed is None:
        return NoPriceError(unit)
    if needed > budget_status.left or budget_status.is_used_up:
        return BudgetExceededError(needed, budget_status.left, unit)
    return None
