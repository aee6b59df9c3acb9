"""Tables as CSV, which a spreadsheet opens in the right letters and in which no cell can run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # by it Excel knows UTF-8
#: What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
RUNS = ("=", "+", "-", "@", "\t", "\r")


def lines(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """As they come, so that a long table needs no memory."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([safe(cell) for cell in head])
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def safe(cell: Any) -> str:
    """Text that begins like a formula gets an apostrophe in front; numbers stay numbers."""
    text = "" if cell is None else str(cell)
    may_run = text.startswith(RUNS) and not isinstance(cell, int | float)
    return f"'{text}" if may_run else text


class _Echo:
    """A file that hands on what is written to it."""

    def write(self, line: str) -> str:
        return line
