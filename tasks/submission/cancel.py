"""The only attempt to cancel a task, made by a job: pages never ask a provider.

Ark's DELETE cancels a queued task, and deletes the record of an ended one. So the task's status is
requested right before, and the DELETE is sent only while the provider itself says "queued". A task
that begins to run in between keeps its record: Ark refuses that DELETE with
InvalidAction.RunningTaskDeletion.

An attempt is never repeated automatically. A worker that is killed in between leaves a row in the
state "asking", which `recover_cancellations` ends as unknown. A person may then ask again: the
status is requested first.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tasks.encryption import DecryptionError
from tasks.models import Cancellation, CancelOutcome, Task
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import ProviderError
from tasks.providers.dialects.creating import surely_not_created
from tasks.providers.dialects.errors import body_of, is_about_running_task
from tasks.providers.status import Status
from tasks.providers.transport.client import Client

DEADLINE = 15.0  # seconds for each of the two requests
#: After this an attempt counts as interrupted: a job may last 60 s.
ABANDONED = timedelta(minutes=2)
#: After this the job of a row that nobody has taken counts as lost.
OVERDUE = timedelta(seconds=30)
INTERRUPTED = "The cancelling was interrupted, so nobody knows whether the provider got it."


def attempt_cancel(pk: int, now: datetime) -> None:
    """Make the attempt of this row, unless another process has taken it."""
    if not Cancellation.objects.begin(pk, now):
        return
    row = Cancellation.objects.select_related("task__credential").get(pk=pk)
    Cancellation.objects.end(pk, *_attempt(row.task), now)


def recover_cancellations(now: datetime) -> list[int]:
    """End interrupted attempts; return the ids of rows whose job must be queued again."""
    overdue = []
    for row in Cancellation.objects.open():
        if row.outcome == CancelOutcome.ASKING and row.asked_at < now - ABANDONED:
            Cancellation.objects.end(row.pk, CancelOutcome.UNKNOWN, INTERRUPTED, now)
        elif row.outcome == CancelOutcome.WAITING and row.asked_at < now - OVERDUE:
            overdue.append(row.pk)
    return overdue


def _attempt(task: Task) -> tuple[CancelOutcome, str]:
    """Ask the provider; return the outcome and a message."""
    try:
        if task.base_url != task.credential.base_url:
            return CancelOutcome.REFUSED, "The credential's base URL has changed since."
        return asyncio.run(_cancel_if_queued(task, task.credential.reveal_key()))
    except DecryptionError as error:
        return CancelOutcome.REFUSED, f"The key cannot be used: {error}"
    except ProviderError as error:
        if is_about_running_task(error):
            return CancelOutcome.RUNNING, str(error)
        refused = surely_not_created(error) or error.code.startswith("InvalidAction")
        return CancelOutcome.REFUSED if refused else CancelOutcome.UNKNOWN, str(error)


async def _cancel_if_queued(task: Task, key: str) -> tuple[CancelOutcome, str]:
    dialect, allowed = task.credential.service.dialect, allowed_private_hosts()
    path = dialect.cancel_path(task.remote_id)
    assert path, f"{task.provider} is said to cancel, but its dialect has no such path"
    scheme = task.credential.service.auth_scheme
    async with Client(
        task.base_url, key, scheme=scheme, allowed=allowed, deadline=DEADLINE
    ) as client:
        answer = await client.get(dialect.task_path(task.remote_id))
        remote = dialect.read_task(answer, remote_id=task.remote_id, base_url=task.base_url)
        if remote.status == Status.RUNNING:
            return CancelOutcome.RUNNING, remote.status_word
        if remote.status != Status.QUEUED:
            return CancelOutcome.TOO_LATE, remote.status_word
        response = await client.act("DELETE", path)
    if not 200 <= response.status_code < 300:
        body_of(response)  # raises the error it means; a good answer may be empty
    return CancelOutcome.ACCEPTED, ""
