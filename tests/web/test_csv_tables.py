"""Cells that no spreadsheet runs, whatever it takes for the separator."""

from __future__ import annotations

import csv
import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.web.lists import csv_tables

SEPARATORS = ",;\t"
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
PIECES = ["=1+1", "-", "@", "+", ",", ";", "\t", "\r", "\n", '"', "'", " ", "a", "＝", "\u3000"]


def cells(table: str, separator: str) -> list[str]:
    """All cells as a spreadsheet reads them with this separator."""
    text = io.StringIO(table.removeprefix(csv_tables.BYTE_ORDER_MARK), newline="")
    return [cell for row in csv.reader(text, delimiter=separator) for cell in row]


def assert_harmless(values: list[str]) -> None:
    table = "".join(csv_tables.pieces(["first", "second"], [values, values]))
    for separator in SEPARATORS:
        for cell in cells(table, separator):
            start = cell.lstrip('" \t\r\n\u3000')
            assert not start.startswith(FORMULA), (separator, cell, table)


@pytest.mark.parametrize("sign", FORMULA)
def test_no_cell_begins_like_a_formula_with_any_separator(sign: str) -> None:
    before = ["", "x,", "x;", "x\t", "x\n", "x\r"]
    for text, quote, space in product(before, ["", '"'], ["", " ", "\t", "\r"]):
        assert_harmless([f"{text}{space}{quote}{sign}HYPERLINK(1)", f"{text}{quote}{sign}1"])


@given(st.lists(st.lists(st.sampled_from(PIECES)).map("".join), min_size=1, max_size=3))
def test_no_text_at_all_becomes_a_formula(values: list[str]) -> None:
    assert_harmless(values)


@given(st.lists(st.lists(st.sampled_from(PIECES)).map("".join) | st.integers() | st.none(),
                min_size=1, max_size=4))  # fmt: skip
def test_a_look_at_all_rows_finds_what_a_look_at_each_cell_does(values: list[object]) -> None:
    rows: list[list[object]] = [["plain", 1], values, ["plain", None], values]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([csv_tables.safe(each) for each in row] for row in rows)
    assert [*csv_tables.pieces(["head"], rows)][1] == text.getvalue()


def test_pieces_are_the_lines_some_at_a_time() -> None:
    rows = [[each] for each in range(csv_tables.AT_ONCE * 2 + 1)]
    head, *found = csv_tables.pieces(["number"], iter(rows))
    assert head == f"{csv_tables.BYTE_ORDER_MARK}number\r\n"
    assert [each.count("\r\n") for each in found] == [csv_tables.AT_ONCE] * 2 + [1]
    assert "".join(found).split() == [str(each) for [each] in rows]


def test_numbers_stay_numbers_and_ordinary_text_stays_as_it_is() -> None:
    text = 'A boat, at 5 - 6 knots; "left-hand" view = wide, 海浪＝慢'
    assert [csv_tables.safe(each) for each in (-5, -0.5, None, text)] == ["-5", "-0.5", "", text]
