"""Numbers in untrusted text."""

from __future__ import annotations


def whole_number(text: str) -> int | None:
    """Read a row's id from ASCII digits; None for any other text.

    Ids have 64 bits, and a database refuses more digits. `str.isdigit` alone is true for "²".
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
