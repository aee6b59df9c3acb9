"""Files and pasted text, and the tasks in them."""

import json
from typing import Any

import pytest

from tasks.imports import MOST_COLUMNS, Reason, Unreadable, carried, decode, read
from tasks.pasted import Entry

A, B = "cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb"
G = "task_0123456789abcdef0123456789abcdef"


def told(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.text, dict(entry.given)) for entry in read(text).entries]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("name", ["id", "ID", "task_id", "Task ID", "任务ID", "任务编号"])
def test_a_table_is_known_by_a_column_of_ids(name: str, delimiter: str) -> None:
    text = f"Prompt{delimiter}{name}\r\nA boat{delimiter}{A}\r\n\r\nA cat{delimiter}{B}\r\n"
    assert told(text) == [(A, {"prompt": "A boat"}), (B, {"prompt": "A cat"})]


def test_all_that_a_table_can_say_is_taken_over() -> None:
    text = (
        "任务ID,提示词,模型,分辨率,宽高比,时长（秒）,随机种子,创建时间,Service tier,Owner\n"
        f"{A},海浪,doubao-seedance-2-0-260128,720p,16:9,5.0,7,2026-11-20 12:00:01,flex,me\n"
    )
    found = read(text)
    assert found.unused == ("Owner",)
    assert found.entries == [
        Entry(
            text=A,
            line=2,
            given={
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
    [entry] = read(f"id,{column}\n{A},{cell}\n").entries
    assert entry.given.get(field) == value
    assert bool(entry.doubts) == (value is None and cell != "-1")


def test_a_spreadsheets_way_to_keep_an_id_as_text_is_taken_off() -> None:
    assert told(f'id,prompt\n"=""{A}""",x\n') == [(A, {"prompt": "x"})]


def test_a_row_without_an_id_is_kept_to_be_told_of() -> None:
    found = read(f"id,prompt\n,no id\n{A},x\n").entries
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
    assert told(text) == [(A, {"prompt": "A boat"})]


def test_a_task_id_goes_before_a_rows_own() -> None:
    text = json.dumps({"id": "row-77", "task_id": G, "data": {"id": A}})
    assert told(text) == [(G, {})]


def test_of_json_lines_a_broken_one_does_not_spoil_the_others() -> None:
    found = read(f'{{"id": "{A}", "seed": 7}}\n{{"id": broken\n\n{{"id": "{B}"}}\n').entries
    assert [(entry.text, entry.line, entry.broken) for entry in found] == [
        (A, 1, False),
        ('{"id": broken', 2, True),
        (B, 4, False),
    ]


def test_words_that_are_neither_are_looked_through_for_ids() -> None:
    assert told(f"2026-11-20 INFO submitted {A}, waiting") == [(A, {})]
    assert told(f'{{"deep": {{"deeper": {{"id": "{A}"}}}}}}') == [(A, {})]
    assert told("task_id") == [("task_id", {})]


def test_what_was_read_is_carried_to_the_next_step_unchanged() -> None:
    table = f'id,prompt,seed,created_at\n{A},"海浪\n""dawn""",7,1784279786\n,no id,,\n{B},,,\n'
    first = read(table).entries
    again = read(carried(first)).entries
    assert [(e.text, e.given) for e in again] == [(e.text, e.given) for e in first]
    assert carried(read(f"{A}\n{B}").entries) == f"{A} {B}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_usual_encodings_are_read(encoding: str) -> None:
    text = f"id,提示词\n{A},海浪一只猫\n"
    assert told(decode(text.encode(encoding))) == [(A, {"prompt": "海浪一只猫"})]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 a spreadsheet", Reason.SPREADSHEET),
        (b"id\n\x00", Reason.NOT_TEXT),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff", Reason.NOT_TEXT),
        (b"\xff\xfe\x00", Reason.NOT_TEXT),
    ],
)
def test_what_is_no_text_is_said(data: bytes, reason: Reason) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(data)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f'id,prompt\n{A},"never closed\n', Reason.BROKEN_TABLE),
        (f"id,prompt\n{A},{'x' * 200_000}\n", Reason.BROKEN_TABLE),
        (f"id,{',' * MOST_COLUMNS}\n{A}\n", Reason.TOO_MANY_COLUMNS),
    ],
)
def test_a_table_that_cannot_be_read_is_said_with_its_line(text: str, reason: Reason) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert caught.value.reason == reason
    assert caught.value.line == (0 if reason == Reason.TOO_MANY_COLUMNS else 2)


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
def test_rubbish_is_read_without_falling_over(text: str) -> None:
    for entry in read(text).entries:
        json.dumps(entry.text).encode()
        assert "\0" not in entry.text + str(entry.given)
