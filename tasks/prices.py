"""Changing the price list: what was valid stays as it was, and each change is a line in the record.

A price may begin in the past where none was known: nothing is rewritten by that. Whatever applies
already is changed from a day on that has not been, by a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tasks.audit import note
from tasks.models import Credential, Price, Project, Verb
from tasks.money import ledger
from tasks.providers.catalog import find_model
from tasks.providers.list_prices import ListPrice, documented

DAY = timedelta(days=1)


class CannotBe(ValueError):
    """Why there cannot be such a price; `field` is where to say it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def check(price: Price) -> None:
    """Raises CannotBe: for what no video of the model has, and where another price applies."""
    model = find_model(price.model)
    if model is None:
        raise CannotBe("model", _("Nothing is known of this model."))
    if price.tier and price.tier not in model.resolutions:
        raise CannotBe("tier", _("%(model)s has no such resolution.") % {"model": model.label})
    if price.with_video is not None and not model.reference_videos:
        raise CannotBe("with_video", _("%(model)s takes no videos.") % {"model": model.label})
    if price.with_audio is not None and not model.has_audio:
        raise CannotBe("with_audio", _("%(model)s is always silent.") % {"model": model.label})
    if price.valid_until and price.valid_until < price.valid_from:
        raise CannotBe("valid_until", _("It would end before it begins."))
    others = Price.objects.filter(credential=price.credential_id, model=price.model)
    for other in others.exclude(pk=price.pk):
        if price.clashes_with(other):
            raise CannotBe("valid_from", _overlap(other))


def _overlap(other: Price) -> str:
    if other.valid_until:
        words = _(
            "From %(first)s to %(last)s some of the same videos have a price already: %(price)s. "
            "Choose other days, or change that one."
        )
    else:
        words = _(
            "From %(first)s on some of the same videos have a price already: %(price)s. "
            "End or change that one."
        )
    return words % {"first": other.valid_from, "last": other.valid_until, "price": other}


@transaction.atomic
def add(request: HttpRequest, price: Price) -> Price:
    """Raises CannotBe."""
    _lock(price.credential_id)
    check(price)
    price.save()
    ledger.reprice(price.credential_id, price.model, price.valid_from)
    _note(request, Verb.PRICE_SET, price, valid_from=price.valid_from)
    return price


@transaction.atomic
def change(
    request: HttpRequest, pk: int, amount: Decimal | None, first: date, today: date
) -> Price | None:
    """Another amount from that day on; None: no price from then on. Raises CannotBe.

    What has not been valid on any day before may go altogether.
    """
    price = Price.objects.select_related("credential").get(pk=pk)
    _lock(price.credential_id)
    price.refresh_from_db()
    if first < today:
        raise CannotBe("first", _("What has been stays as it was: from today on at the earliest."))
    if price.valid_until and first > price.valid_until:
        raise CannotBe("first", _("This price ends before that day."))
    new = _successor(price, amount, first) if amount is not None else None
    _stop(request, price, first)
    if new:
        check(new)
        new.save()
        _note(request, Verb.PRICE_SET, new, amount=[price.amount, new.amount], valid_from=first)
    ledger.reprice(price.credential_id, price.model, first)
    return new


def _successor(price: Price, amount: Decimal, first: date) -> Price:
    same = {field.attname: getattr(price, field.attname) for field in Price._meta.concrete_fields}
    return Price(**same | {"id": None, "amount": amount, "valid_from": first})


def _stop(request: HttpRequest, price: Price, first: date) -> None:
    if price.valid_from >= first:
        _note(request, Verb.PRICE_REMOVED, price, valid_from=price.valid_from)
        price.delete()
        return
    price.valid_until = first - DAY
    price.save(update_fields=["valid_until"])
    _note(request, Verb.PRICE_ENDED, price, valid_until=price.valid_until)


@transaction.atomic
def remove(request: HttpRequest, price: Price) -> None:
    """As if it had never been, its past included: for staff, to mend a mistake."""
    _lock(price.credential_id)
    _note(request, Verb.PRICE_REMOVED, price, valid_from=price.valid_from)
    account, model, first = price.credential_id, price.model, price.valid_from
    price.delete()
    ledger.reprice(account, model, first)


def proposals(credential: Credential, first: date) -> list[Price]:
    """What the provider's own page says, as far as nothing stands in its way; not saved."""
    found = documented(credential.provider)
    if found is None:
        return []
    source = f"{found.source} ({found.read_on})"
    prices = [_proposed(each, credential, first, source) for each in found.prices]
    known = list(Price.objects.filter(credential=credential))
    return [price for price in prices if not any(map(price.clashes_with, known))]


def _proposed(each: ListPrice, credential: Credential, first: date, source: str) -> Price:
    return Price(
        credential=credential,
        model=each.model,
        amount=each.amount,
        currency=each.currency,
        tier=each.tier,
        with_video=each.with_video,
        with_audio=each.with_audio,
        flex_percent=each.flex_percent,
        valid_from=first,
        source=source,
    )


@transaction.atomic
def take_over(request: HttpRequest, prices: Iterable[Price]) -> int:
    """How many there are now; what somebody else has meanwhile entered stays."""
    taken = 0
    for price in prices:
        try:
            with transaction.atomic():
                add(request, price)
        except CannotBe:
            continue
        taken += 1
    return taken


def _lock(credential: int) -> None:
    """Of two who enter the same price at once the second is told."""
    Credential.objects.select_for_update(no_key=True).only("pk").get(pk=credential)


def _note(request: HttpRequest, verb: Verb, price: Price, **changes: Any) -> None:
    label = f"{price.credential} · {price}"
    note(request, verb, price, project=_only(price.credential), label=label, **changes)


def _only(credential: Credential) -> Project | None:
    """Whose managers may read the line; of several none, for it is not theirs alone."""
    projects = [] if credential.open_to_all else list(credential.projects.all()[:2])
    return projects[0] if len(projects) == 1 else None
