"""A remote task goes to the project whose create made it, although another one tracks it.

An id can be tracked, or adopted from the provider's list, while the answer to its create is still
on its way. That answer proves who pays; no person's word does.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from tasks.billing import ledger
from tasks.models import (
    AuditAction,
    AuditEntry,
    ChangeCounter,
    Charge,
    Copy,
    CopyState,
    Difference,
    StatusChange,
    Task,
    search,
)
from tasks.providers.status import Status

#: What the request already says of a task: words typed in the other project do not replace it.
REQUESTED = (
    "model prompt resolution ratio duration frames seed draft priority service_tier"
).split()
#: What is not taken over: the row's own schedule, troubles and search, and the digest, so that the
#: provider's next answer is read in full.
OWN = frozenset(
    "check_after change search_text answer_digest queued_at "
    "trouble trouble_message troubles_in_a_row not_founds".split()
)
#: Statuses that say nothing of a task which its provider has just named.
UNHEARD = frozenset({Status.UNKNOWN, Status.LOST})


def reclaim(known: Task, task: Task, now: datetime) -> None:
    """Give `task`, made by a create of its own project, what the other project's `known` has.

    Status, answers and copies move; `known` stays as a note of the id and the person who typed it.
    Call it in the transaction that ends the create, with both rows locked.
    """
    number = ChangeCounter.objects.next()
    status, remote_id, base_url = Status(known.status), known.remote_id, known.base_url
    Charge.objects.filter(task=known).delete()
    _move_rows(known, task)
    answered = {name: getattr(known, name) for name in Task.ANSWER_FIELDS if name not in OWN}
    _note(known, number).save(force_update=True)
    before = task.status
    for name, value in answered.items():
        if name not in REQUESTED or getattr(task, name) in (None, ""):
            setattr(task, name, value)
    task.remote_id, task.base_url = remote_id, base_url
    task.status = Status.QUEUED if status in UNHEARD else status
    task.queued_at = task.queued_at or now
    task.ended_at = None if task.is_live else task.ended_at
    task.check_after, task.change, task.answer_digest = now, number, ""
    task.search_text = search.searchable(task.prompt, task.remote_id, task.model)
    task.save(update_fields=[*Task.ANSWER_FIELDS, "remote_id"])
    StatusChange.objects.create(task=task, was=before, became=task.status, at=now)
    Copy.objects.follow([task], now)
    ledger.settle([task])
    for row in (known, task):
        entry = AuditEntry(verb=AuditAction.MOVED, kind="task", object_id=row.pk, label=remote_id)
        entry.project_id = row.project_id
        entry.save()


def _move_rows(known: Task, task: Task) -> None:
    """Move the copies; what the other project did with them in its trash is undone.

    Setting `state` as well has the database's triggers count the files for the right project.
    Stars stay on the note, and so do the videos that were made from it.
    """
    copies = Copy.objects.filter(task=known)
    copies.filter(state=CopyState.DELETED).delete()
    copies.update(task=task, state=F("state"), deleted_at=None, deleted_by=None)
    Difference.objects.filter(task=known).update(task=task)
    known.cancellations.all().delete()
    known.changes.all().delete()


def _note(known: Task, number: int) -> Task:
    """The row that stays in the other project: everything but the id is as if never answered.

    Its base URL names no place, so that the id is free where it belongs.
    """
    return Task(
        pk=known.pk,
        project_id=known.project_id,
        credential_id=known.credential_id,
        provider=known.provider,
        base_url=f"note:{known.pk}",
        remote_id=known.remote_id,
        created_by_id=known.created_by_id,
        created_at=known.created_at,
        deleted_at=known.deleted_at,
        deleted_by_id=known.deleted_by_id,
        status=Status.FOREIGN,
        check_after=None,
        change=number,
        search_text=search.searchable("", known.remote_id, ""),
    )
