"""Tables out of uploaded files: CSV in any usual encoding, and XLSX. Pure.

An XLSX is a ZIP of XML, so it is measured before it is unpacked; openpyxl reads it row by row, and
with defusedxml it takes no entities.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from openpyxl import load_workbook

from tasks.models.bill import LONGEST_HEAD, BillIssue
from tasks.tracking.imports import task_import

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 500  # files within an XLSX
MOST_ROWS = 50_000
MOST_COLUMNS = 200
LONGEST_CELL = 1_000  # characters that are looked at
LONGEST_PREFACE = 20  # rows above the names of the columns

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class BillFileError(Exception):
    """A file that cannot be read as a bill; `line` counts from 1, and is 0 without a meaning."""

    def __init__(self, issue: BillIssue, line: int = 0) -> None:
        super().__init__(issue)
        self.issue, self.line = issue, line


@dataclass(frozen=True)
class Table:
    """The names of the columns, each once, and the rows with their numbers in the file."""

    heads: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def read_table(data: bytes) -> Table:
    """Read the table of a file; its rows are read as they are asked for.

    The names are in the first row with more than one filled cell. Raises BillFileError, the rows
    as well.
    """
    if data.startswith(_OLD_EXCEL):
        raise BillFileError(BillIssue.OLD_EXCEL)
    rows = _spreadsheet_rows(data) if data.startswith(_ZIP) else _text_rows(data)
    for _line, cells in islice(rows, LONGEST_PREFACE):
        if sum(bool(cell) for cell in cells) > 1:
            if len(cells) > MOST_COLUMNS:
                raise BillFileError(BillIssue.TOO_MANY_COLUMNS)
            return Table(_names(cells), _filled(rows))
    raise BillFileError(BillIssue.NO_TABLE)


def _names(cells: list[str]) -> tuple[str, ...]:
    """The names of the columns; one that comes again gets its number: "Amount (2)"."""
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = cell[:LONGEST_HEAD] or f"#{place}"
        again = sum(1 for each in cells[: place - 1] if each[:LONGEST_HEAD] == name)
        names.append(f"{name} ({again + 1})" if again else name)
    return tuple(names)


def _filled(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for line, cells in rows:
        if any(cells):
            number += 1
            if number > MOST_ROWS:
                raise BillFileError(BillIssue.TOO_MANY_ROWS)
            yield line, cells


# Text


def _text_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = task_import.decode(data)
    except task_import.ImportFileError:
        raise BillFileError(BillIssue.NOT_TEXT) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [_clean(cell) for cell in cells]
    except csv.Error:
        raise BillFileError(BillIssue.BROKEN, reader.line_num) from None


def _delimiter(text: str) -> str:
    """The sign that divides the most cells in the first lines."""
    first = text[:10_000].splitlines()[:LONGEST_PREFACE]
    return max(",\t;", key=lambda sign: max((line.count(sign) for line in first), default=0))


def _clean(cell: str) -> str:
    """Remove what protects a cell of a spreadsheet: ="…", and the tab after a long number."""
    cell = cell[:LONGEST_CELL].replace("\0", "").strip()
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell


# Spreadsheets


def _spreadsheet_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    _measure(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [each for each in book.worksheets if each.sheet_state == "visible"]
        if not sheets:
            return
        sheets[0].reset_dimensions()  # some programs write wrong ones
        rows = sheets[0].iter_rows(
            max_row=MOST_ROWS + LONGEST_PREFACE + 1, max_col=MOST_COLUMNS + 1, values_only=True
        )
        for line, cells in enumerate(rows, start=1):
            yield line, _without_empty_end([_text(cell) for cell in cells])
    except BillFileError:
        raise
    except Exception as error:  # whatever an odd file breaks in the library
        raise BillFileError(BillIssue.BROKEN) from error


def _measure(data: bytes) -> None:
    """Refuse a ZIP that says it is large; no part of it unpacks to more than it says."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BillFileError(BillIssue.BROKEN) from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BillFileError(BillIssue.TOO_LARGE)


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return _clean(str(cell))


def peek(table: Table, number: int) -> tuple[list[list[str]], Table]:
    """The first rows, and the table with them still in it."""
    first = list(islice(table.rows, number))
    return [cells for _line, cells in first], Table(table.heads, chain(first, table.rows))
