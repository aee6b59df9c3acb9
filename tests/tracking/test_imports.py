"""Files and pasted text, and the tasks in them."""

import json
from typing import Any

import pytest

from tasks.tracking.imports.pasted_ids import ImportEntry
from tasks.tracking.imports.task_import import (
    MOST_COLUMNS,
    ImportFileError,
    ImportFileIssue,
    decode,
    parse,
    to_text,
)

A, B = "cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb"
G = "task_0123456789abcdef0123456789abcdef"


def parsed(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.text, dict(entry.details)) for entry in parse(text).entries]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("name", ["id", "ID", "task_id", "Task ID", "任务ID", "任务编号"])
def test_a_table_is_known_by_a_column_of_ids(name: str, delimiter: str) -> None:
    text = f"Prompt{delimiter}{name}\r\nA boat{delimiter}{A}\r\n\r\nA cat{delimiter}{B}\r\n"
    assert parsed(text) == [(A, {"prompt": "A boat"}), (B, {"prompt": "A cat"})]


def test_every_known_column_of_a_table_is_imported() -> None:
    text = (
        "任务ID,提示词,模型,分辨率,宽高比,时长（秒）,随机种子,创建时间,Service tier,Owner\n"
        f"{A},海浪,doubao-seedance-2-0-260128,720p,16:9,5.0,7,2026-11-20 12:00:01,flex,me\n"
    )
    found = parse(text)
    assert found.unused == ("Owner",)
    assert found.entries == [
        ImportEntry(
            text=A,
            line=2,
            details={
                "prompt": "海浪",
                "model": "doubao-seedance-2-0-260128",
                "resolution": "720p",
                "ratio": "16:9",
                "duration": 5,
                "seed": 7,
                "remote_created_at": "2026-11-20T12:00:01",
                "service_tier": "flex",
            },
        )
    ]


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("column", "cell", "field", "value"),
    [
        ("duration", "5s", "duration", 5),
        ("duration", "5秒", "duration", 5),
        ("duration", "-1", "duration", None),
        ("duration", "99999", "duration", None),
        ("seed", "-1", "seed", None),
        ("seed", str(2**63), "seed", None),
        ("seed", "4294967295", "seed", 4294967295),
        ("created_at", "1784279786", "remote_created_at", "2026-07-17T09:16:26+00:00"),
        ("created_at", "1784279786000", "remote_created_at", "2026-07-17T09:16:26+00:00"),
        ("created_at", "2026/07/17 09:16:26", "remote_created_at", "2026-07-17T09:16:26"),
        ("created_at", "yesterday", "remote_created_at", None),
        ("created_at", "9" * 19, "remote_created_at", None),
        ("prompt", "x" * 20_001, "prompt", None),
        ("model", "x" * 201, "model", None),
        ("prompt", "=1+1", "prompt", "=1+1"),
    ],
)
def test_a_cell_is_understood_or_left_out(column: str, cell: str, field: str, value: Any) -> None:
    [entry] = parse(f"id,{column}\n{A},{cell}\n").entries
    assert entry.details.get(field) == value
    assert bool(entry.doubts) == (value is None and cell != "-1")


def test_a_spreadsheets_quoting_of_an_id_is_removed() -> None:
    assert parsed(f'id,prompt\n"=""{A}""",x\n') == [(A, {"prompt": "x"})]


def test_a_row_without_an_id_is_kept_to_be_shown() -> None:
    found = parse(f"id,prompt\n,no id\n{A},x\n").entries
    assert [(entry.text, entry.line) for entry in found] == [("", 2), (A, 3)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"id": A, "prompt": "A boat"}]),
        json.dumps({"total": 1, "items": [{"id": A, "prompt": "A boat"}]}),
        json.dumps({"id": A, "content": [{"type": "text", "text": "A boat"}, {"type": "x"}]}),
        json.dumps({"code": "success", "data": {"task_id": A, "prompt": "A boat"}}),
        json.dumps({"request": {"content": [{"type": "text", "text": "A boat"}]}, "id": A}),
        f'{{"id": "{A}", "提示词": "A boat"}}',
    ],
)
def test_json_of_many_shapes_is_understood(text: str) -> None:
    assert parsed(text) == [(A, {"prompt": "A boat"})]


def test_a_task_id_takes_precedence_over_a_rows_own() -> None:
    text = json.dumps({"id": "row-77", "task_id": G, "data": {"id": A}})
    assert parsed(text) == [(G, {})]


def test_a_broken_json_line_does_not_spoil_the_others() -> None:
    found = parse(f'{{"id": "{A}", "seed": 7}}\n{{"id": broken\n\n{{"id": "{B}"}}\n').entries
    assert [(entry.text, entry.line, entry.broken) for entry in found] == [
        (A, 1, False),
        ('{"id": broken', 2, True),
        (B, 4, False),
    ]


def test_other_text_is_searched_for_ids() -> None:
    assert parsed(f"2026-11-20 INFO submitted {A}, waiting") == [(A, {})]
    assert parsed(f'{{"deep": {{"deeper": {{"id": "{A}"}}}}}}') == [(A, {})]
    assert parsed("task_id") == [("task_id", {})]


def test_parsed_entries_survive_being_written_as_text() -> None:
    table = f'id,prompt,seed,created_at\n{A},"海浪\n""dawn""",7,1784279786\n,no id,,\n{B},,,\n'
    first = parse(table).entries
    again = parse(to_text(first)).entries
    assert [(e.text, e.details) for e in again] == [(e.text, e.details) for e in first]
    assert to_text(parse(f"{A}\n{B}").entries) == f"{A} {B}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_usual_encodings_are_read(encoding: str) -> None:
    text = f"id,提示词\n{A},海浪一只猫\n"
    assert parsed(decode(text.encode(encoding))) == [(A, {"prompt": "海浪一只猫"})]


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("data", "issue"),
    [
        (b"PK\x03\x04 a spreadsheet", ImportFileIssue.SPREADSHEET),
        (b"id\n\x00", ImportFileIssue.NOT_TEXT),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff", ImportFileIssue.NOT_TEXT),
        (b"\xff\xfe\x00", ImportFileIssue.NOT_TEXT),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_issue(
    data: bytes, issue: ImportFileIssue
) -> None:
    with pytest.raises(ImportFileError) as caught:
        decode(data)
    assert caught.value.issue == issue


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        (f'id,prompt\n{A},"never closed\n', ImportFileIssue.BROKEN_TABLE),
        (f"id,prompt\n{A},{'x' * 200_000}\n", ImportFileIssue.BROKEN_TABLE),
        (f"id,{',' * MOST_COLUMNS}\n{A}\n", ImportFileIssue.TOO_MANY_COLUMNS),
    ],
)
def test_the_error_of_a_broken_table_names_the_line(text: str, issue: ImportFileIssue) -> None:
    with pytest.raises(ImportFileError) as caught:
        parse(text)
    assert caught.value.issue == issue
    assert caught.value.line == (0 if issue == ImportFileIssue.TOO_MANY_COLUMNS else 2)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        "[1, null, {}, []]",
        '{"id": 7}',
        '{"id": "\\ud800", "prompt": "\\u0000"}',
        "id,id,id\n1,2,3",
        '"',
        "{",
        "id,\n" + "," * 1000,
    ],
)
def test_rubbish_is_read_without_an_error(text: str) -> None:
    for entry in parse(text).entries:
        json.dumps(entry.text).encode()
        assert "\0" not in entry.text + str(entry.details)
