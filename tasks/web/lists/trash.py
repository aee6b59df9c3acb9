"""The rows in the trash, the latest deletion on top, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from tasks.models import Copy, Task
from tasks.models.trash import days_left
from tasks.web.lists.counts import CAP, CappedCount
from tasks.web.lists.paging import key_of, read_key

ROWS = 50
TASKS, VIDEOS = "tasks", "videos"
WORDS = {TASKS: gettext_lazy("Tasks"), VIDEOS: gettext_lazy("Videos of existing tasks")}
_HEAVY = ("raw", "search_text", "revised_prompt")


@dataclass(frozen=True)
class DeletedRow:
    """A row of the page: a task, or a saved file whose task was kept."""

    row: Task | Copy
    now: datetime

    @property
    def name(self) -> str:
        """The name of the form's field in which its id is sent."""
        return "task" if isinstance(self.row, Task) else "copy"

    @property
    def task(self) -> Task:
        return self.row if isinstance(self.row, Task) else self.row.task

    @property
    def kind(self) -> str:
        row = self.row
        return row.get_status_display() if isinstance(row, Task) else row.get_kind_display()

    @property
    def days_left(self) -> int:
        assert self.row.deleted_at
        return days_left(self.row.deleted_at, self.now)


@dataclass(frozen=True)
class TrashPage:
    """A page of rows; `next` is the ?after= of the page that follows, "" on the last one."""

    rows: list[DeletedRow]
    is_first: bool
    next: str


def trash_page(user: Any, kind: str, query: QueryDict, now: datetime) -> TrashPage:
    """The rows of a kind after ?after=; the first ones where that cannot be read."""
    in_trash = _in_trash(user, kind, now).order_by("-deleted_at", "-id")
    at, pk = read_key(query.get("after", ""))
    is_first = at is None or pk is None
    if not is_first:
        in_trash = in_trash.filter(Q(deleted_at__lt=at) | Q(deleted_at=at, pk__lt=pk))
    rows = list(in_trash[: ROWS + 1])
    last = rows[ROWS - 1] if len(rows) > ROWS else None
    return TrashPage(
        rows=[DeletedRow(row, now) for row in rows[:ROWS]],
        is_first=is_first,
        next=key_of(last.deleted_at, last.pk) if last else "",
    )


def counts(user: Any, now: datetime) -> dict[str, CappedCount]:
    """The number of rows of each kind, up to a cap. Two queries."""
    counts = {}
    for kind in (TASKS, VIDEOS):
        number = _in_trash(user, kind, now).order_by()[: CAP + 1].count()
        counts[kind] = CappedCount(min(number, CAP), at_least=number > CAP)
    return counts


def _in_trash(user: Any, kind: str, now: datetime) -> Any:
    if kind == VIDEOS:
        copies = Copy.objects.restorable_by(user, now).prefetch_related("task__copies")
        light = copies.defer(*(f"task__{name}" for name in _HEAVY))
        return light.select_related("task__project", "task__credential", "deleted_by")
    tasks = Task.objects.restorable_by(user, now).prefetch_related("copies").defer(*_HEAVY)
    return tasks.select_related("project", "credential", "deleted_by")
