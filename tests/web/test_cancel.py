"""Cancelling: the people who may request it, and the tasks that offer it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import AuditAction, AuditEntry, Cancellation, Credential, Task
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.web.composing import ark, desk

__all__ = ["ark", "desk"]


@pytest.fixture
def waiting(make_task: MakeTask, ark: Credential, member: User) -> Task:
    return make_task(credential=ark, created_by=member, status=Status.QUEUED)


def test_a_member_has_their_own_queued_task_cancelled(desk: Client, waiting: Task) -> None:
    assert "Cancel task" in desk.get(waiting.get_absolute_url()).content.decode()
    desk.post(f"/tasks/{waiting.pk}/cancel/")
    assert Cancellation.objects.get().task == waiting
    assert AuditEntry.objects.get(verb=AuditAction.CANCELLED).label == waiting.remote_id
    assert (
        "Waiting to be sent to the provider"
        in desk.get(waiting.get_absolute_url()).content.decode()
    )


def test_it_is_asked_for_once_at_a_time(desk: Client, waiting: Task) -> None:
    for _ in range(2):
        page = desk.post(f"/tasks/{waiting.pk}/cancel/", follow=True)
    assert "Only a queued task can be cancelled" in page.content.decode()
    assert Cancellation.objects.count() == 1


def test_a_member_cannot_cancel_the_tasks_of_others(desk: Client, make_task: MakeTask) -> None:
    task = make_task(status=Status.QUEUED)
    assert desk.post(f"/tasks/{task.pk}/cancel/").status_code == 404
    assert "Cancel task" not in desk.get(task.get_absolute_url()).content.decode()


def test_where_the_provider_cannot_cancel_it_is_not_offered(
    desk: Client, make_task: MakeTask, member: User
) -> None:
    task = make_task(created_by=member, status=Status.QUEUED)  # of a gateway
    assert "Cancel task" not in desk.get(task.get_absolute_url()).content.decode()
    desk.post(f"/tasks/{task.pk}/cancel/")
    assert not Cancellation.objects.exists()
