"""Calls to the addresses that clients gave with their creates, as Ark makes them.

Ark posts the answer to a GET at each change of status, but never for a cancellation. Where an
ending is not acknowledged within 5 s it calls again, up to three times
(volcengine.com/docs/82379/1520757, `callback_url`).
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from tasks.clients.ark_answers import readable_by, status_of, task_json
from tasks.models import ApiCallback
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import ProviderError
from tasks.providers.transport.client import Client

log = logging.getLogger(__name__)

DEADLINE = 5.0  # seconds for the acknowledgement
AT_ONCE = 20
#: Times until the next try after each one that failed.
PAUSES = tuple(timedelta(seconds=each) for each in (5, 20, 60))
CALLED_AGAIN = ("succeeded", "failed")
NEVER_TOLD = ("cancelled",)


def call_due(now: datetime) -> int:
    """Make the calls that are due, each once; return their number."""
    rows = ApiCallback.objects.due(now).select_related(
        "submission__batch__api_token__person", "submission__batch__api_token__project"
    )
    claimed = [row for row in rows[:AT_ONCE] if ApiCallback.objects.claim(row, now)]
    bodies = {row: body for row in claimed if (body := _news(row, now)) is not None}
    if bodies:
        answers = asyncio.run(_call_all(bodies))
        for row, is_heard in answers.items():
            _note(row, bodies[row]["status"], timezone.now(), is_heard=is_heard)
    return len(claimed)


def _news(row: ApiCallback, now: datetime) -> dict[str, Any] | None:
    """The news to tell; None where nothing is new, or whoever asked may no longer see it."""
    token = row.submission.batch.api_token
    task = None
    if token and token.is_alive(now) and token.person.is_active:
        task = readable_by(token.asker()).filter(pk=row.submission.task_id).first()
    status = status_of(task) if task else row.told
    if task is None or status == row.told or status in NEVER_TOLD:
        ApiCallback.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=None)
        return None
    assert token
    return task_json(task, token=token.pk, origin=row.origin)


async def _call_all(bodies: dict[ApiCallback, dict[str, Any]]) -> dict[ApiCallback, bool]:
    heard = await asyncio.gather(*(_call(row.url, body) for row, body in bodies.items()))
    return dict(zip(bodies, heard, strict=True))


async def _call(url: str, body: dict[str, Any]) -> bool:
    """Post once; whether it was acknowledged. Nothing of the address is logged."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    base = f"{parts.scheme}://{parts.netloc}"
    try:
        async with Client(base, "", allowed=allowed_private_hosts(), deadline=DEADLINE) as client:
            answer = await client.act("POST", path, body)
    except ProviderError as error:
        log.info("A client's callback was not taken: %s", error.trouble)
        return False
    return 200 <= answer.status_code < 300


def _note(row: ApiCallback, status: str, now: datetime, *, is_heard: bool) -> None:
    """Record a call. One that is due anew because of another change stays due."""
    mine = ApiCallback.objects.filter(pk=row.pk, due_at=row.due_at)
    if not is_heard and status in CALLED_AGAIN and row.tries < len(PAUSES):
        mine.update(due_at=now + PAUSES[row.tries], tries=row.tries + 1)
        return
    ApiCallback.objects.filter(pk=row.pk).update(told=status)
    mine.update(due_at=None, tries=0)
