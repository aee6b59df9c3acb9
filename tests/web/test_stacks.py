"""Days with their number of clips, and takes of one press as a stack."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web.lists import paging
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def stacks(client: Client, query: str = "") -> list[tuple[str, int, bool]]:
    """The id's end of each row, the number of takes it stands for, and whether it is folded."""
    return [
        (row.presented.task.remote_id.removeprefix("cgt-"), row.takes, row.is_folded)
        for group in client.get(f"/{query}").context["day_groups"]
        for row in group.rows
    ]


def days(client: Client, query: str = "") -> list[tuple[int, str]]:
    groups = client.get(f"/{query}").context["day_groups"]
    return [(group.day.day, str(group.clips)) for group in groups]


@pytest.fixture
def press(make_task: MakeTask) -> list[Task]:
    """One task, then three takes of one press."""
    single = make_task("cgt-single", status="failed")
    takes = [make_task(f"cgt-{number}", status="failed") for number in (1, 2, 3)]
    put_into_a_batch(takes, parent=single)
    return takes


def test_takes_of_one_press_are_a_stack_with_their_number(
    reader: Client, press: list[Task]
) -> None:
    assert stacks(reader) == [
        ("3", 3, False),
        ("2", 0, True),
        ("1", 0, True),
        ("single", 0, False),
    ]
    text = reader.get("/").content.decode()
    assert (
        len(re.findall(rf'class="take [^"]*is-folded"\s+data-take-of="{press[2].pk}"', text)) == 2
    )
    assert text.count('class="take ') == 4, "without scripts all of them are shown"
    assert re.search(r"<b>3</b> takes", text)


def test_a_stack_is_open_while_some_of_it_is_being_made(
    reader: Client, make_task: MakeTask, press: list[Task]
) -> None:
    Task.objects.filter(pk=press[1].pk).update(status=Status.RUNNING)
    text = reader.get("/").content.decode()
    assert text.count("is-folded is-open") == 2
    assert text.count('aria-expanded="true"') == 1
    Task.objects.filter(pk=press[1].pk).update(status=Status.CANCELLED)
    assert "is-open" not in reader.get("/").content.decode()


def test_a_take_with_a_picture_is_on_top_once_all_have_ended(
    reader: Client, press: list[Task]
) -> None:
    film = {"status": Status.SUCCEEDED, "video_url": "https://gateway.example/film.mp4"}
    Task.objects.filter(pk=press[1].pk).update(**film)
    assert [row[:2] for row in stacks(reader)] == [("2", 3), ("3", 0), ("1", 0), ("single", 0)]
    Task.objects.filter(pk=press[0].pk).update(status=Status.RUNNING)
    assert [row[:2] for row in stacks(reader)] == [("3", 3), ("2", 0), ("1", 0), ("single", 0)]


def test_what_stands_between_parts_a_stack(
    reader: Client, make_task: MakeTask, press: list[Task]
) -> None:
    late = make_task("cgt-late", status="failed")
    others = [make_task(f"cgt-other-{number}", status="failed") for number in (1, 2)]
    put_into_a_batch([late, *others], parent=press[0])
    Task.objects.filter(pk=press[2].pk).update(deleted_at=timezone.now())
    put_into_a_batch([make_task("cgt-alone")], parent=press[0])
    assert stacks(reader)[:6] == [
        ("alone", 0, False),
        ("other-2", 3, False),
        ("other-1", 0, True),
        ("late", 0, True),
        ("2", 2, False),
        ("1", 0, True),
    ]


def test_a_stack_ends_with_its_day_and_with_its_page(
    reader: Client, press: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    Task.objects.exclude(pk__in=[take.pk for take in press[1:]]).update(created_at=yesterday)
    assert [row[1:] for row in stacks(reader)] == [(2, False), (0, True), (0, False), (0, False)]
    monkeypatch.setattr(paging, "ROWS", 1)
    assert stacks(reader) == [("3", 0, False)]


def test_the_takes_of_one_batch_are_no_stack(reader: Client, press: list[Task]) -> None:
    batch = press[0].submission.batch_id
    assert {row[1:] for row in stacks(reader, f"?batch={batch}")} == {(0, False)}


def test_a_day_tells_its_clips_and_that_it_goes_on_elsewhere(
    reader: Client, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.now()
    for ago in (2, 1, 1, 0, 0):
        make_task(created_at=today - timedelta(days=ago))
    names = [(today - timedelta(days=ago)).day for ago in (0, 1, 2)]
    assert days(reader) == list(zip(names, ("2", "2", "1"), strict=True))
    text = " ".join(reader.get("/").content.decode().split())
    assert "> 2 clips </span>" in text and "> 1 clip </span>" in text
    monkeypatch.setattr(paging, "ROWS", 3)
    assert days(reader) == [(names[0], "2"), (names[1], "1+")]
    older = reader.get("/").context["older_url"]
    assert days(reader, older) == [(names[1], "1+"), (names[2], "1")]


def test_days_are_the_readers_own(
    reader: Client, make_task: MakeTask, member: User, settings: Any
) -> None:
    noon = timezone.now().replace(hour=12, minute=0)
    for hour in (15, 23):
        make_task(created_at=noon.replace(hour=hour) - timedelta(days=3))
    assert len(days(reader)) == 1
    settings.TIME_ZONE = "Asia/Shanghai"
    assert len(days(reader)) == 2


def test_stacks_cost_no_statement(
    reader: Client,
    make_task: MakeTask,
    press: list[Task],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reader.get("/")  # the dock's price is kept for a while
    some_seconds_later()
    with django_assert_num_queries(18):
        reader.get("/").content.decode()
    for _ in range(6):
        put_into_a_batch([make_task() for _ in range(4)], parent=press[0])
    some_seconds_later()
    with django_assert_num_queries(18):
        reader.get("/").content.decode()
