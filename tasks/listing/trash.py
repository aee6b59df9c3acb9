"""What is in the trash, the latest deletion on top, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from tasks.listing.counts import CAP, Count
from tasks.models import Copy, Task
from tasks.models.trash import days_left

ROWS = 50
TASKS, VIDEOS = "tasks", "videos"
WORDS = {TASKS: gettext_lazy("Tasks"), VIDEOS: gettext_lazy("Videos of kept tasks")}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_HEAVY = ("raw", "search_text", "revised_prompt")


@dataclass(frozen=True)
class Deleted:
    """A row of the page: a task, or a saved file whose task was kept."""

    row: Task | Copy
    now: datetime

    @property
    def name(self) -> str:
        """Of the form's field in which its id is sent."""
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
class Page:
    """`next` is the ?after= of the page that follows, "" on the last one."""

    rows: list[Deleted]
    is_first: bool
    next: str


def page_of(user: Any, kind: str, query: QueryDict, now: datetime) -> Page:
    found = _in_trash(user, kind, now).order_by("-deleted_at", "-id")
    place = _beyond(query.get("after", ""))
    rows = list((found.filter(place) if place else found)[: ROWS + 1])
    more = len(rows) > ROWS
    shown = [Deleted(row, now) for row in rows[:ROWS]]
    return Page(shown, not place, _key(rows[ROWS - 1]) if more else "")


def counts(user: Any, now: datetime) -> dict[str, Count]:
    """Of each kind, up to a cap."""
    return {kind: _capped(_in_trash(user, kind, now)) for kind in (TASKS, VIDEOS)}


def _in_trash(user: Any, kind: str, now: datetime) -> Any:
    if kind == VIDEOS:
        copies = Copy.objects.trash_of(user, now).defer(*(f"task__{name}" for name in _HEAVY))
        return copies.select_related("task__project", "task__credential", "deleted_by")
    tasks = Task.objects.trash_of(user, now).defer(*_HEAVY)
    return tasks.select_related("project", "credential", "deleted_by")


def _capped(rows: Any) -> Count:
    number = rows.order_by()[: CAP + 1].count()
    return Count(min(number, CAP), at_least=number > CAP)


def _key(row: Task | Copy) -> str:
    """Where a row stands: when it was deleted in µs, and its id."""
    assert row.deleted_at
    return f"{(row.deleted_at - _BEGINNING) // timedelta(microseconds=1)}.{row.pk}"


def _beyond(key: str) -> Q | None:
    """The rows after that one; None where the key says nothing."""
    at, _dot, pk = key.partition(".")
    if not (_is_number(at) and _is_number(pk)):
        return None
    moment = _BEGINNING + timedelta(microseconds=int(at))
    return Q(deleted_at__lt=moment) | Q(deleted_at=moment, pk__lt=int(pk))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
