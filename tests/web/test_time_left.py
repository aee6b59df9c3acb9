"""The rest of a running task, in words that are no truer than the takes before it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.web.presenters.time_left import TimeLeft, words
from tests.conftest import MakeTask, some_seconds_later

KIND = {"model": "seedance-2-0", "resolution": "720p", "duration": 5}
ALIKE = (100, 101, 102, 103, 104, 105, 106, 107, 108, 109)
APART = (40, 50, 60, 70, 80, 90, 120, 150, 200, 300)


@pytest.mark.parametrize(
    ("usual", "elapsed", "told"),
    [
        (ALIKE, 60, "about 45 s left"),
        (ALIKE, 0, "about 2 min left"),
        (ALIKE, 48, "about 55 s left"),
        (ALIKE, 102, "a few seconds left"),
        (ALIKE, 109, "taking longer than usual"),
        (APART, 0, "up to 3 min left"),
        (APART, 55, "up to 2 min left"),
        (tuple(each + 60 for each in APART), 0, "2–4 min left"),
        ((20, 25, 30, 35, 40, 45, 50, 55, 60, 65), 10, "15–45 s left"),
        (APART, 299, "a few seconds left"),
        (APART, 300, "taking longer than usual"),
    ],
)
def test_the_rest_is_told_by_the_takes_that_took_longer(
    usual: tuple[int, ...], elapsed: float, told: str
) -> None:
    assert TimeLeft(elapsed, usual).words == told


def test_two_ends_that_round_to_the_same_minute_are_one_number() -> None:
    assert words([58] * 4 + [70] * 3 + [89] * 3) == "about 1 min left"


def test_the_ring_is_never_full() -> None:
    assert [TimeLeft(each, ALIKE).percent for each in (0, 50, 5_000)] == [0, 47, 95]


@pytest.fixture
def takes(make_task: MakeTask) -> None:
    now = timezone.now()
    for seconds in ALIKE:
        times = {"running_at": now - timedelta(seconds=seconds), "ended_at": now}
        make_task(status="succeeded", **KIND, **times)


@pytest.fixture
def desk(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def test_list_and_page_of_a_running_task_tell_what_is_left(
    desk: Client, takes: None, make_task: MakeTask
) -> None:
    task = make_task(running_at=timezone.now() - timedelta(seconds=60), **KIND)
    for url in ("/", f"/tasks/{task.pk}/"):
        assert desk.get(url).content.decode().count("about 45 s left</span>") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"progress": 30},  # it tells by itself
        {"resolution": "1080p"},  # of which there were no takes
        {"running_at": None},
        {"status": "queued"},
    ],
)
def test_nothing_is_told_where_nothing_is_known(
    desk: Client, takes: None, make_task: MakeTask, fields: dict[str, object]
) -> None:
    task = make_task(**{"running_at": timezone.now(), **KIND, **fields})
    for url in ("/", f"/tasks/{task.pk}/"):
        assert "data-usual" not in desk.get(url).content.decode()


def test_many_running_tasks_cost_one_query_a_minute(
    desk: Client,
    takes: None,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    running = [make_task(running_at=timezone.now(), **KIND) for _ in range(9)]
    with django_assert_num_queries(1):
        assert all(TimeLeft.of(each, timezone.now()) for each in running)
    with django_assert_num_queries(0):
        assert all(TimeLeft.of(each, timezone.now()) for each in running)
    some_seconds_later()
    with django_assert_num_queries(1):
        assert TimeLeft.of(running[0], timezone.now())
