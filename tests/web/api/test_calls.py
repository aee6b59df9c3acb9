"""Calls to the addresses that clients gave with their creates."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tasks.clients import calls
from tasks.models import ApiCallback, Submission, Task
from tasks.providers import ProviderError, Trouble
from tasks.providers.answers import Answer
from tasks.providers.status import Status
from tasks.submission.place import mark_created
from tasks.team.tokens import revoke
from tests.tokens import asked_by
from tests.web.api.conftest import Program

URL = "https://client.example/changed?secret=1"


class Listener:
    """A client's server in place of the transport; `status` is what it answers."""

    def __init__(self) -> None:
        self.status, self.heard = 200, []  # type: ignore[var-annotated]

    async def act(self, base: Any, method: str, path: str, body: Any) -> Answer:
        self.heard.append((base.base_url, method, path, json.loads(json.dumps(body))))
        if not self.status:
            raise ProviderError("nobody", trouble=Trouble.CONNECTION)
        return Answer(status_code=self.status, headers={}, body=b"", seconds=0)

    @property
    def statuses(self) -> list[str]:
        return [body["status"] for *_, body in self.heard]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()

    async def act(client: Any, method: str, path: str, body: Any = None) -> Answer:
        return await listener.act(client, method, path, body)

    monkeypatch.setattr(calls.Client, "act", act)
    return listener


@pytest.fixture
def task(program: Program) -> Task:
    """A task whose client wants to be called; the provider has just queued it."""
    assert program.create(callback_url=URL).status_code == 200
    submission = Submission.objects.select_related("task").get()
    assert submission.generation.callback_url is None  # the provider calls us, not the client
    Submission.objects.begin(submission.pk, timezone.now())
    mark_created(submission, "cgt-20261120120000-abcde", timezone.now())
    return submission.task


def become(task: Task, status: Status) -> None:
    Task.objects.filter(pk=task.pk).update(status=status)
    ApiCallback.objects.note([task.pk], timezone.now())


def test_each_change_is_told_with_the_answer_to_a_get(
    program: Program, task: Task, listener: Listener
) -> None:
    for status in (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED):
        become(task, status)
        calls.call_due(timezone.now())
    assert listener.statuses == ["queued", "running", "succeeded"]
    base, method, path, body = listener.heard[-1]
    assert (base, method, path) == ("https://client.example", "POST", "/changed?secret=1")
    assert body.keys() == program.get(body["id"]).json().keys()
    assert calls.call_due(timezone.now()) == 0


def test_a_cancellation_and_what_is_known_are_not_told(task: Task, listener: Listener) -> None:
    calls.call_due(timezone.now())
    become(task, Status.QUEUED)
    calls.call_due(timezone.now())
    become(task, Status.CANCELLED)
    calls.call_due(timezone.now())
    assert listener.statuses == ["queued"]


@pytest.mark.parametrize("answer", [0, 500, 302])
def test_an_ending_is_told_three_times_more(task: Task, listener: Listener, answer: int) -> None:
    listener.status = answer
    become(task, Status.SUCCEEDED)
    now = timezone.now()
    for _ in range(8):
        calls.call_due(now)
        now += timedelta(minutes=2)
    assert listener.statuses == ["succeeded"] * 4


def test_other_changes_are_told_once(task: Task, listener: Listener) -> None:
    listener.status = 500
    calls.call_due(timezone.now())
    assert calls.call_due(timezone.now() + timedelta(hours=1)) == 0
    assert listener.statuses == ["queued"]


def test_a_revoked_token_is_told_nothing(program: Program, task: Task, listener: Listener) -> None:
    revoke(asked_by(program.token.person), program.token, timezone.now())
    calls.call_due(timezone.now())
    assert not listener.heard


def test_a_private_address_is_not_called(task: Task, settings: Any) -> None:
    settings.PRIVATE_HOSTS = []
    ApiCallback.objects.update(url="http://127.0.0.1:9/changed")
    become(task, Status.SUCCEEDED)
    calls.call_due(timezone.now())
    assert ApiCallback.objects.get().tries == 1
