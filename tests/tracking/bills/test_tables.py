"""Files of bills: CSV in the encodings that people have, XLSX, and what is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from tasks.models import BillIssue
from tasks.tracking.bills import tables
from tasks.tracking.bills.tables import BillFileError, read_table


def spreadsheet(*rows: list[Any]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def read(data: bytes) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    table = read_table(data)
    return table.heads, list(table.rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_text_is_read_in_any_usual_encoding(encoding: str, delimiter: str) -> None:
    text = f"任务ID{delimiter}金额\r\ncgt-1{delimiter}5.01\r\n\r\n"
    assert read(text.encode(encoding)) == (("任务ID", "金额"), [(2, ["cgt-1", "5.01"])])


def test_a_spreadsheet_is_read_with_its_days_and_numbers() -> None:
    at = datetime.fromisoformat("2026-11-03T08:00")
    data = spreadsheet(["Task", "Day", "Amount"], ["cgt-1", at, 5.01])
    assert read(data)[1] == [(2, ["cgt-1", "2026-11-03 08:00:00", "5.01"])]


def test_lines_above_the_names_of_the_columns_are_passed_over() -> None:
    heads, rows = read(b"Bill of November\n\nTask,Amount\ncgt-1,5\n")
    assert (heads, rows) == (("Task", "Amount"), [(4, ["cgt-1", "5"])])


def test_columns_of_one_name_are_told_apart() -> None:
    assert read(b"Amount,,Amount\n1,2,3\n")[0] == ("Amount", "#2", "Amount (2)")


def test_what_makes_a_spreadsheet_take_an_id_for_text_is_removed() -> None:
    assert read(b'Task,Day\n"=""cgt-1""",2026-11-03\t\n')[1][0][1] == ["cgt-1", "2026-11-03"]


@pytest.mark.parametrize(
    ("data", "issue"),
    [
        (b"\xd0\xcf\x11\xe0 rest", BillIssue.OLD_EXCEL),
        (b"\x89PNG\r\n\x1a\n\0\0\0", BillIssue.NOT_TEXT),
        (b"PK\x03\x04 broken", BillIssue.BROKEN),
        (b'Task,Amount\n"cgt-1,5\n', BillIssue.BROKEN),
        (b"only words\nin one column\n", BillIssue.NO_TABLE),
        (b"", BillIssue.NO_TABLE),
        (b"," * 300 + b"a,b\n1,2\n", BillIssue.TOO_MANY_COLUMNS),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, issue: BillIssue) -> None:
    with pytest.raises(BillFileError) as refused:
        read(data)
    assert refused.value.issue == issue


@pytest.mark.exhaustive
def test_a_zip_that_unpacks_to_too_much_is_refused_unread() -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(tables.MOST_UNPACKED // 2**20 + 1):
            part.write(bytes(2**20))
    assert len(file.getvalue()) < 10**6
    with pytest.raises(BillFileError) as refused:
        read(file.getvalue())
    assert refused.value.issue == BillIssue.TOO_LARGE


@pytest.mark.parametrize("is_spreadsheet", [True, False])
def test_too_many_rows_are_refused(is_spreadsheet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    rows: list[list[Any]] = [["Task", "Amount"], *([f"cgt-{n}", n] for n in range(4))]
    text = "".join(f"{task},{amount}\n" for task, amount in rows).encode()
    with pytest.raises(BillFileError) as refused:
        read(spreadsheet(*rows) if is_spreadsheet else text)
    assert refused.value.issue == BillIssue.TOO_MANY_ROWS


def test_entities_of_a_spreadsheet_are_not_expanded() -> None:
    data, file = spreadsheet(["Task", "Amount"], ["cgt-1", 5]), io.BytesIO()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = bomb + text[text.index("<worksheet") :]
            new.writestr(name, text)
    with pytest.raises(BillFileError) as refused:
        read(file.getvalue())
    assert refused.value.issue == BillIssue.BROKEN
