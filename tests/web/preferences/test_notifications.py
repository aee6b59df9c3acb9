"""Notifications of tasks that have just ended, for the person who made them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import Profile, StatusChange, Task
from tasks.providers.status import ENDED, LIVE, Status
from tasks.team import preferences
from tests.conftest import MakeTask
from tests.web.preferences.doing import reported


def end(task: Task, status: str = Status.SUCCEEDED, was: str = Status.RUNNING) -> StatusChange:
    Task.objects.filter(pk=task.pk).update(status=status)
    return StatusChange.objects.create(task=task, was=was, became=status, at=timezone.now())


def ask(client: Client, after: object = "") -> Any:
    return client.get(f"/notifications/?after={after}")


def test_the_first_poll_returns_the_position_to_continue_from(
    desk: Client, member: User, make_task: MakeTask
) -> None:
    change = end(make_task(created_by=member))
    answer = ask(desk)
    assert answer.json() == {"after": change.pk, "ended": []}
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_ended_task_is_reported_with_status_prompt_and_address(
    desk: Client, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member, prompt="A lighthouse in fog. " * 20)
    after = ask(desk).json()["after"]
    change = end(task, Status.FAILED)
    assert ask(desk, after).json() == {
        "after": change.pk,
        "ended": [
            {
                "pk": task.pk,
                "url": f"/tasks/{task.pk}/",
                "word": "Failed",
                "prompt": task.prompt[:120],
            }
        ],
    }
    assert ask(desk, change.pk).status_code == 204


def test_the_word_is_in_the_persons_language(
    desk: Client, member: User, make_task: MakeTask
) -> None:
    Profile.objects.remember(member, language="zh-hans")
    task = make_task(created_by=member)
    end(task, Status.FAILED)
    assert ask(desk, 0).json()["ended"][0]["word"] == "失败"


@pytest.mark.parametrize("status", sorted(ENDED))
def test_every_final_status_is_reported(
    desk: Client, member: User, make_task: MakeTask, status: str
) -> None:
    task = make_task(created_by=member)
    end(task, status)
    assert reported(ask(desk, 0)) == [task.pk]


@pytest.mark.parametrize("status", sorted(LIVE))
def test_no_other_change_is_reported(
    desk: Client, member: User, make_task: MakeTask, status: str
) -> None:
    end(make_task(created_by=member), status)
    assert reported(ask(desk, 0)) == []


def test_tasks_of_others_and_hidden_tasks_are_not_reported(
    desk: Client, member: User, manager: User, make_task: MakeTask, stranger: User
) -> None:
    end(make_task(created_by=manager))
    end(make_task(created_by=None))
    end(make_task(created_by=member, project=stranger.projects.get()))
    assert reported(ask(desk, 0)) == []


@pytest.mark.each_case
@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "1.5", "%00", "٣"])
def test_any_value_of_after_gets_an_answer(desk: Client, after: str) -> None:
    assert ask(desk, after).json()["ended"] == []


def test_a_signed_out_person_gets_nothing(client: Client, db: None) -> None:
    assert ask(client, 0).status_code == 204


def test_a_quiet_poll_needs_one_query_besides_session_and_user(
    desk: Client,
    member: User,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    after = end(make_task(created_by=member)).pk
    with django_assert_num_queries(2):
        assert ask(desk, after).status_code == 204
    # session with person, newest change, what ended, their projects, own tasks
    with django_assert_num_queries(5):
        assert len(reported(ask(desk, 0))) == 1


def test_without_a_person_the_defaults_hold() -> None:
    assert preferences.of(None).shortcuts
    assert preferences.theme_of(HttpRequest()) == "auto"
