"""Tables as CSV that spreadsheets read in the right encoding, and in which no cell is a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # tells Excel that the file is UTF-8
#: Where a spreadsheet may see a formula begin (OWASP, "CSV Injection"): at the start of the text,
#: and after whatever it may take for a separator or the end of a line. The file has commas, but a
#: person may open it with semicolons or tabs, and then its quotes no longer hold a cell together.
FORMULA_START = re.compile(r"""^(?=[\t\r\n])|((?:^|[,;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
#: Whether there may be one in a line as it is written, after the end of the line before: most lines
#: have none, and to look for it cell by cell took two thirds of the time of a long table.
RISKY = re.compile(r"""[,;\t\r\n](?:\t|"[\t\r\n]|[\s"]*[=+\-@＝＋－＠])""")
AT_ONCE = 200  # lines of a piece that is sent


def lines(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines one by one, so that a long table needs no memory."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([safe(cell) for cell in head])
    for row in rows:
        cells = list(row)
        line = writer.writerow(cells)
        yield writer.writerow([safe(cell) for cell in cells]) if RISKY.search("\n" + line) else line


def pieces(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines some at a time: each piece that is sent costs the web server a step of its own."""
    found = lines(head, rows)
    while piece := "".join(islice(found, AT_ONCE)):
        yield piece


def safe(cell: Any) -> str:
    """The cell as text, with an apostrophe where a formula could begin; a number stays one."""
    if isinstance(cell, int | float):
        return str(cell)
    return FORMULA_START.sub(r"\1'", "" if cell is None else str(cell))


class _Echo:
    """A file whose `write` returns what is written."""

    def write(self, line: str) -> str:
        return line
