"""Amounts, days and currencies as bills write them. Pure, but for the site's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from tasks.models.charge import day_of

MOST = 10**15  # tokens, or millionths of a currency: what no bill comes to
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_SIGNS = str.maketrans("", "", "¥￥$€£\u00a0 '")
_CURRENCIES = {
    "rmb": "CNY", "cny": "CNY", "人民币": "CNY", "元": "CNY", "¥": "CNY", "usd": "USD",
    "us$": "USD", "$": "USD", "美元": "USD", "美金": "USD",
}  # fmt: skip
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_COMPACT_DAY = re.compile(r"(20\d{2})([01]\d)([0-3]\d)")
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{2})月?")
_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


@dataclass(frozen=True)
class BillDay:
    """The day a line is about; or a month, by its first day."""

    day: date
    is_month: bool = False


def amount(cell: str) -> Decimal | None:
    """Read a number with or without grouping commas and the sign of a currency; None for none."""
    text = cell.translate(_SIGNS)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < MOST else None


def whole(number: Decimal) -> int | None:
    """The number rounded to a whole one; None for one that is absurdly large."""
    rounded = int(number.to_integral_value(ROUND_HALF_EVEN))
    return rounded if abs(rounded) < MOST else None


def micros(number: Decimal, unit: int) -> int | None:
    """An amount, divided by its unit, in millionths."""
    return whole(number * 1_000_000 / unit)


def currency(cell: str) -> str:
    """The three letters of a currency; "" for what is none."""
    word = cell.strip()
    known = _CURRENCIES.get(word.casefold())
    letters = word.upper()
    return known or (letters if re.fullmatch(r"[A-Z]{3}", letters) else "")


def day(cell: str) -> BillDay | None:
    """The day of a time, of the beginning of a span, or of Unix seconds; None for none.

    A time with a zone is put into the site's; without one it is taken for the day it says.
    """
    text = cell.strip()
    try:
        if re.fullmatch(r"\d{10}(\d{3})?(\.0)?", text):
            seconds = int(text[:10])
            return BillDay(day_of(datetime.fromtimestamp(seconds, UTC)))
        if found := _WITH_ZONE.match(text):
            return BillDay(day_of(datetime.fromisoformat(found[0])))
        if found := _DAY.match(text) or _COMPACT_DAY.match(text):
            return BillDay(date(*map(int, found.groups())))
        if found := _MONTH.fullmatch(text):
            return BillDay(date(int(found[1]), int(found[2]), 1), is_month=True)
    except ValueError:
        pass
    return None
