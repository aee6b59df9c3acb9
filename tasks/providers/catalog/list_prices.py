"""Prices from the providers' own pages on a certain day, to start a team's own price list with.

They change, and gateways set their own. No price here is used for billing or shown as a price
before a person has reviewed and adopted it. Prices that only one weak source gives are left out.
The slower flex tier has a published price for 1.5 pro only; other models are listed at their full
price for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPrice:
    """The price of a million tokens, a second or a video: `amount` in `currency`.

    None and "" match any value.
    """

    model: str
    amount: Decimal
    currency: str
    tier: str = ""
    with_video: bool | None = None
    with_audio: bool | None = None
    flex_percent: int = 100
    unit: str = "tokens"  # a million of them; or "second", or "video"


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    """The prices of one page, and the day on which it was read."""

    source: str
    read_on: date
    prices: tuple[ListPrice, ...]


_HALF = 50  # price of the flex tier in per cent of the usual one


def _by_video(model: str, currency: str, rows: dict[str, tuple[str, ...]]) -> Iterator[ListPrice]:
    """Make prices of rows in the form {tier: (without an input video, with one)}."""
    for tier, amounts in rows.items():
        for with_video, amount in zip((False, True), amounts, strict=False):
            yield ListPrice(
                model=model,
                amount=Decimal(amount),
                currency=currency,
                tier=tier,
                with_video=with_video,
            )


def _by_audio(model: str, currency: str, audible: str, silent: str) -> Iterator[ListPrice]:
    for with_audio, amount in ((True, audible), (False, silent)):
        yield ListPrice(
            model=model,
            amount=Decimal(amount),
            currency=currency,
            with_audio=with_audio,
            flex_percent=_HALF,
        )


def _plain(model: str, currency: str, amount: str) -> ListPrice:
    return ListPrice(model=model, amount=Decimal(amount), currency=currency)


PRICE_LISTS: dict[str, PriceList] = {
    "volcengine": PriceList(
        source="https://www.volcengine.com/docs/82379/1544106",
        read_on=date(2026, 11, 20),
        prices=(
            *_by_video("seedance-2-5-260628", "CNY", {"720p": ("70", "42"), "1080p": ("77", "46")}),
            *_by_video(
                "seedance-2-0-260128",
                "CNY",
                {"720p": ("46", "28"), "1080p": ("51", "31"), "4k": ("26", "16")},
            ),
            *_by_video("seedance-2-0-fast-260128", "CNY", {"": ("37", "22")}),
            *_by_video("seedance-2-0-mini-260615", "CNY", {"": ("23", "14")}),
            *_by_audio("seedance-1-5-pro-251215", "CNY", "16", "8"),
            _plain("seedance-1-0-pro-250528", "CNY", "15"),
        ),
    ),
    "byteplus": PriceList(
        source="https://docs.byteplus.com/en/docs/ModelArk/1544106",
        read_on=date(2026, 11, 30),
        prices=(
            # The 7.0 has been read on one page only.
            *_by_video(
                "seedance-2-5-260628", "USD", {"720p": ("10.7", "6.4"), "1080p": ("11.7", "7.0")}
            ),
            *_by_video(
                "seedance-2-0-260128",
                "USD",
                {"720p": ("7.0", "4.3"), "1080p": ("7.7", "4.7"), "4k": ("4.0", "2.4")},
            ),
            *_by_video("seedance-2-0-fast-260128", "USD", {"": ("5.6", "3.3")}),
            *_by_video("seedance-2-0-mini-260615", "USD", {"": ("3.5", "2.1")}),
            *_by_audio("seedance-1-5-pro-251215", "USD", "2.4", "1.2"),
            _plain("seedance-1-0-pro-250528", "USD", "2.5"),
            _plain("seedance-1-0-pro-fast-251015", "USD", "1.0"),
        ),
    ),
}


def documented_prices(provider: str) -> PriceList | None:
    """Return the provider's published prices, or None for a gateway, which sets its own."""
    return PRICE_LISTS.get(provider)
