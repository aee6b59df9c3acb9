"""Prices that are missing: which takes have none, and the form in which one is entered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from tasks.models import Price, Tier
from tasks.models.price import LONGEST_NAME
from tasks.providers.catalog.models import find_model
from tasks.web.lists.days import read_day

_WORDS = {True: "True", False: "False", None: ""}
_VALUES = {word: value for value, word in _WORDS.items()}


@dataclass(frozen=True, kw_only=True)
class MissingPrice:
    """A tariff that some takes have without a price, and where the price is entered."""

    credential: int
    name: str
    price: Price
    takes: int
    since: date

    @property
    def url(self) -> str:
        price = self.price
        values = {
            "model": price.model,
            "tier": price.tier,
            "with_video": _WORDS[price.with_video],
            "with_audio": _WORDS[price.with_audio],
            "valid_from": self.since.isoformat(),
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{reverse('prices', args=[self.credential])}?{query}#new-title"


def missing_prices(rows: Iterable[Mapping[str, Any]]) -> list[MissingPrice]:
    """The rows of `lists.cost_charges.missing_prices` as a page shows them."""
    return [
        MissingPrice(
            credential=row["credential"],
            name=row["credential__name"],
            price=Price(
                model=row["model"],
                tier=row["tier"],
                with_video=row["with_video"],
                with_audio=row["with_audio"],
            ),
            takes=row["takes"],
            since=row["since"],
        )
        for row in rows
    ]


def prefilled(query: QueryDict, today: date) -> dict[str, Any]:
    """Initial values of the form for a new price, as the address names them."""
    model, tier = query.get("model", "")[:LONGEST_NAME], query.get("tier", "")
    found: dict[str, Any] = {"valid_from": read_day(query.get("valid_from", "")) or today}
    if find_model(model):
        found["model"] = model
    elif model:
        found |= {"model": "", "other_model": model}
    if tier in Tier.values:
        found["tier"] = tier
    for name in ("with_video", "with_audio"):
        found[name] = _VALUES.get(query.get(name, ""))
    return found
