"""The one attempt to cancel a task. A job's work: pages never ask a provider.

Ark's DELETE cancels a queued task, and deletes the record of an ended one. So the task is asked
for right before, and the DELETE leaves only while the provider itself says "queued".
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from django.conf import settings

from tasks.models import Cancellation, CancelOutcome, Task
from tasks.providers import ProviderError
from tasks.providers.client import Client
from tasks.providers.creating import surely_not_made
from tasks.providers.guard import Allowed
from tasks.providers.trouble import body_of
from tasks.sealing import Unreadable
from tasks.status import Status

DEADLINE = 15.0  # seconds for each of the two questions


def cancel(pk: int, now: datetime) -> None:
    """Nothing, where somebody else has taken this wish on."""
    if not Cancellation.objects.begin(pk):
        return
    wish = Cancellation.objects.select_related("task__credential").get(pk=pk)
    outcome, message = _attempt(wish.task)
    wish.end(outcome, message, now)


def _attempt(task: Task) -> tuple[CancelOutcome, str]:
    try:
        if task.base_url != task.credential.base_url:
            return CancelOutcome.REFUSED, "The credential's base URL has changed since."
        return asyncio.run(_ask(task, task.credential.reveal_key()))
    except Unreadable as error:
        return CancelOutcome.REFUSED, f"The key cannot be used: {error}"
    except ProviderError as error:
        refused = surely_not_made(error)
        return CancelOutcome.REFUSED if refused else CancelOutcome.UNKNOWN, str(error)


async def _ask(task: Task, key: str) -> tuple[CancelOutcome, str]:
    dialect, allowed = task.credential.service.dialect, Allowed.parse(settings.PRIVATE_HOSTS)
    path = dialect.cancel_path(task.remote_id)
    assert path, f"{task.provider} is said to cancel, but its dialect has no such path"
    async with Client(task.base_url, key, allowed=allowed, deadline=DEADLINE) as client:
        answer = await client.get(dialect.task_path(task.remote_id))
        found = dialect.read_task(answer, remote_id=task.remote_id, base_url=task.base_url)
        if found.status != Status.QUEUED:
            return CancelOutcome.TOO_LATE, found.status_word
        done = await client.act("DELETE", path)
    if not 200 <= done.status_code < 300:
        body_of(done)  # raises what it means; a good answer may well be empty
    return CancelOutcome.ACCEPTED, ""
