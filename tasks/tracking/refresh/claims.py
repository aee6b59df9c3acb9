"""The claim: due tasks of one credential become poll requests, in one conditional update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from tasks.models import Credential, Task, bulk, schedule
from tasks.tracking import callbacks
from tasks.tracking.poller import PollRequest


def claim(
    credential: Credential, now: datetime, *, limit: int, pending: Iterable[int] = ()
) -> list[PollRequest]:
    """Claim due tasks of one credential: each gets its next check, and nobody else gets it.

    `pending` are the primary keys of tasks whose last request is not answered yet.
    """
    skip = set(pending)
    with transaction.atomic():
        due = Task.objects.due(now).filter(credential=credential).only(*_CLAIM_READS)
        found = due.select_for_update(skip_locked=True)[: limit + len(skip)]
        rows = [task for task in found if task.pk not in skip][:limit]
        called_for = callbacks.called_for(rows, now)
        for task in rows:
            _put_off(task, credential, now)
        claimed = bulk.write(rows, _CLAIM_WRITES, unless_moved="check_after")
    return [_poll_request(task, task.pk in called_for) for task in rows if task.pk in claimed]


def _put_off(task: Task, credential: Credential, now: datetime) -> None:
    task.moved_from, task.asked_before = task.check_after, task.asked_at
    task.heard_at, task.asked_at = task.last_heard_at, now
    task.check_after = schedule.next_check(task, now, fixed=credential.check_seconds)


def give_back(unasked: Sequence[PollRequest]) -> None:
    """Undo the claim of tasks that were not asked about, unless somebody moved them since.

    Otherwise one that is asked about every two hours would wait two hours for nothing.
    """
    rows = [Task(pk=each.pk, check_after=each.due_at, asked_at=each.asked_at) for each in unasked]
    for row, each in zip(rows, unasked, strict=True):
        row.moved_from = each.claimed_until
    bulk.write(rows, ("check_after", "asked_at"), unless_moved="check_after")


_CLAIM_WRITES = ("check_after", "asked_at", "heard_at")
_CLAIM_READS = (
    *_CLAIM_WRITES,
    "remote_id",
    "base_url",
    "provider",
    "status",
    "status_word",
    "service_tier",
    "video_url",
    "created_at",
    "remote_created_at",
    "ended_at",
    "trouble",
    "troubles_in_a_row",
    "not_founds",
    "answer_digest",
)


def _poll_request(task: Task, has_callback: bool) -> PollRequest:
    return PollRequest(
        pk=task.pk,
        remote_id=task.remote_id,
        base_url=task.base_url,
        service_tier=task.service_tier,
        # After trouble every answer is a change, for it ends the trouble.
        known_digest="" if task.trouble else task.answer_digest,
        has_callback=has_callback,
        due_at=task.moved_from,
        asked_at=task.asked_before,
        claimed_until=task.check_after,
    )
