"""The account of what tasks take: held when they are placed, counted when the provider has counted.

All of it runs in the transaction of what it follows from, after the change counter's lock: so
nobody waits for somebody who waits for them, and a kill leaves task and charge as they were.

Tasks that were made elsewhere and are tracked here count, too, once their provider has counted, in
the month in which they were made: they are paid from the same account. Nothing of them is held
before, for nobody here asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import models as fields
from django.db.models import F, Value
from django.db.models.functions import Cast

from tasks.models import (
    ChangeCounter,
    Charge,
    ChargeState,
    ModelName,
    Price,
    Submission,
    SubmissionState,
    Task,
    bulk,
)
from tasks.models.charge import NOBODY, day_of
from tasks.models.price import price_for
from tasks.money.estimates import Estimate
from tasks.providers.catalog import find_model
from tasks.providers.tariff import had_video, tier_of
from tasks.status import FINAL, Status

#: No video takes more; an absurd answer must not be more than a column holds.
MOST_TOKENS = 10**9

_UNBILLED = FINAL - {Status.SUCCEEDED}


def hold(tasks: Sequence[Task], estimates: Sequence[Estimate], now: datetime) -> None:
    """What new tasks of ours may take."""
    Charge.objects.bulk_create(
        _held(task, estimate, now) for task, estimate in zip(tasks, estimates, strict=True)
    )


def _held(task: Task, estimate: Estimate, now: datetime) -> Charge:
    charge = Charge(
        task=task,
        project_id=task.project_id,
        credential_id=task.credential_id,
        person=task.created_by_id or NOBODY,
        day=day_of(now),
        placed_at=now,
        tokens=estimate.tokens.most if estimate.tokens else 0,
    )
    if tariff := estimate.tariff:
        charge.model, charge.tier, charge.is_flex = tariff.model, tariff.tier, tariff.is_flex
        charge.with_video, charge.with_audio = tariff.with_video, tariff.with_audio
    charge.take_price(estimate.price)
    return charge


def settle(tasks: Iterable[Task]) -> None:
    """Take over what became of these, as far as it says what they cost."""
    rows = {task.pk: task for task in tasks}
    if not rows:
        return
    charges = {charge.task_id: charge for charge in Charge.objects.filter(task__in=rows)}
    new = [_tracked(row) for pk, row in rows.items() if pk not in charges and _counted(row)]
    given_up = _given_up(rows.values())
    moved = [
        charge
        for pk, charge in charges.items()
        if pk and _follow(charge, rows[pk], is_given_up=pk in given_up)
    ]
    _take_prices([*new, *moved])
    bulk.write(moved, (*Charge.SETTLED_FIELDS, *Charge.PRICED_FIELDS))
    Charge.objects.bulk_create(new)


def _counted(task: Task) -> int | None:
    """What the provider has counted."""
    told = task.total_tokens or task.completion_tokens
    return max(0, min(told, MOST_TOKENS)) if told else None


def _given_up(tasks: Iterable[Task]) -> set[int]:
    """Of lost ones those that a person found were never made."""
    lost = [task.pk for task in tasks if task.status == Status.LOST]
    found = Submission.objects.filter(task__in=lost, state=SubmissionState.GIVEN_UP)
    return set(found.values_list("task_id", flat=True)) if lost else set()


def _follow(charge: Charge, task: Task, *, is_given_up: bool) -> bool:
    """Whether anything of it is news; its price is looked up after."""
    before = [getattr(charge, name) for name in Charge.SETTLED_FIELDS]
    counted = _counted(task)
    if counted is not None:
        charge.state, charge.tokens = ChargeState.BILLED, counted
    elif task.status in _UNBILLED or is_given_up:
        charge.state = ChargeState.FREE
    elif charge.state == ChargeState.FREE:  # an answer that came late is believed
        charge.state = ChargeState.HELD
    _describe(charge, task)
    return before != [getattr(charge, name) for name in Charge.SETTLED_FIELDS]


def _describe(charge: Charge, task: Task) -> None:
    """As it was made, where the provider tells."""
    charge.tier = tier_of(task.resolution) or charge.tier
    if task.generate_audio is not None:
        charge.with_audio = task.generate_audio
    if task.service_tier:
        charge.is_flex = task.service_tier == "flex"


def _tracked(task: Task) -> Charge:
    """Of a task that was made elsewhere; whether a video was given, its tokens tell."""
    counted, model = _counted(task) or 0, _model_of(task)
    charge = Charge(
        task=task,
        project_id=task.project_id,
        credential_id=task.credential_id,
        person=task.created_by_id or NOBODY,
        day=day_of(task.born_at),
        state=ChargeState.BILLED,
        tokens=counted,
        model=model,
        with_video=had_video(model, task.resolution, task.ratio, task.duration or 0, counted),
    )
    _describe(charge, task)
    return charge


def _model_of(task: Task) -> str:
    """The catalog's name for it, "" where nobody has said."""
    found = find_model(task.model)
    if found is None and task.model:
        found = ModelName.objects.at(task.provider).get(task.model)
    return found.name if found else ""


def _take_prices(charges: Sequence[Charge]) -> None:
    """By what was valid on the day each was made."""
    if not charges:
        return
    accounts = {charge.credential_id for charge in charges}
    models = {charge.model for charge in charges}
    prices = list(Price.objects.filter(credential__in=accounts, model__in=models))
    for charge in charges:
        account = charge.credential_id or 0
        charge.take_price(price_for(prices, account, charge.tariff, charge.day))


def hand_over(placeholder: Task, known: Task) -> None:
    """A task that was found in the provider's list takes over what was held for it."""
    held = Charge.objects.filter(task=placeholder)
    if held.exists():
        Charge.objects.filter(task=known).delete()
        held.update(task=known)


def reprice(credential: int, model: str, since: date) -> None:
    """After the price list has changed: what was made from this day on is told by it as it is now.

    A statement or two for each price, however many charges there are.
    """
    ChangeCounter.objects.next()  # whoever writes charges has its lock
    made = Charge.objects.filter(credential=credential, model=model, day__gte=since)
    made.exclude(currency="").update(price=None, currency="", micros=0)
    prices = Price.objects.filter(credential=credential, model=model)
    for price in prices.during(since, None):
        _apply(price, made)


def _apply(price: Price, charges: fields.QuerySet[Charge]) -> None:
    its = charges.filter(day__gte=price.valid_from)
    if price.valid_until:
        its = its.filter(day__lte=price.valid_until)
    conditions = {"tier": price.tier or None, "with_video": price.with_video}
    conditions["with_audio"] = price.with_audio
    its = its.filter(**{name: value for name, value in conditions.items() if value is not None})
    for is_flex in (False, True):
        rate = Value(price.rate(flex=is_flex), output_field=fields.BigIntegerField())
        micros = Cast(F("tokens") * rate / 10_000, fields.BigIntegerField())
        of_tier = its.filter(is_flex=is_flex)
        of_tier.update(price=price, currency=price.currency, micros=micros)
