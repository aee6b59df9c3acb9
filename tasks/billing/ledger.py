"""The ledger: tasks are charged as reserved when placed, and as billed once the provider counted.

A provider counts tokens, or names a sum of money, which then counts for more than our price list;
the two are never added. Where it does neither, a success is billed as soon as its price needs no
tokens: a price of the video, or of the second with a known length. Tokens that nobody counted stay
as they were reserved.

Every function runs in the transaction of the change that causes it, after taking the change
counter's lock: so nothing deadlocks, and a kill leaves task and charge consistent.

Tasks that were created elsewhere and are tracked here are billed, too, once their provider has
counted, in the month of their creation: they are paid from the same account. Nothing is reserved
for them before, because nobody here asked for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import models as fields
from django.db.models import F, Value
from django.db.models.functions import Cast

from tasks.billing.estimates import Estimate
from tasks.models import (
    ChangeCounter,
    Charge,
    ChargeState,
    ModelName,
    Outcome,
    Price,
    Submission,
    SubmissionState,
    Task,
    bulk,
    token_checks,
)
from tasks.models.charge import NOBODY, day_of
from tasks.models.price import LONGEST_NAME, PriceUnit, price_for
from tasks.providers.catalog.models import FPS, find_model
from tasks.providers.catalog.tariff import had_video, resolution_of, seconds_of, tier_of
from tasks.providers.status import FINAL, Status

#: More than any video takes; an absurd answer must fit into the column.
MOST_TOKENS = 10**9

_UNBILLED = FINAL - {Status.SUCCEEDED}


def reserve(
    tasks: Sequence[Task],
    estimates: Sequence[Estimate],
    now: datetime,
    *,
    batch: int,
    token: int | None = None,
) -> None:
    """Create the charges of new tasks of ours, with the most that they may take."""
    Charge.objects.bulk_create(
        _reservation(task, estimate, now, batch, token)
        for task, estimate in zip(tasks, estimates, strict=True)
    )


def _reservation(
    task: Task, estimate: Estimate, now: datetime, batch: int, token: int | None
) -> Charge:
    charge = Charge(
        task=task,
        project_id=task.project_id,
        credential_id=task.credential_id,
        person=task.created_by_id or NOBODY,
        day=day_of(now),
        placed_at=now,
        tokens=estimate.tokens.most,
        seconds=estimate.most_seconds,
        price=estimate.price,
        currency=estimate.currency,
        micros=estimate.most_micros,
        provider=task.provider,
        batch=batch,
        api_token=token,
        mode=estimate.request.mode,
        resolution=_word(resolution_of(estimate.request)),
    )
    tariff = estimate.tariff
    charge.model, charge.tier, charge.is_flex = tariff.model, tariff.tier, tariff.is_flex
    charge.with_video, charge.with_audio = tariff.with_video, tariff.with_audio
    return charge


def settle(tasks: Iterable[Task]) -> None:
    """Update the charges of these to what became of them; create those of tracked tasks."""
    rows = {task.pk: task for task in tasks}
    if not rows:
        return
    known = Charge.objects.filter(task__in=rows).select_related("price")
    charges = {charge.task_id: charge for charge in known}
    new = _charges_of_tracked([row for pk, row in rows.items() if pk not in charges])
    not_created, lengths = _not_created(rows.values()), _lengths(charges, rows)
    moved = [
        charge
        for pk, charge in charges.items()
        if pk
        and _settle(charge, rows[pk], seconds=lengths.get(pk), is_not_created=pk in not_created)
    ]
    _apply_prices(moved)
    token_checks.compare([*moved, *new])
    fields = (*Charge.SETTLED_FIELDS, *Charge.PRICED_FIELDS, *Charge.COMPARED_FIELDS)
    bulk.write(moved, fields)
    Charge.objects.bulk_create(new)


def _billed_tokens(task: Task) -> int | None:
    """Tokens that the provider has counted; None before."""
    counted = task.total_tokens or task.completion_tokens
    return max(0, min(counted, MOST_TOKENS)) if counted else None


def _named_cost(task: Task) -> tuple[int, str] | None:
    """Money that the provider named, in millionths, and its currency; None if it named none."""
    if task.cost_micros is None or not task.cost_currency:
        return None
    return task.cost_micros, task.cost_currency


def _seconds(task: Task) -> int | None:
    """Begun seconds of the video, as the provider says; None if it does not."""
    if task.duration and task.duration > 0:
        return task.duration
    return -(-task.frames // FPS) if task.frames and task.frames > 0 else None


def _lengths(charges: Mapping[int | None, Charge], rows: Mapping[int, Task]) -> dict[int, int]:
    """Seconds of the successes, by task.

    A provider that does not repeat the length makes the one that was asked for. One query, and none
    where every length is known.
    """
    successes = [task for pk in charges if pk and (task := rows[pk]).status == Status.SUCCEEDED]
    found = {task.pk: length for task in successes if (length := _seconds(task)) is not None}
    unsaid = [task.pk for task in successes if task.pk not in found]
    for submission in Submission.objects.filter(task__in=unsaid) if unsaid else ():
        asked = seconds_of(submission.generation)
        if asked and asked[0] == asked[1]:
            found[submission.task_id] = asked[0]
    return found


def _not_created(tasks: Iterable[Task]) -> set[int]:
    """Ids of lost tasks that someone confirmed were never created."""
    lost = [task.pk for task in tasks if task.status == Status.LOST]
    rows = Submission.objects.filter(task__in=lost, state=SubmissionState.NOT_CREATED)
    return set(rows.values_list("task_id", flat=True)) if lost else set()


def _settle(charge: Charge, task: Task, *, seconds: int | None, is_not_created: bool) -> bool:
    """Update a charge without its price; whether anything has changed.

    `seconds` is the length of the video that was made, as far as it is known.
    """
    before = [getattr(charge, name) for name in Charge.SETTLED_FIELDS]
    tokens, cost = _billed_tokens(task), _named_cost(task)
    if tokens is not None:
        charge.state, charge.tokens = ChargeState.BILLED, tokens
    if cost is not None and task.status not in _UNBILLED:
        charge.state = ChargeState.BILLED
        charge.take_named_cost(*cost)
    if seconds is not None:
        charge.seconds = seconds
    _end(charge, task, seconds, is_not_created=is_not_created)
    is_settled = tokens is not None or charge.provider_micros is not None
    if is_settled:
        pass
    elif task.status == Status.SUCCEEDED and _needs_no_tokens(charge.price, seconds):
        charge.state = ChargeState.BILLED
    elif task.status in _UNBILLED or is_not_created:
        charge.state = ChargeState.FREE
    elif charge.state == ChargeState.FREE:  # an answer that came late is believed
        charge.state = ChargeState.RESERVED
    _describe(charge, task)
    return before != [getattr(charge, name) for name in Charge.SETTLED_FIELDS]


def _end(charge: Charge, task: Task, seconds: int | None, *, is_not_created: bool) -> None:
    """Note how the task ended, and after how long; a task that came back is open again."""
    charge.outcome = (
        Outcome.NOT_CREATED if is_not_created else _OUTCOMES.get(task.status, Outcome.OPEN)
    )
    charge.is_counted = _billed_tokens(task) is not None
    charge.made_seconds = seconds if charge.outcome == Outcome.SUCCEEDED else None
    has_failed = charge.outcome == Outcome.FAILED
    charge.error_code = task.error_code[:LONGEST_NAME] if has_failed else ""
    charge.queue_seconds = _since(charge.placed_at, task.running_at)
    charge.finish_seconds = _since(charge.placed_at, task.ended_at)


_OUTCOMES: dict[str, Outcome] = {status: Outcome(status) for status in (*FINAL, Status.LOST)}


def _since(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds from one time to the other; at least 0, as clocks are corrected."""
    return max(0, round((end - start).total_seconds())) if start and end else None


def _word(resolution: str) -> str:
    """The resolution as charges name it; nothing that is none, whatever a provider calls so."""
    return resolution if _RESOLUTION.fullmatch(resolution) else ""


_RESOLUTION = re.compile(r"[0-9]{1,4}[pk]", re.ASCII)


def _needs_no_tokens(price: Price | None, seconds: int | None) -> bool:
    """Whether a video's sum is known by this price although nobody has counted its tokens."""
    if price is None or price.is_of_tokens:
        return False
    return price.unit == PriceUnit.VIDEO or seconds is not None


def _describe(charge: Charge, task: Task) -> None:
    """Take over the settings that the provider says the video was made with."""
    charge.tier = tier_of(task.resolution) or charge.tier
    charge.resolution = _word(task.resolution.lower()) or charge.resolution
    if task.generate_audio is not None:
        charge.with_audio = task.generate_audio
    if task.service_tier:
        charge.is_flex = task.service_tier == "flex"


def _charges_of_tracked(tasks: Sequence[Task]) -> list[Charge]:
    """The charges of those tasks created elsewhere of which it is known what they cost."""
    charges = [_charge_of_tracked(task) for task in tasks if task.status == Status.SUCCEEDED]
    charges += [
        _charge_of_tracked(task)
        for task in tasks
        if task.status != Status.SUCCEEDED and _billed_tokens(task)
    ]
    _apply_prices(charges)
    return [
        charge
        for charge in charges
        if charge.tokens
        or charge.provider_micros is not None
        or _needs_no_tokens(charge.price, charge.seconds)
    ]


def _charge_of_tracked(task: Task) -> Charge:
    """The charge of a task created elsewhere; its tokens show whether it was given a video."""
    tokens, model = _billed_tokens(task) or 0, _catalog_model(task)
    charge = Charge(
        task=task,
        project_id=task.project_id,
        credential_id=task.credential_id,
        person=task.created_by_id or NOBODY,
        day=day_of(task.born_at),
        state=ChargeState.BILLED,
        tokens=tokens,
        seconds=_seconds(task),
        provider=task.provider,
        model=model,
        with_video=had_video(model, task.resolution, task.ratio, task.duration or 0, tokens),
    )
    if cost := _named_cost(task):
        charge.take_named_cost(*cost)
    _describe(charge, task)
    _end(charge, task, charge.seconds, is_not_created=False)
    return charge


def _catalog_model(task: Task) -> str:
    """The catalog's name of its model, else the provider's."""
    model = find_model(task.model)
    if model is None and task.model:
        model = ModelName.objects.at(task.provider).get(task.model)
    return model.name if model else task.model[:LONGEST_NAME]


def _apply_prices(charges: Sequence[Charge]) -> None:
    """Apply to each the price that was valid on its day."""
    if not charges:
        return
    accounts = {charge.credential_id for charge in charges}
    models = {charge.model for charge in charges}
    prices = list(Price.objects.filter(credential__in=accounts, model__in=models))
    for charge in charges:
        price = price_for(prices, charge.credential_id or 0, charge.tariff, charge.day)
        if price or not charge.is_reserved_like_another:
            charge.apply_price(price)


def transfer(placeholder: Task, known: Task) -> None:
    """Move the reservation of a create to the task that the provider's list has of it."""
    reserved = Charge.objects.filter(task=placeholder)
    if reserved.exists():
        Charge.objects.filter(task=known).delete()
        reserved.update(task=known)


def reprice(credential: int, model: str, since: date) -> tuple[Sums, Sums]:
    """Price the charges since a day anew, after the price list has changed.

    Returns what they came to before and after. It costs a statement or two for each price, however
    many charges there are.
    """
    ChangeCounter.objects.next()  # every writer of charges holds its lock
    charges = Charge.objects.filter(
        credential=credential, model=model, day__gte=since, provider_micros=None
    )
    before = _sums(charges)
    charges.exclude(currency="").update(price=None, currency="", micros=0)
    prices = Price.objects.filter(credential=credential, model=model)
    for price in prices.during(since, None):
        _apply_to(charges, price)
    token_checks.check_by_units(charges)
    return before, _sums(charges)


#: Takes and their money in millionths, by currency; those without a price are under "".
Sums = dict[str, tuple[int, int]]


def _sums(charges: fields.QuerySet[Charge]) -> Sums:
    rows = charges.exclude(state=ChargeState.FREE).order_by().values_list("currency")
    found = rows.annotate(takes=fields.Count("pk"), money=fields.Sum("micros"))
    return {currency: (takes, int(money)) for currency, takes, money in found}


def _apply_to(charges: fields.QuerySet[Charge], price: Price) -> None:
    """Apply a price to those of the charges that meet its conditions."""
    charges = charges.filter(day__gte=price.valid_from)
    if price.valid_until:
        charges = charges.filter(day__lte=price.valid_until)
    conditions = {"tier": price.tier or None, "with_video": price.with_video}
    conditions["with_audio"] = price.with_audio
    given = {name: value for name, value in conditions.items() if value is not None}
    charges = charges.filter(**given)
    if price.unit == PriceUnit.SECOND:
        charges = charges.filter(seconds__isnull=False)
    for is_flex in (False, True):
        rate = Value(price.rate(flex=is_flex), output_field=fields.BigIntegerField())
        sums: dict[str, Any] = {
            PriceUnit.TOKENS: F("tokens") * rate / 10_000,
            PriceUnit.SECOND: F("seconds") * rate * 100,
            PriceUnit.VIDEO: rate * 100,
        }
        micros = Cast(sums[price.unit], fields.BigIntegerField())
        of_tier = charges.filter(is_flex=is_flex)
        of_tier.update(price=price, currency=price.currency, micros=micros)
    if not price.is_of_tokens:  # what nobody counted may be known now
        finished = charges.filter(state=ChargeState.RESERVED, task__status=Status.SUCCEEDED)
        if price.unit == PriceUnit.SECOND:
            finished = finished.filter(task__duration__isnull=False)
        finished.update(state=ChargeState.BILLED)
