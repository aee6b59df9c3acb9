"""Claiming: due tasks of one credential become questions, in one conditional update."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tasks import callbacks, pace
from tasks.lanes import Question
from tasks.models import Credential, Task, bulk


def claim(
    credential: Credential, now: datetime, *, limit: int, asking: Iterable[int] = ()
) -> list[Question]:
    """Due tasks of one credential, each already given its next check; nobody else gets them.

    `asking` are those whose last question is still on its way.
    """
    skip = set(asking)
    with transaction.atomic():
        due = Task.objects.due(now).filter(credential=credential).only(*_CLAIM_READS)
        found = due.select_for_update(skip_locked=True)[: limit + len(skip)]
        rows = [task for task in found if task.pk not in skip][:limit]
        hinted = callbacks.hinted(rows, now)
        for task in rows:
            _put_off(task, credential, now)
        ours = bulk.write(rows, _CLAIM_WRITES, unless_moved="check_after")
    return [_question(task, task.pk in hinted) for task in rows if task.pk in ours]


def _put_off(task: Task, credential: Credential, now: datetime) -> None:
    task.moved_from = task.check_after
    task.heard_at, task.asked_at = task.last_heard_at, now
    task.check_after = pace.next_check(task, now, fixed=credential.check_seconds)


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


def _question(task: Task, is_hinted: bool) -> Question:
    return Question(
        pk=task.pk,
        remote_id=task.remote_id,
        base_url=task.base_url,
        service_tier=task.service_tier,
        # After trouble every answer is news, for it ends the trouble.
        known_digest="" if task.trouble else task.answer_digest,
        is_hinted=is_hinted,
    )
