"""Saved files, played in ranges."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import storages

from tasks.models import Copy
from tasks.web.files import files
from tests.web.media.conftest import LONG, MOVIE, Ask, body


def test_a_video_is_whole_without_a_range(saved: Copy, ask: Ask) -> None:
    response = ask()
    assert response.status_code == 200 and body(response) == MOVIE
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-99999", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-99999", 0, 1024),
        ("BYTES= 3-5 ", 3, 6),
        (f"bytes=3-{'9' * 40}", 3, 1024),
    ],
)
def test_a_range_brings_just_these_bytes(
    saved: Copy, ask: Ask, asked: str, start: int, end: int
) -> None:
    response = ask(asked)
    assert response.status_code == 206
    assert body(response) == MOVIE[start:end]
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/1024"
    assert response["Content-Length"] == str(end - start)
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_length(
    saved: Copy, ask: Ask, asked: str
) -> None:
    response = ask(asked)
    assert response.status_code == 416 and not body(response)
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",  # several: a server may send all instead
        "bytes=9-3",
        "bytes=-",
        "bytes=a-b",
        "bytes=٣-",
        "lines=1-2",
        "nonsense",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_a_range_that_is_none_or_several_brings_the_whole_file(
    saved: Copy, ask: Ask, asked: str
) -> None:
    response = ask(asked)
    assert response.status_code == 200 and body(response) == MOVIE


def test_head_tells_of_the_whole_file_and_sends_nothing(saved: Copy, ask: Ask) -> None:
    for response in (ask(method="head"), ask("bytes=0-9", method="head")):
        assert response.status_code == 200 and response.content == b""
        assert response["Content-Length"] == "1024"
        assert response["Accept-Ranges"] == "bytes" and response["ETag"]


def test_a_range_of_a_file_that_changed_meanwhile_brings_the_new_one(saved: Copy, ask: Ask) -> None:
    whole = ask()
    same = (whole["ETag"], whole["Last-Modified"])
    other = ('"other"', f"W/{whole['ETag']}", "Sat, 01 Jan 2000 00:00:00 GMT", "nonsense")
    assert [ask("bytes=0-9", if_range=each).status_code for each in same] == [206] * 2
    assert [ask("bytes=0-9", if_range=each).status_code for each in other] == [200] * 4
    assert ask("bytes=9999-", if_range='"other"').status_code == 200


def test_the_entity_tag_follows_from_the_hash_and_does_not_tell_it(saved: Copy, ask: Ask) -> None:
    before = ask()["ETag"]
    assert before == ask()["ETag"] and saved.sha256 not in before
    Copy.objects.update(sha256="0" * 64)
    assert ask()["ETag"] != before


def test_what_a_browser_has_is_not_sent_again(saved: Copy, ask: Ask) -> None:
    whole = ask()
    for known in (
        {"if_none_match": whole["ETag"]},
        {"if_none_match": f'"x", W/{whole["ETag"]}'},
        {"if_modified_since": whole["Last-Modified"]},
    ):
        response = ask("bytes=0-9", **known)
        assert response.status_code == 304 and not response.content
        assert response["ETag"] == whole["ETag"]
        assert response["Content-Security-Policy"] == whole["Content-Security-Policy"]
    assert ask(if_none_match='"other"').status_code == 200
    assert ask(if_match='"other"').status_code == 412


def test_a_player_is_given_a_part_at_a_time_and_never_streamed(long: Copy, ask: Ask) -> None:
    read, answers = 0, 0
    while read < LONG:
        response = ask(f"bytes={read}-")
        assert response.status_code == 206 and not response.streaming
        assert len(response.content) <= files.PART
        assert response["Content-Range"].startswith(f"bytes {read}-")
        read, answers = read + len(response.content), answers + 1
    assert (read, answers) == (LONG, 4)


def test_a_resumed_download_is_given_all_the_rest(long: Copy, ask: Ask) -> None:
    whole = ask(method="head")
    for response in (
        ask("bytes=100-", "video?download"),
        ask("bytes=100-", if_range=whole["ETag"]),
        ask(f"bytes=100-{LONG}"),
    ):
        assert response.status_code == 206 and response.streaming
        assert len(body(response)) == LONG - 100 == int(response["Content-Length"])


def test_a_file_nobody_reads_to_its_end_is_closed(
    long: Copy, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    known = storages["videos"].open

    def noted(name: str) -> Any:
        opened.append(known(name))
        return opened[-1]

    monkeypatch.setattr(storages["videos"], "open", noted)
    unread, begun = ask(), ask()
    next(iter(begun.streaming_content))
    unread.close()
    begun.close()
    assert len(opened) == 2 and all(file.closed for file in opened)
