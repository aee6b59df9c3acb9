"""Prices as the providers' own pages had them on a day, to begin a team's own price list with.

They change, and gateways set their own: nothing here is billed or shown as a price before somebody
has looked at it and taken it over. What was found in one weak source only is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPrice:
    """`amount` of `currency` for a million tokens; None and "" stand for either, or any."""

    model: str
    amount: Decimal
    currency: str
    tier: str = ""
    with_video: bool | None = None
    with_audio: bool | None = None
    flex_percent: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    source: str
    read_on: date
    prices: tuple[ListPrice, ...]


_HALF = 50  # what flex costs of it, in percent


def _by_video(model: str, currency: str, rows: dict[str, tuple[str, ...]]) -> Iterator[ListPrice]:
    """Rows of {tier: (without a video given, with one)}."""
    for tier, amounts in rows.items():
        for with_video, amount in zip((False, True), amounts, strict=False):
            yield ListPrice(
                model=model,
                amount=Decimal(amount),
                currency=currency,
                tier=tier,
                with_video=with_video,
            )


def _by_audio(model: str, currency: str, heard: str, silent: str) -> Iterator[ListPrice]:
    for with_audio, amount in ((True, heard), (False, silent)):
        yield ListPrice(
            model=model,
            amount=Decimal(amount),
            currency=currency,
            with_audio=with_audio,
            flex_percent=_HALF,
        )


def _plain(model: str, currency: str, amount: str) -> ListPrice:
    return ListPrice(model=model, amount=Decimal(amount), currency=currency, flex_percent=_HALF)


_READ_ON = date(2026, 11, 20)
LISTS: dict[str, PriceList] = {
    "volcengine": PriceList(
        source="https://www.volcengine.com/docs/82379/1544106",
        read_on=_READ_ON,
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
        read_on=_READ_ON,
        prices=(
            *_by_video("seedance-2-5-260628", "USD", {"720p": ("10.7",), "1080p": ("11.7",)}),
            *_by_video(
                "seedance-2-0-260128",
                "USD",
                {"720p": ("7.0", "4.3"), "1080p": ("7.7", "4.7"), "4k": ("4.0", "2.4")},
            ),
            *_by_video("seedance-2-0-fast-260128", "USD", {"": ("5.6", "3.3")}),
            *_by_video("seedance-2-0-mini-260615", "USD", {"": ("3.5", "2.1")}),
            *_by_audio("seedance-1-5-pro-251215", "USD", "2.4", "1.2"),
            _plain("seedance-1-0-pro-250528", "USD", "2.5"),
        ),
    ),
}


def documented(provider: str) -> PriceList | None:
    """None for gateways: they set their own."""
    return LISTS.get(provider)
