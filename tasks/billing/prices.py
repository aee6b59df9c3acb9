"""Changes of the price list. What was valid stays as it was; each change is recorded in the audit.

A price may begin in the past if none was known there, as that rewrites nothing. A price that
already applies is changed from today or a later day on, by a new row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.billing import ledger
from tasks.models import AuditAction, Credential, Price, Recalculation
from tasks.models.charge import NOBODY
from tasks.providers.catalog.list_prices import documented_prices
from tasks.providers.catalog.models import Model, find_model
from tasks.team.audit import note
from tasks.team.credentials import only_project

DAY = timedelta(days=1)


class PriceConflictError(ValueError):
    """A price that cannot be, with the reason; `field` is the form's field to show it at."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def check(price: Price) -> None:
    """Raise PriceConflictError if no video could have this price, or another price applies.

    Another price applies if both would hold for some video on some day.
    """
    if model := find_model(price.model):  # of another nothing is known, so anything may be
        _check_conditions(price, model)
    if price.valid_until and price.valid_until < price.valid_from:
        raise PriceConflictError("valid_until", _("The end is before the start."))
    others = Price.objects.filter(credential=price.credential_id, model=price.model)
    for other in others.exclude(pk=price.pk):
        if price.clashes_with(other):
            raise PriceConflictError("valid_from", _overlap(other))


def _check_conditions(price: Price, model: Model) -> None:
    """Raise PriceConflictError for a condition that no video of this model meets."""
    words = {"model": model.label}
    if price.tier and price.tier not in model.resolutions:
        raise PriceConflictError("tier", _("%(model)s doesn't offer this resolution.") % words)
    if price.with_video is not None and not model.reference_videos:
        raise PriceConflictError("with_video", _("%(model)s doesn't take video input.") % words)
    if price.with_audio is not None and not model.has_audio:
        raise PriceConflictError(
            "with_audio", _("%(model)s makes videos without sound only.") % words
        )


def _overlap(other: Price) -> str:
    if other.valid_until:
        words = _(
            "Some of these videos already have a price from %(first)s to %(last)s: %(price)s. "
            "Choose other days, or change that price."
        )
    else:
        words = _(
            "Some of these videos already have a price from %(first)s on: %(price)s. End or "
            "change that price."
        )
    return words % {"first": other.valid_from, "last": other.valid_until, "price": other}


@transaction.atomic
def add(request: HttpRequest, price: Price) -> Price:
    """Add a price and price the charges since its first day. Raises PriceConflictError."""
    _lock(price.credential_id)
    check(price)
    price.save()
    _recalculate(request, price.credential_id, price.model, price.valid_from)
    _note(request, AuditAction.PRICE_SET, price, valid_from=price.valid_from)
    return price


@transaction.atomic
def change(
    request: HttpRequest, pk: int, amount: Decimal | None, first: date, today: date
) -> Price | None:
    """Change the amount from a day on; None ends the price. Raises PriceConflictError.

    A price that would then never have been valid is deleted.
    """
    price = Price.objects.select_related("credential").get(pk=pk)
    _lock(price.credential_id)
    price.refresh_from_db()
    if first < today:
        raise PriceConflictError("first", _("Past prices can't change. Choose today or later."))
    if price.valid_until and first > price.valid_until:
        raise PriceConflictError("first", _("This price ends before that day."))
    new = None
    if amount is not None:
        names = [field.attname for field in Price._meta.concrete_fields]
        values = {name: getattr(price, name) for name in names}
        new = Price(**values | {"id": None, "amount": amount, "valid_from": first})
    _stop(request, price, first)
    if new:
        check(new)
        new.save()
        _note(
            request, AuditAction.PRICE_SET, new, amount=[price.amount, new.amount], valid_from=first
        )
    _recalculate(request, price.credential_id, price.model, first)
    return new


def _stop(request: HttpRequest, price: Price, first: date) -> None:
    """End a price before a day, or delete it if it would never have been valid."""
    if price.valid_from >= first:
        _note(request, AuditAction.PRICE_REMOVED, price, valid_from=price.valid_from)
        price.delete()
        return
    price.valid_until = first - DAY
    price.save(update_fields=["valid_until"])
    _note(request, AuditAction.PRICE_ENDED, price, valid_until=price.valid_until)


@transaction.atomic
def remove(request: HttpRequest, price: Price) -> None:
    """Delete a price with its past, as if it had never been: for staff, to correct a mistake."""
    _lock(price.credential_id)
    _note(request, AuditAction.PRICE_REMOVED, price, valid_from=price.valid_from)
    account, model, first = price.credential_id, price.model, price.valid_from
    price.delete()
    _recalculate(request, account, model, first)


def _recalculate(request: HttpRequest, credential: int, model: str, since: date) -> None:
    """Price the charges since a day anew, and keep what they came to before."""
    before, after = ledger.reprice(credential, model, since)
    if before != after:
        Recalculation.objects.create(
            at=timezone.now(),
            person=request.user.pk or NOBODY,
            credential_id=credential,
            model=model,
            since=since,
            before=before,
            after=after,
        )


def proposals(credential: Credential, first: date) -> list[Price]:
    """Unsaved prices as the provider documents them, without those that clash with entered ones."""
    price_list = documented_prices(credential.provider)
    if price_list is None:
        return []
    prices = [
        Price(
            credential=credential,
            model=each.model,
            unit=each.unit,
            amount=each.amount,
            currency=each.currency,
            tier=each.tier,
            with_video=each.with_video,
            with_audio=each.with_audio,
            flex_percent=each.flex_percent,
            valid_from=first,
            source=f"{price_list.source} ({price_list.read_on})",
        )
        for each in price_list.prices
    ]
    known = list(Price.objects.filter(credential=credential))
    return [price for price in prices if not any(map(price.clashes_with, known))]


@transaction.atomic
def take_over(request: HttpRequest, prices: Iterable[Price]) -> int:
    """Add prices that clash with no other; return their number.

    Prices that somebody else has entered meanwhile stay.
    """
    added = 0
    for price in prices:
        try:
            with transaction.atomic():
                add(request, price)
        except PriceConflictError:
            continue
        added += 1
    return added


def _lock(credential: int) -> None:
    """Make changes of one price list wait for each other, so that `check` sees the one before."""
    Credential.objects.select_for_update(no_key=True).only("pk").get(pk=credential)


def _note(request: HttpRequest, action: AuditAction, price: Price, **changes: Any) -> None:
    label, project = f"{price.credential} · {price}", only_project(price.credential)
    note(request, action, price, project=project, label=label, **changes)
