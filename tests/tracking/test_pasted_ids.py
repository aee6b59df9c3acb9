"""Ids in pasted text, and the preview of what would become of them."""

from types import SimpleNamespace

import pytest

from tasks.providers import provider
from tasks.tracking.imports.pasted_ids import ImportEntry, PreviewKind, find_ids, preview_lines

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
    assert find_ids(text) == found


def test_a_pasted_key_is_never_taken_for_an_id() -> None:
    assert find_ids("sk-abcdefghijk123456 Bearer zzz-123456789") == []


def test_a_link_without_an_id_stays_whole_to_be_shown() -> None:
    link = "https://media.example/doubao/0217.mp4?X-Tos-Expires=86400"
    assert find_ids(link) == [link]


@pytest.mark.parametrize("text", ["http://[", "http://[::1", "a" * 10_000, "((((" * 500, "\x00"])
def test_rubbish_is_read_without_an_error(text: str) -> None:
    assert isinstance(find_ids(text), list)


def test_the_preview_says_what_each_entry_would_become_mistakes_first() -> None:
    row = object()
    id_issue = provider("volcengine").dialect.id_issue
    entries = [ImportEntry(text=text) for text in (A, B, "no id", G, A, "cgt-1x", "cgt-2x")]
    trashed = SimpleNamespace(deleted_at="yesterday")
    lines = preview_lines(entries, id_issue, {B: row, "cgt-1x": None, "cgt-2x": trashed})
    assert [(line.kind, line.task) for line in lines] == [
        (PreviewKind.MALFORMED, None),
        (PreviewKind.DOUBTFUL, None),
        (PreviewKind.NEW, None),
        (PreviewKind.TRASHED, trashed),
        (PreviewKind.TRACKED, row),
        (PreviewKind.TRACKED, None),
        (PreviewKind.DUPLICATE, None),
    ]
