"""Bills read from their files into rows: one for each task, with its lines added up."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasks.models import Bill, BillColumns, BillIssue, BillRow, BillState, Verdict
from tasks.tracking.bills import cells
from tasks.tracking.bills.columns import Columns, fits, recognise, signature
from tasks.tracking.bills.tables import Table, peek, read_table

AT_ONCE = 1_000  # rows in a transaction
SAMPLES = 3  # rows that are shown beside the names of the columns
LONGEST_SAMPLE = 60  # characters
LONGEST_ID, LONGEST_MODEL = 128, 200
NO_ID = ("", "-", "--", "n/a")


def read(bill: Bill) -> None:
    """Read a bill's file into rows, to be compared next.

    Where nobody has said yet which column is which, or no line has an amount with the columns that
    were chosen, it waits for a person. Raises BillFileError.
    """
    content = Bill.objects.values_list("content", flat=True).get(pk=bill.pk)
    samples, table = peek(read_table(bytes(content)), SAMPLES)
    found = recognise(table.heads)
    bill.change(
        heads=list(table.heads),
        samples=[[cell[:LONGEST_SAMPLE] for cell in row] for row in samples],
        format=found.name if found else "",
    )
    columns = Columns.from_json(bill.columns or remembered(table.heads))
    if not columns.names or not fits(columns, table.heads):
        bill.change(state=BillState.COLUMNS, columns={}, lease_until=None)
        return
    tally = _Tally(columns, table)
    if not tally.rows:
        bill.change(state=BillState.COLUMNS, issue=BillIssue.NO_ROWS, lease_until=None)
        return
    _write(bill, tally, columns)


def remembered(heads: tuple[str, ...]) -> Mapping[str, Any]:
    """The columns that a person chose for a table with these names of columns."""
    rows = BillColumns.objects.filter(signature=signature(heads))
    return rows.values_list("columns", flat=True).first() or {}


def _write(bill: Bill, tally: _Tally, columns: Columns) -> None:
    """Replace the bill's rows; they count only once its state says that they are complete."""
    BillRow.objects.filter(bill=bill).delete()
    rows = [row.to_model(bill) for row in tally.rows.values()]
    for start in range(0, len(rows), AT_ONCE):
        BillRow.objects.bulk_create(rows[start : start + AT_ONCE])
    bill.change(
        columns=columns.to_json(),
        state=BillState.COMPARING,
        lines=tally.lines,
        left_out=tally.left_out,
        unread=tally.unread,
        first_unread=tally.first_unread,
        is_monthly=tally.is_monthly,
        first_day=tally.first_day,
        last_day=tally.last_day,
        done=0,
        last_row=0,
        last_charge=0,
        attempts=0,
    )


@dataclass
class _Row:
    """The lines about one task, or about one day and model, added up."""

    line: int
    remote_id: str
    day: date | None
    model: str
    currency: str
    lines: int = 0
    tokens: int | None = None
    micros: int | None = None

    def add(self, day: date | None, tokens: int | None, micros: int | None) -> None:
        self.lines += 1
        if day and (self.day is None or day < self.day):
            self.day = day
        if tokens is not None:
            self.tokens = (self.tokens or 0) + tokens
        if micros is not None:
            self.micros = (self.micros or 0) + micros

    def to_model(self, bill: Bill) -> BillRow:
        return BillRow(
            bill=bill,
            line=self.line,
            lines=self.lines,
            remote_id=self.remote_id,
            day=self.day,
            model=self.model,
            tokens=self.tokens,
            micros=self.micros,
            currency=self.currency if self.micros is not None else "",
            verdict=Verdict.PENDING if self.remote_id else Verdict.NO_ID,
        )


@dataclass
class _Line:
    """One line of the file as the columns have it."""

    remote_id: str = ""
    day: cells.BillDay | None = None
    model: str = ""
    tokens: int | None = None
    micros: int | None = None
    currency: str = ""


@dataclass
class _Tally:
    """The rows of a table, added up as it is read once."""

    columns: Columns
    table: Table
    rows: dict[tuple[Any, ...], _Row] = field(default_factory=dict)
    lines: int = 0
    left_out: int = 0
    unread: int = 0
    first_unread: int = 0
    is_monthly: bool = False
    first_day: date | None = None
    last_day: date | None = None

    def __post_init__(self) -> None:
        self._places = {head: place for place, head in reversed(list(enumerate(self.table.heads)))}
        for number, row in self.table.rows:
            self.lines += 1
            if not self._counts(row):
                self.left_out += 1
            elif line := self._line(row):
                self._add(number, line)
            else:
                self.unread += 1
                self.first_unread = self.first_unread or number

    def _cell(self, row: list[str], name: str) -> str:
        place = self._places.get(name, len(row)) if name else len(row)
        return row[place] if place < len(row) else ""

    def _counts(self, row: list[str]) -> bool:
        wanted = self.columns.only_text.casefold()
        return not wanted or wanted in self._cell(row, self.columns.only_column).casefold()

    def _line(self, row: list[str]) -> _Line | None:
        """The line; None where it names no amount, or something that cannot be read."""
        columns, line = self.columns, _Line()
        remote_id = self._cell(row, columns.task_id)
        line.remote_id = "" if remote_id.casefold() in NO_ID else remote_id[:LONGEST_ID]
        line.model = self._cell(row, columns.model)[:LONGEST_MODEL]
        line.day = cells.day(self._cell(row, columns.day))
        line.currency = columns.one_currency or cells.currency(self._cell(row, columns.currency))
        numbers = []
        for name in (columns.tokens, columns.money):
            cell = self._cell(row, name)
            number = cells.amount(cell) if cell not in NO_ID else None
            if number is None and cell not in NO_ID:
                return None
            numbers.append(number)
        tokens, money = numbers
        if tokens is not None:
            line.tokens = cells.whole(tokens * columns.token_unit)
        if money is not None and line.currency:
            line.micros = cells.micros(money, columns.money_unit)
        has_amount = line.tokens is not None or line.micros is not None
        has_place = bool(line.remote_id or line.day)
        return line if has_amount and has_place else None

    def _add(self, number: int, line: _Line) -> None:
        day = line.day.day if line.day else None
        key: tuple[Any, ...] = (line.remote_id, line.currency)
        if not line.remote_id:
            key = ("", line.currency, day, line.model)
        if key not in self.rows:
            self.rows[key] = _Row(number, line.remote_id, day, line.model, line.currency)
        self.rows[key].add(day, line.tokens, line.micros)
        if line.day:
            self._stretch(line.day)

    def _stretch(self, found: cells.BillDay) -> None:
        """Let the bill's period have this day, or the whole of this month."""
        first = last = found.day
        if found.is_month:
            self.is_monthly = True
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        self.first_day = min(self.first_day or first, first)
        self.last_day = max(self.last_day or last, last)
