"""What people paste, and what is made of it."""

from types import SimpleNamespace

import pytest

from tasks.pasted import Entry, Kind, candidates, sort_out
from tasks.providers import provider

A, B = "cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb"
G = "task_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (A, [A]),
        (f"{A}\n{B}\r\n", [A, B]),
        (f"{A}, {B};{G}", [A, B, G]),
        (f"{A}，{B}、{G}", [A, B, G]),
        (f'["{A}", "{B}"]', [A, B]),
        (f"- `{A}`\n- `{B}`", [A, B]),
        (f"\ufeff{A}\u200b {B}", [A, B]),
        (f"https://ark.example/api/v3/contents/generations/tasks/{A}?x=1", [A]),
        (f"https://gw.example/v1/videos/{G}/content", [G]),
        ("https://gw.example/v1/video/generations/vid-77", ["vid-77"]),
        (f"id={A}&b=1", [A]),
        (f'{{"id": "{A}", "model": "doubao-seedance-1-0", "status": "queued"}}', [A]),
        (f'{{\n  "code": "success",\n  "data": {{"task_id": "{G}"}}\n}}', [G]),
        (f'{{"items": [{{"id": "{A}"}}, {{"id": "{B}"}}], "total": 2}}', [A, B]),
        (f"{{'id': '{A}', 'request_id': '0217'}}", [A]),
        (f"2026-11-20 12:00:01 INFO submitted {A}, waiting", [A]),
        (f"curl https://gw.example/v1/video/generations/{G} -H 'Authorization: Bearer k123'", [G]),
        (f"{A}, cgt20261120", [A, "cgt20261120"]),
        ("task_id", ["task_id"]),
        ("  \n , ; ", []),
    ],
)
def test_ids_are_found_in_what_was_pasted(text: str, found: list[str]) -> None:
    assert candidates(text) == found


def test_a_pasted_key_is_never_taken_for_an_id() -> None:
    assert candidates("sk-abcdefghijk123456 Bearer zzz-123456789") == []


def test_a_link_without_an_id_stays_whole_to_be_shown() -> None:
    link = "https://media.example/doubao/0217.mp4?X-Tos-Expires=86400"
    assert candidates(link) == [link]


@pytest.mark.parametrize("text", ["http://[", "http://[::1", "a" * 10_000, "((((" * 500, "\x00"])
def test_rubbish_is_read_without_falling_over(text: str) -> None:
    assert isinstance(candidates(text), list)


def test_each_line_is_told_what_would_become_of_it_mistakes_first() -> None:
    row = object()
    complaint = provider("volcengine").dialect.complaint
    entries = [Entry(text=text) for text in (A, B, "no id", G, A, "cgt-1x", "cgt-2x")]
    trashed = SimpleNamespace(deleted_at="yesterday")
    lines = sort_out(entries, complaint, {B: row, "cgt-1x": None, "cgt-2x": trashed})
    assert [(line.kind, line.task) for line in lines] == [
        (Kind.MALFORMED, None),
        (Kind.DOUBTFUL, None),
        (Kind.NEW, None),
        (Kind.TRASHED, trashed),
        (Kind.TRACKED, row),
        (Kind.TRACKED, None),
        (Kind.DUPLICATE, None),
    ]
