"""XLSX workbooks that are written row by row, however many there are, in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

ROWS_OF_A_SHEET = 1_048_576  # Excel's limit, the head included
LONGEST_TEXT = 32_767  # characters; Excel's limit for a cell
WIDTH = 16  # characters

#: Texts stay texts: none of them becomes a formula, a link or a number. Rows wait in a file beside
#: the workbook, not in memory.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Workbook:
    """A table in a new file; where a sheet is full, the next one goes on under the same head."""

    def __init__(self, path: Path, head: Sequence[str], *, title: str) -> None:
        self._book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(path.parent)})
        self._head, self._title = head, title
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._money = self._book.add_format({"num_format": "0.00####"})
        self._is_money = ["money" in each for each in head]
        self._sheets = 0
        self._next_sheet()

    def add(self, cells: Sequence[Any]) -> None:
        if self._row == ROWS_OF_A_SHEET:
            self._next_sheet()
        for column, (cell, is_money) in enumerate(zip(cells, self._is_money, strict=True)):
            if cell is None or cell == "":
                continue
            if is_money:
                self._sheet.write_number(self._row, column, float(cell), self._money)
            elif isinstance(cell, int | float):
                self._sheet.write_number(self._row, column, cell)
            elif isinstance(cell, date):
                self._sheet.write_datetime(self._row, column, cell, self._day)
            else:
                self._sheet.write_string(self._row, column, str(cell)[:LONGEST_TEXT])
        self._row += 1

    def close(self) -> None:
        """Pack all sheets into the file, which is complete then."""
        self._book.close()

    def _next_sheet(self) -> None:
        self._sheets += 1
        name = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._head) - 1, WIDTH)
        for column, word in enumerate(self._head):
            self._sheet.write_string(0, column, word, self._bold)
        self._row = 1
