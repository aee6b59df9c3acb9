"""Tables as CSV that spreadsheets read in the right encoding, and in which no cell is a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # tells Excel that the file is UTF-8
#: Where a spreadsheet may see a formula begin (OWASP, "CSV Injection"): at the start of the text,
#: and after whatever it may take for a separator or the end of a line. The file has commas, but a
#: person may open it with semicolons or tabs, and then its quotes no longer hold a cell together.
FORMULA_START = re.compile(r"""^(?=[\t\r\n])|((?:^|[,;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
#: Whether there may be one in lines as they are written, after the end of the line before: most
#: have none, and to look for it cell by cell took two thirds of the time of a long table.
RISKY = re.compile(r"""[,;\t\r\n](?:\t|"[\t\r\n]|[\s"]*[=+\-@＝＋－＠])""")
AT_ONCE = 200  # lines of a piece that is sent


def pieces(head: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The table some lines at a time: each piece costs the web server a step of its own."""
    yield BYTE_ORDER_MARK + _written([list(head)])
    left = iter(rows)
    while portion := list(islice(left, AT_ONCE)):
        yield _written(portion)


def _written(rows: Sequence[Sequence[Any]]) -> str:
    """The lines of these rows, looked at all together, and one by one where there is any risk."""
    lines = _Lines()
    csv.writer(lines).writerows(rows)
    text = "".join(lines)
    if not RISKY.search("\n" + text):
        return text
    for place, row in enumerate(rows):
        if RISKY.search("\n" + lines[place]):
            safe_line = _Lines()
            csv.writer(safe_line).writerow([safe(cell) for cell in row])
            [lines[place]] = safe_line
    return "".join(lines)


def safe(cell: Any) -> str:
    """The cell as text, with an apostrophe where a formula could begin; a number stays one."""
    if isinstance(cell, int | float):
        return str(cell)
    return FORMULA_START.sub(r"\1'", "" if cell is None else str(cell))


class _Lines(list[str]):
    """A file that keeps its lines as they are written."""

    write = list.append
