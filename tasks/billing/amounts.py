"""Sums of tokens and money, formatted for people."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from tasks.models.budget import TOKENS
from tasks.models.charge import in_currency
from tasks.models.price import PriceUnit

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_CENT = Decimal("0.01")


def money(micros: int, currency: str) -> str:
    """Format money: ¥3.20, $1,234.00, JPY 320.00; less than a cent with the digits it needs."""
    amount = in_currency(micros)
    if 0 < abs(amount) < _CENT:
        words = f"{amount:.2g}" if amount >= Decimal("0.0001") else f"{amount:f}"
    else:
        words = f"{amount.quantize(_CENT, rounding=ROUND_HALF_UP):,}"
    sign = SIGNS.get(currency)
    return f"{sign}{words}" if sign else f"{currency} {words}"


def amount(value: Decimal, currency: str) -> str:
    """Format a price as it was typed: ¥46, $4.3."""
    words = f"{value.normalize():f}"
    sign = SIGNS.get(currency)
    return f"{sign}{words}" if sign else f"{currency} {words}"


def for_unit(price: str, unit: str) -> str:
    """Say what a price is the price of: ¥46 for a million tokens."""
    words = {
        PriceUnit.TOKENS: _("%(price)s per million tokens"),
        PriceUnit.SECOND: _("%(price)s per second"),
        PriceUnit.VIDEO: _("%(price)s per video"),
    }
    return words[PriceUnit(unit)] % {"price": price}


def sum_of(number: int, unit: str) -> str:
    """Format tokens, or millionths of a currency."""
    if unit == TOKENS:
        return _("%(number)s tokens") % {"number": f"{number:,}"}
    return money(number, unit)
