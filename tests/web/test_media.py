"""Saved files: played in ranges, kept under speaking names, packed into ZIPs, for their people."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.http.response import HttpResponseBase
from django.test import Client

from tasks import serving
from tasks.models import Copy, CopyState, Kind, Task
from tasks.serving import files
from tasks.serving.names import Unique, file_name
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

MOVIE = bytes(range(256)) * 4  # 1,024 bytes, each place known by its value
LONG = 3 * files.PART + 7


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task("cgt-1", status="succeeded", prompt="A paper boat sails out")


@pytest.fixture
def saved(task: Task, save_copy: SaveCopy) -> Copy:
    return save_copy(task, MOVIE, poster=b"RIFF")


@pytest.fixture
def long(task: Task, save_copy: SaveCopy) -> Copy:
    return save_copy(task, bytes(LONG))


@pytest.fixture
def viewing(client_of: ClientOf, viewer: User) -> Client:
    return client_of(viewer)


Ask = Callable[..., Any]


@pytest.fixture
def ask(viewing: Client, task: Task) -> Ask:
    """ask("bytes=0-9", if_range=…): the video, or ?download and the like behind it."""

    def ask(range: str = "", address: str = "video", method: str = "get", **more: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        wanted = headers | ({"range": range} if range else {})
        return getattr(viewing, method)(f"/tasks/{task.pk}/{address}", headers=wanted)

    return ask


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# Ranges


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


def test_the_entity_tag_is_the_hash(saved: Copy, ask: Ask) -> None:
    assert ask()["ETag"] == f'"{saved.sha256}"'


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


# Harmless


@pytest.mark.parametrize("address", ["video", "poster", "video?download"])
@pytest.mark.parametrize("asked", ["", "bytes=0-1", "bytes=99999-"])
def test_whatever_is_in_a_file_it_is_inert(
    task: Task, save_copy: SaveCopy, ask: Ask, address: str, asked: str
) -> None:
    save_copy(task, b"<script>alert(1)</script>", poster=b"<svg onload=alert(1)>")
    response = ask(asked, address)
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"].startswith("private")
    if response.status_code != 416:
        assert response["Content-Type"] == ("image/webp" if "poster" in address else "video/mp4")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.svg", "application/octet-stream"),
        ("a.html", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_an_images_type_comes_from_its_name_in_our_storage(name: str, content_type: str) -> None:
    assert files.image_type(Path(name).suffix) == content_type


def test_a_last_frame_is_an_image(task: Task, save_copy: SaveCopy, ask: Ask) -> None:
    save_copy(task, b"\x89PNG", kind=Kind.LAST_FRAME)
    response = ask(address="last-frame")
    assert body(response) == b"\x89PNG" and response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, max-age=3600"


def test_a_poster_made_anew_has_another_entity_tag(saved: Copy, ask: Ask) -> None:
    before = ask(address="poster")["ETag"]
    Path(storages["videos"].path(saved.poster)).write_bytes(b"RIFF, but better")
    assert ask(address="poster")["ETag"] != before


# Whose


@pytest.mark.parametrize("state", [s for s in CopyState if s != CopyState.SAVED])
def test_what_is_not_saved_is_not_there(
    task: Task, save_copy: SaveCopy, ask: Ask, state: CopyState
) -> None:
    save_copy(task, MOVIE, state=state, poster=b"RIFF")
    save_copy(task, MOVIE, kind=Kind.LAST_FRAME, state=state)
    for address in ("video", "last-frame", "poster"):
        assert ask(address=address).status_code == 404


def test_a_video_without_a_poster_has_none(task: Task, save_copy: SaveCopy, ask: Ask) -> None:
    save_copy(task, MOVIE)
    assert ask(address="poster").status_code == 404


def test_a_file_that_was_lost_is_a_page_that_is_not_there_and_a_line_in_the_log(
    saved: Copy, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    storages["videos"].delete(saved.name)
    assert ask().status_code == 404
    assert saved.name in caplog.text


def test_no_address_names_a_file(saved: Copy, viewing: Client) -> None:
    """Only our own numbers are read out of it; the names are the rows'."""
    for path in (
        "/tasks/../video",
        "/tasks/1/video/../../..",
        "/tasks/-1/video",
        "/tasks/%2e/video",
    ):
        assert viewing.get(path).status_code == 404


def test_a_name_that_leads_out_of_the_storage_opens_nothing(
    task: Task, save_copy: SaveCopy, viewing: Client
) -> None:
    copy = save_copy(task, MOVIE)
    Copy.objects.filter(pk=copy.pk).update(name="../../etc/passwd")
    assert viewing.get(f"/tasks/{task.pk}/video").status_code == 400


def test_a_range_costs_four_statements(
    saved: Copy, ask: Ask, django_assert_num_queries: Any
) -> None:
    ask()
    with django_assert_num_queries(4):  # session, person, projects, the copy with its task
        ask("bytes=0-9")


# Names


def test_a_kept_file_says_what_it_is(saved: Copy, ask: Ask) -> None:
    name = 'filename="Dailies - A paper boat sails out - cgt-1.mp4"'
    assert ask()["Content-Disposition"] == f"inline; {name}"
    assert ask(address="video?download")["Content-Disposition"] == f"attachment; {name}"
    poster = ask(address="poster?download")["Content-Disposition"]
    assert poster == 'attachment; filename="Dailies - A paper boat sails out - cgt-1 - Poster.webp"'


def test_chinese_is_kept(task: Task, saved: Copy, ask: Ask) -> None:
    Task.objects.filter(pk=task.pk).update(prompt="纸船，驶过雨后的街道")
    kept = ask(address="video?download")["Content-Disposition"]
    assert kept.startswith("attachment; filename*=utf-8''") and kept.isascii()
    assert unquote(kept).endswith("Dailies - 纸船 驶过雨后的街道 - cgt-1.mp4")


@pytest.mark.parametrize(
    "hostile",
    [
        "../../etc/passwd",
        'a"; filename="b.exe',
        "a\r\nSet-Cookie: b=c",
        "C:\\con\x00\u202egpj.exe",
        "." * 50,
        "",
        "e\u0301" * 300,
        "🎬 " * 300,
        "街" * 300,
        "\ud800",
    ],
)
def test_a_hostile_name_is_a_plain_one(task: Task, hostile: str) -> None:
    task.prompt = task.remote_id = task.project.name = hostile
    name = file_name(task, ".mp4", "Last frame")
    assert name.endswith("Last frame.mp4")
    assert len(name.encode()) < 255
    assert not set(name[:-4]) & set("/\\\"'.:;<>|?*\r\n\x00\u202e\ud800")


def test_two_files_of_one_name_are_told_apart() -> None:
    unique = Unique()
    names = [unique(name) for name in ("a.mp4", "A.mp4", "a.mp4", "a (2).mp4")]
    assert len({name.casefold() for name in names}) == 4
    assert names[:2] == ["a.mp4", "A (2).mp4"]


# By others


def test_nginx_is_told_where_the_file_is(task: Task, ask: Ask, saved: Copy, settings: Any) -> None:
    settings.ACCEL_REDIRECT = "/protected/"
    Copy.objects.filter(pk=saved.pk).update(name="1/a b?ü.mp4")
    for response in (ask(), ask("bytes=0-9"), ask(method="head"), ask(address="video?download")):
        assert response.status_code == 200 and not response.content
        assert response["X-Accel-Redirect"] == "/protected/1/a%20b%3F%C3%BC.mp4"
        assert response["Content-Type"] == "video/mp4"
        assert "cgt-1.mp4" in response["Content-Disposition"]


# ZIP


def unzip(response: Any) -> zipfile.ZipFile:
    data = body(response)
    assert response["Content-Length"] == str(len(data))
    return zipfile.ZipFile(io.BytesIO(data))


def test_a_selection_is_one_zip_with_a_list_of_what_is_missing(
    make_task: MakeTask, save_copy: SaveCopy, viewing: Client
) -> None:
    first, second, running, waiting, lost = (make_task(f"cgt-{n}", prompt="同") for n in range(5))
    save_copy(first, MOVIE)
    save_copy(first, b"\x89PNG", kind=Kind.LAST_FRAME)
    save_copy(second, b"other")
    save_copy(waiting, b"", state=CopyState.WAITING)
    storages["videos"].delete(save_copy(lost, b"lost").name)
    ids = [str(task.pk) for task in (first, second, running, waiting, lost)]
    response = viewing.post("/tasks/download.zip", {"task": [*ids, "999999", "x", "²"]})
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="Dailies ')
    packed = unzip(response)
    assert packed.testzip() is None
    assert packed.read("Dailies - 同 - cgt-0.mp4") == MOVIE
    assert packed.read("Dailies - 同 - cgt-0 - Last frame.png") == b"\x89PNG"
    assert packed.read("Dailies - 同 - cgt-1.mp4") == b"other"
    assert {entry.compress_type for entry in packed.infolist()} == {zipfile.ZIP_STORED}
    assert packed.read("not-included.txt").decode().splitlines() == [
        "cgt-2: Running",
        "cgt-3: Video: Waiting to be saved",
        "cgt-4: Video: not in the storage any more",
    ]
    assert len(packed.namelist()) == 4


def test_tasks_of_one_id_at_two_gateways_have_two_files(
    make_task: MakeTask, save_copy: SaveCopy, viewing: Client
) -> None:
    tasks = [make_task("same", base_url=f"https://{n}.example") for n in range(2)]
    for task in tasks:
        save_copy(task, task.base_url.encode())
    query = "&".join(f"task={task.pk}" for task in tasks)
    packed = unzip(viewing.get(f"/tasks/download.zip?{query}"))
    assert packed.namelist() == ["Dailies - same.mp4", "Dailies - same (2).mp4"]


def test_a_zip_holds_nothing_of_other_projects(
    saved: Copy, task: Task, client_of: ClientOf, stranger: User, make_task: MakeTask
) -> None:
    own = make_task("own", project=stranger.projects.get())
    asked = f"/tasks/download.zip?task={task.pk}"
    assert client_of(stranger).get(asked).status_code == 404
    packed = unzip(client_of(stranger).get(f"{asked}&task={own.pk}"))
    assert packed.namelist() == ["not-included.txt"]
    assert b"cgt-1" not in packed.read("not-included.txt")


def test_too_many_at_once_and_none_at_all_are_refused(db: None, viewing: Client) -> None:
    many = viewing.post("/tasks/download.zip", {"task": list(range(serving.MOST + 1))})
    assert many.status_code == 400 and b"500" in many.content
    assert viewing.get("/tasks/download.zip").status_code == 404


def test_a_zip_is_never_held_in_memory(task: Task, saved: Copy, viewing: Client) -> None:
    size = 200_000_000
    with Path(storages["videos"].path(saved.name)).open("r+b") as file:
        file.truncate(size)
    for address in (f"/tasks/download.zip?task={task.pk}", f"/tasks/{task.pk}/video"):
        response = viewing.get(address)
        assert most_memory(response) < 5_000_000
        assert int(response["Content-Length"]) >= size


def most_memory(response: HttpResponseBase) -> int:
    """In bytes, while all of it is read."""
    tracemalloc.start()
    blocks: Iterator[bytes] = iter(response)
    length = sum(map(len, blocks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == int(response["Content-Length"])
    return peak
