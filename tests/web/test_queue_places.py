"""A queued task tells its place among those that wait for the same account and model."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Credential, Project, Task
from tasks.models.queue_places import places
from tasks.providers.status import Status
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask, some_seconds_later
from tests.web.conftest import ClientOf
from tests.web.test_live import ask, change, swapped

MODEL = "doubao-seedance-2-0-260128"


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


@pytest.fixture
def queued(make_task: MakeTask) -> list[Task]:
    return [make_task(status=Status.QUEUED, model=MODEL) for _ in range(3)]


def told(html: str) -> dict[int, str]:
    """The places that a page or an answer tells, by the tasks' ids."""
    spans = re.findall(r'<span class="queue-place"\s+id="t(\d+)-place".*?>(.*?)</span>', html, re.S)
    return {int(pk): " ".join(words.replace("·", "").split()) for pk, words in spans}


def of(response: object) -> dict[int, str]:
    return told(response.content.decode())  # type: ignore[attr-defined]


def in_order(*tasks: Task) -> dict[int, int]:
    return {task.pk: place for place, task in enumerate(tasks, start=1)}


def test_the_oldest_stands_first_and_only_queued_tasks_stand_there(
    queued: list[Task], make_task: MakeTask
) -> None:
    for status in Status:
        if status != Status.QUEUED:
            make_task(status=status, model=MODEL)
    assert places() == in_order(*queued)


def test_every_account_and_every_model_has_a_queue_of_its_own(
    queued: list[Task], make_task: MakeTask, credential: Credential
) -> None:
    other = Credential(name="Other", provider=credential.provider, base_url=credential.base_url)
    other.replace_key("sk-of-the-tests-0123456789")
    other.save()
    elsewhere = make_task(status=Status.QUEUED, model=MODEL, credential=other)
    fast = make_task(status=Status.QUEUED, model="doubao-seedance-2-0-fast-260128")
    later = make_task(status=Status.QUEUED, model=MODEL, service_tier="flex")
    assert places() == in_order(*queued) | {elsewhere.pk: 1, fast.pk: 1, later.pk: 1}


def test_priority_goes_before_age_and_age_is_the_providers(make_task: MakeTask) -> None:
    now = timezone.now()
    made = {"status": Status.QUEUED, "model": MODEL}
    first = make_task(**made, remote_created_at=now)
    urgent = make_task(**made, priority=5, remote_created_at=now)
    tracked_late = make_task(**made, remote_created_at=now - timedelta(minutes=5))
    assert places() == in_order(urgent, tracked_late, first)


def test_what_is_in_the_trash_or_in_another_project_waits_as_well(
    queued: list[Task], make_task: MakeTask
) -> None:
    other = Project.objects.create(name="Another")
    Task.objects.filter(pk=queued[0].pk).update(project=other)
    Task.objects.filter(pk=queued[1].pk).update(deleted_at=timezone.now())
    assert places()[queued[2].pk] == 3


@pytest.mark.parametrize("view", ["grid", "list"])
def test_rows_tell_it(reader: Client, queued: list[Task], view: str) -> None:
    first, second, third = (task.pk for task in queued)
    assert of(reader.get(f"/?view={view}")) == {first: "1st", second: "2nd", third: "3rd"}


def test_it_is_told_in_chinese(reader: Client, queued: list[Task]) -> None:
    page = reader.get("/", headers={"accept-language": "zh-hans"})
    assert of(page)[queued[1].pk].startswith("第2")


def test_the_tasks_page_tells_it(reader: Client, queued: list[Task]) -> None:
    second = queued[1]
    page = reader.get(second.get_absolute_url())
    assert of(page) == {second.pk: "2nd"}
    change(queued[0], status=Status.RUNNING)
    answer = ask(reader, page)
    assert of(answer) == {second.pk: "1st"}
    assert swapped(answer) == {f"t{second.pk}-place"}


def test_the_page_of_a_batch_tells_it(reader: Client, queued: list[Task]) -> None:
    batch = put_into_a_batch(queued[1:], parent=queued[0])
    page = reader.get(batch.get_absolute_url())
    assert of(page) == {queued[1].pk: "2nd", queued[2].pk: "3rd"}
    change(queued[0], status=Status.RUNNING)
    assert of(ask(reader, page)) == {queued[1].pk: "1st", queued[2].pk: "2nd"}


def test_when_one_starts_the_others_move_up_without_their_rows_being_sent(
    reader: Client, queued: list[Task]
) -> None:
    first, second, third = queued
    page = reader.get("/")
    change(first, status=Status.RUNNING)
    answer = ask(reader, page)
    assert of(answer) == {second.pk: "1st", third.pk: "2nd"}
    names = ("words", "status", "kept", "facts", "cost")
    assert {f"t{second.pk}-place", f"t{third.pk}-place"} <= swapped(answer)
    assert not swapped(answer) & {f"t{second.pk}-{name}" for name in names}
    change(second, status=Status.RUNNING)
    assert of(ask(reader, answer)) == {third.pk: "1st"}


def test_a_page_without_queued_tasks_asks_nothing_of_it(
    reader: Client,
    queued: list[Task],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reader.get("/")
    some_seconds_later()
    with django_assert_num_queries(19):
        reader.get("/")
    Task.objects.update(status=Status.RUNNING)
    some_seconds_later()
    with django_assert_num_queries(18):
        reader.get("/")


def test_beyond_the_oldest_no_place_is_told(
    reader: Client, queued: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.models.queue_places.OLDEST", 2)
    assert of(reader.get("/"))[queued[2].pk] == ""
