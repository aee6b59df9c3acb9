"""Many saved files as one ZIP."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tasks.models import Copy, CopyKind, CopyState, Task
from tasks.web import files
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.media.conftest import MOVIE, body


def unzip(response: Any) -> zipfile.ZipFile:
    data = body(response)
    assert response["Content-Length"] == str(len(data))
    return zipfile.ZipFile(io.BytesIO(data))


def test_a_selection_is_one_zip_with_a_list_of_what_is_missing(
    make_task: MakeTask, save_copy: SaveCopy, viewing: Client
) -> None:
    first, second, running, waiting, lost = (make_task(f"cgt-{n}", prompt="同") for n in range(5))
    save_copy(first, MOVIE)
    save_copy(first, b"\x89PNG", kind=CopyKind.LAST_FRAME)
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
        "cgt-4: Video: no longer in storage",
    ]
    assert len(packed.namelist()) == 4


def test_a_zip_of_twenty_tasks_asks_as_often_as_one_of_two(
    make_task: MakeTask,
    save_copy: SaveCopy,
    viewing: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    settings: Any,
) -> None:
    settings.LIMITS = settings.LIMITS | {"export": (0, 3600)}  # Redis counts without any
    tasks = [make_task(f"cgt-{n}", prompt="A boat") for n in range(20)]
    for task in tasks[::2]:
        save_copy(task, MOVIE)
    for chosen in (tasks[:2], tasks):
        # session with person, their projects, the tasks, their copies, the note in the audit
        with django_assert_num_queries(5):
            body(viewing.post("/tasks/download.zip", {"task": [task.pk for task in chosen]}))


def test_tasks_of_one_id_at_two_gateways_have_two_files(
    make_task: MakeTask, save_copy: SaveCopy, viewing: Client
) -> None:
    tasks = [make_task("same", base_url=f"https://{n}.example") for n in range(2)]
    for task in tasks:
        save_copy(task, task.base_url.encode())
    query = "&".join(f"task={task.pk}" for task in tasks)
    packed = unzip(viewing.post(f"/tasks/download.zip?{query}"))
    assert packed.namelist() == ["Dailies - same.mp4", "Dailies - same (2).mp4"]


def test_a_zip_holds_nothing_of_other_projects(
    saved: Copy, task: Task, client_of: ClientOf, stranger: User, make_task: MakeTask
) -> None:
    own = make_task("own", project=stranger.projects.get())
    asked = f"/tasks/download.zip?task={task.pk}"
    assert client_of(stranger).post(asked).status_code == 404
    packed = unzip(client_of(stranger).post(f"{asked}&task={own.pk}"))
    assert packed.namelist() == ["not-included.txt"]
    assert b"cgt-1" not in packed.read("not-included.txt")


def test_too_many_at_once_and_none_at_all_are_refused(db: None, viewing: Client) -> None:
    many = viewing.post("/tasks/download.zip", {"task": list(range(files.MOST + 1))})
    assert many.status_code == 400 and b"500" in many.content
    assert viewing.post("/tasks/download.zip").status_code == 404


@pytest.mark.exhaustive
def test_a_zip_is_never_held_in_memory(task: Task, saved: Copy, viewing: Client) -> None:
    size = 200_000_000
    with Path(storages["videos"].path(saved.name)).open("r+b") as file:
        file.truncate(size)
    Copy.objects.update(size=size)
    whole, packed = f"/tasks/{task.pk}/video", f"/tasks/download.zip?task={task.pk}"
    for response in (viewing.get(whole), viewing.post(packed)):
        assert most_memory(response) < 5_000_000
        assert int(response["Content-Length"]) >= size


def most_memory(response: HttpResponseBase) -> int:
    """The peak of memory in bytes while all of it is read."""
    tracemalloc.start()
    blocks: Iterator[bytes] = iter(response)
    length = sum(map(len, blocks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == int(response["Content-Length"])
    return peak
