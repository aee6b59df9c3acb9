"""The purge: tasks and videos that were in the trash for thirty days go, files first, then rows.

Uploaded files that no task has used for a week go as well.

A kill leaves rows that are still past their time: nobody can restore them, and the next purge takes
them up again. The provider's own record of a task is never touched.
"""

from __future__ import annotations

import time
from collections import Counter

from django.db import transaction
from django.utils import timezone

from tasks.models import AuditAction, AuditEntry, Copy, CopyState, Task, Upload
from tasks.models.copy import UNSAVED
from tasks.models.preview import NO_PREVIEWS
from tasks.models.storage import remove_files

AT_ONCE = 100  # rows of a batch
FILES = ("name", "poster", "sprite", "proxy")


def purge(seconds: float) -> bool:
    """Purge batch by batch for so many seconds; return whether there is more to do.

    Where the storage does not delete a file, its rows stay for the next day's purge.
    """
    stop, stuck = time.monotonic() + seconds, _Stuck()
    while (
        _purge_tasks(stuck) or _purge_copies(stuck) or Upload.objects.purge(timezone.now(), AT_ONCE)
    ):
        if time.monotonic() > stop:
            return True
    return False


class _Stuck(set[int]):
    """The copies whose files could not be removed this time."""

    def remove_files_of(self, copies: list[Copy]) -> list[Copy]:
        """Remove the copies' files; return the copies whose files are gone now."""
        gone = [copy for copy in copies if remove_files(*copy.names)]
        self.update({copy.pk for copy in copies} - {copy.pk for copy in gone})
        return gone


def _purge_tasks(stuck: _Stuck) -> int:
    """Purge one batch of tasks; return how many were tried."""
    now = timezone.now()
    past = Task.objects.past_trash(now).exclude(copies__in=stuck).order_by("deleted_at", "id")
    chosen = list(past.values_list("pk", flat=True)[:AT_ONCE])
    # The archive notices that its claim is lost, should it be saving one of these just now.
    unsaved = Copy.objects.filter(task__in=chosen, state__in=UNSAVED)
    unsaved.update(state=CopyState.DELETED, due_at=None)
    # What is left of a file that is not called saved any more has a name, too.
    with_files = Copy.objects.filter(task__in=chosen).exclude(name="")
    stuck.remove_files_of(list(with_files.only(*FILES, "task")))
    free = Task.objects.past_trash(now).filter(pk__in=chosen).exclude(copies__in=stuck)
    _delete(list(free.only("project")))
    return len(chosen)


@transaction.atomic
def _delete(tasks: list[Task]) -> None:
    _note("task", Counter(task.project_id for task in tasks))
    Task.objects.filter(pk__in=[task.pk for task in tasks]).delete()


def _purge_copies(stuck: _Stuck) -> int:
    """Purge one batch of videos deleted without their tasks; return how many were tried."""
    past = Copy.objects.saved().past_trash(timezone.now()).exclude(pk__in=stuck)
    light = past.select_related("task").only(*FILES, "task__project")
    chosen = list(light.order_by("deleted_at", "id")[:AT_ONCE])
    _mark_deleted(stuck.remove_files_of(chosen))
    return len(chosen)


@transaction.atomic
def _mark_deleted(copies: list[Copy]) -> None:
    """Keep the rows as deleted, so that a fresh link does not bring the files back."""
    Task.objects.filter(pk__in={copy.task_id for copy in copies}).mark_changed()
    gone = Copy.objects.filter(pk__in=[copy.pk for copy in copies])
    gone.update(state=CopyState.DELETED, name="", **NO_PREVIEWS)
    _note("copy", Counter(copy.task.project_id for copy in copies))


def _note(kind: str, by_project: Counter[int]) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            verb=AuditAction.PURGED, kind=kind, project_id=project, changes={"number": number}
        )
        for project, number in by_project.items()
    )
