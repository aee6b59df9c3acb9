"""What every create must pass before there is a row of it: takes at once, pace, budget.

Whatever places takes comes through `admit`, in the transaction that writes them. There the person
and then the project's budget are locked, so of many presses at once each sees what the others have
taken. On SQLite the transaction itself is that lock: it began by taking the only place to write.

Held is the largest that is documented of what is not known yet; a video of unknown length can so be
stopped by a budget that it would have fitted in, and never the other way round. A budget in money
lets nothing pass that has no price in its currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from tasks.models import Budget, Charge, Credential, Project
from tasks.models.charge import day_of
from tasks.money.estimates import Estimate, Total, estimates_of
from tasks.money.refusals import OverBudget, Refused, TooFast, TooMany, Unmeasured, Unpriced
from tasks.money.standing import Standing
from tasks.providers.wish import Wish

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def admit(
    wishes: Sequence[Wish],
    *,
    project: Project,
    credential: Credential,
    person: Any,
    now: datetime,
) -> list[Estimate]:
    """What each is thought to take; the caller holds it in the same transaction. Raises Refused."""
    _lock(person)
    budget = Budget.objects.lock(project)
    if len(wishes) > budget.most_takes:
        raise TooMany(budget.most_takes)
    _check_pace(len(wishes), person, budget, now)
    day = day_of(now)
    estimates = estimates_of(wishes, credential, day)
    _check_budget(Standing.of(project, day, budget), Total(estimates))
    return estimates


def _lock(person: Any) -> None:
    """The one person in two projects, or at two web servers."""
    if person is not None:
        people = get_user_model().objects.select_for_update(no_key=True)
        people.only("pk").get(pk=person.pk)


def _check_pace(takes: int, person: Any, budget: Budget, now: datetime) -> None:
    if person is None:
        return
    everywhere = Charge.objects.placed_by(person.pk, now - HOUR)
    here = everywhere.filter(project=budget.project_id)
    for charges, most, window in (
        (everywhere.filter(placed_at__gt=now - MINUTE), settings.TAKES_PER_MINUTE, MINUTE),
        (everywhere, settings.TAKES_PER_HOUR, HOUR),
        (here, budget.takes_per_hour, HOUR),
    ):
        if most:
            _check_window(takes, charges, most, window)


def _check_window(takes: int, charges: Any, most: int, window: timedelta) -> None:
    number = charges.count()
    too_many = number + takes - most
    if too_many <= 0:
        return
    minutes = int(window / MINUTE)
    if takes > most:
        raise TooFast(most, minutes, None)
    makes_room = charges.values_list("placed_at", flat=True)[too_many - 1]
    raise TooFast(most, minutes, makes_room + window)


def _check_budget(standing: Standing, total: Total) -> None:
    if refusal := would_refuse(standing, total):
        raise refusal


def would_refuse(standing: Standing, total: Total) -> Refused | None:
    """What the budget has against these takes; the form says it before the click."""
    if standing.left is None:
        return None
    needed = standing.needs(total)
    unit = standing.budget.unit
    if needed is None:
        return Unmeasured() if total.unknown else Unpriced(unit)
    if needed > standing.left or standing.is_used_up:
        return OverBudget(needed, standing.left, unit)
    return None
