"""Run times of recent takes of the same kind."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tasks.models.run_times import LEAST, RECENT, kind_of, newest, usual_seconds
from tests.conftest import MakeTask

NOW = timezone.now()
KIND = {"model": "seedance-2-0", "resolution": "720p", "duration": 5}


def ran(
    make_task: MakeTask, seconds: float, *, ago: timedelta = timedelta(), **fields: Any
) -> Task:
    ended_at = NOW - ago
    times = {"running_at": ended_at - timedelta(seconds=seconds), "ended_at": ended_at}
    return make_task(**{"status": "succeeded", **KIND, **times, **fields})


def test_a_kind_is_known_by_ten_equally_likely_run_times(
    make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for seconds in range(100, 201):
        ran(make_task, seconds)
    with django_assert_num_queries(1):
        [(kind, usual)] = usual_seconds(NOW).items()
    assert kind == kind_of(make_task(**KIND)) == kind_of(make_task(**KIND, draft=False))
    assert usual == (105, 115, 125, 135, 145, 155, 165, 175, 185, 195)


@pytest.mark.parametrize(
    "others",
    [
        {"model": "seedance-1-5-pro"},
        {"resolution": "1080p"},
        {"duration": 10},
        {"duration": None, "frames": 120},
        {"draft": True},
        {"provider": "volcengine"},
        {"status": "failed"},
        {"ago": RECENT},
        {"running_at": None},
        {"ended_at": None},
    ],
)
def test_only_recent_takes_of_the_same_kind_count(
    make_task: MakeTask, others: dict[str, Any]
) -> None:
    for _ in range(LEAST - 1):
        ran(make_task, 60)
    ran(make_task, 60, **others)
    assert usual_seconds(NOW) == {}
    ran(make_task, 60)
    assert list(usual_seconds(NOW).values()) == [(60,) * 10]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_the_newest_are_found_by_an_index(make_task: MakeTask) -> None:
    for _ in range(LEAST):
        ran(make_task, 60)
    plan = newest().explain()
    assert "task_status" in plan and "TEMP B-TREE" not in plan, plan
