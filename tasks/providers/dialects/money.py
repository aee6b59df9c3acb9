"""Money that a provider's answer names, in millionths of its currency. Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

#: More than any video costs; an absurd answer must fit into the column.
MOST_MICROS = 10**15


def micros(amount: object) -> int | None:
    """Return an amount of money in millionths, rounded half to even; None for no sane amount."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return None
    try:
        exact = Decimal(str(amount)[:40])
    except InvalidOperation:
        return None
    if not exact.is_finite() or not 0 <= exact < MOST_MICROS // 1_000_000:
        return None
    return int((exact * 1_000_000).to_integral_value())
