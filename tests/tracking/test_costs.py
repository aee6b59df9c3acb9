"""The tokens of a task, from the estimate at submission to the number the provider counts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Charge, Credential, Project, Task
from tasks.submission.place import place_batch
from tasks.submission.send import send_waiting
from tests.billing.conftest import sums
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock, Follow, Look

ONE = 108_900


@pytest.fixture
def make(project: Project, member: User, clock: Clock) -> Any:
    """make(credential, "a prompt"): placed and sent."""

    def make(credential: Credential, prompt: str) -> Task:
        requests = [generation(prompt=prompt, resolution="720p", ratio="16:9", duration=5)]
        whose: dict[str, Any] = {"project": project, "credential": credential, "created_by": member}
        place_batch(requests, key=uuid.uuid4(), **whose, now=clock.now)
        send_waiting(10, clock=clock)
        return Task.objects.get()

    return make


def tokens(project: Project, clock: Clock) -> tuple[int, int]:
    """The tokens of this month: (counted, reserved)."""
    used = sums(project, clock.now).tokens
    return used.counted, used.reserved


def test_the_tokens_counted_replace_those_reserved(
    account: Account, make: Any, look: Look, project: Project, clock: Clock
) -> None:
    task = make(account(), "A paper boat")
    assert tokens(project, clock) == (0, ONE)
    assert look(task, after=160).status == "succeeded"
    assert tokens(project, clock) == (ONE, 0)


def test_the_tokens_of_a_failed_task_are_released(
    account: Account, make: Any, look: Look, project: Project, clock: Clock
) -> None:
    task = make(account(), "sim:fail=OutputVideoSensitiveContentDetected")
    assert look(task, after=3600).status == "failed"
    assert tokens(project, clock) == (0, 0)


def test_a_tracked_task_counts_once_it_is_counted(
    account: Account, follow: Follow, look: Look, project: Project, clock: Clock
) -> None:
    task = follow(account(), resolution="720p", ratio="16:9", duration=5)
    assert look(task).status == "queued"
    assert not Charge.objects.exists()
    assert look(task, after=160).total_tokens
    assert tokens(project, clock) == (look(task).total_tokens, 0)
    assert Charge.objects.get().model == "seedance-2-0-260128"


def test_answers_that_end_no_task_do_not_query_the_charges(
    account: Account, follow: Follow, look: Look
) -> None:
    task = follow(account())
    with CaptureQueriesContext(connection) as queries:
        assert look(task, after=2).status == "queued"
    assert not [query for query in queries if "tasks_charge" in query["sql"]]
