"""What is past its thirty days in the trash is removed: files first, then rows.

So are pictures that were uploaded and made nothing of for a week.

A kill anywhere leaves rows that are past their time still: nobody can restore them, and the next
purge takes them up again. The provider's own record of a task is never touched.
"""

from __future__ import annotations

import time
from collections import Counter

from django.db import transaction
from django.utils import timezone

from tasks.models import AuditEntry, Copy, CopyState, Task, Upload, Verb
from tasks.models.copy import UNSAVED
from tasks.models.storage import remove_files

AT_ONCE = 100  # rows of a batch


def purge(seconds: float) -> bool:
    """Go on for so long, batch by batch; whether there is more to do.

    Where the storage does not let go of a file its rows stay, for the next day's purge.
    """
    stop, stuck = time.monotonic() + seconds, _Stuck()
    while _purge_tasks(stuck) or _purge_copies(stuck) or _purge_uploads():
        if time.monotonic() > stop:
            return True
    return False


class _Stuck(set[int]):
    """The copies whose files could not be removed this time."""

    def remove_files_of(self, copies: list[Copy]) -> list[Copy]:
        """Those whose files are gone now."""
        gone = [copy for copy in copies if remove_files(copy.name, copy.poster)]
        self.update({copy.pk for copy in copies} - {copy.pk for copy in gone})
        return gone


def _purge_tasks(stuck: _Stuck) -> int:
    """One batch; how many tasks were looked at."""
    now = timezone.now()
    past = Task.objects.past_trash(now).exclude(copies__in=stuck).order_by("deleted_at", "id")
    chosen = list(past.values_list("pk", flat=True)[:AT_ONCE])
    _let_go_of_unsaved(chosen)
    saved = Copy.objects.saved().filter(task__in=chosen).only("name", "poster", "task")
    stuck.remove_files_of(list(saved))
    free = Task.objects.past_trash(now).filter(pk__in=chosen).exclude(copies__in=stuck)
    _delete(list(free.only("project")))
    return len(chosen)


def _let_go_of_unsaved(tasks: list[int]) -> None:
    """The archive, should it be saving them just now, notices that its claim is lost."""
    unsaved = Copy.objects.filter(task__in=tasks, state__in=UNSAVED)
    unsaved.update(state=CopyState.DELETED, due_at=None)


@transaction.atomic
def _delete(tasks: list[Task]) -> None:
    _note("task", Counter(task.project_id for task in tasks))
    Task.objects.filter(pk__in=[task.pk for task in tasks]).delete()


def _purge_copies(stuck: _Stuck) -> int:
    """One batch of videos that were deleted without their tasks; how many were looked at."""
    past = Copy.objects.saved().past_trash(timezone.now()).exclude(pk__in=stuck)
    light = past.select_related("task").only("name", "poster", "task__project")
    chosen = list(light.order_by("deleted_at", "id")[:AT_ONCE])
    _call_deleted(stuck.remove_files_of(chosen))
    return len(chosen)


@transaction.atomic
def _call_deleted(copies: list[Copy]) -> None:
    """The rows stay, and say so; a fresh link does not bring the file back."""
    Task.objects.filter(pk__in={copy.task_id for copy in copies}).tell_of_change()
    gone = Copy.objects.filter(pk__in=[copy.pk for copy in copies])
    gone.update(state=CopyState.DELETED, name="", poster="")
    _note("copy", Counter(copy.task.project_id for copy in copies))


def _purge_uploads() -> int:
    return Upload.objects.purge(timezone.now(), AT_ONCE)


def _note(kind: str, by_project: Counter[int]) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(verb=Verb.PURGED, kind=kind, project_id=project, changes={"number": number})
        for project, number in by_project.items()
    )
