"""Updates of many rows in one statement."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task, bulk

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
MakeTask = Callable[..., Task]


def test_every_kind_of_value_survives(
    make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    task = make_task()
    task.prompt = "海浪 'quoted' \"twice\" \\ \n 🎬"
    task.seed, task.video_needs_key, task.draft, task.generate_audio = 2**62, True, None, False
    task.link_ends_at, task.ended_at = NOW, None
    task.raw = '{"a": ["b", 1.5]}'
    with django_assert_num_queries(1):
        assert bulk.write([task], Task.ANSWER_FIELDS) == {task.pk}
    stored = Task.objects.get(pk=task.pk)
    for name in Task.ANSWER_FIELDS:
        assert getattr(stored, name) == getattr(task, name), name


def test_each_row_gets_its_own_values(make_task: MakeTask) -> None:
    tasks = [make_task() for _ in range(50)]
    for task in tasks:
        task.prompt = f"shot {task.pk}"
    assert bulk.write(tasks, ["prompt"]) == {task.pk for task in tasks}
    assert set(Task.objects.values_list("prompt", flat=True)) == {f"shot {t.pk}" for t in tasks}


def test_a_claim_takes_only_what_nobody_moved_meanwhile(make_task: MakeTask) -> None:
    ours, theirs = make_task(check_after=NOW), make_task(check_after=NOW)
    Task.objects.filter(pk=theirs.pk).update(check_after=NOW + timedelta(seconds=9))
    for task in (ours, theirs):
        task.moved_from, task.check_after = NOW, NOW + timedelta(seconds=3)
    assert bulk.write([ours, theirs], ["check_after"], unless_moved="check_after") == {ours.pk}
    assert Task.objects.get(pk=theirs.pk).check_after == NOW + timedelta(seconds=9)


def test_nothing_to_write_asks_the_database_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        assert bulk.write([], ["prompt"]) == set()
