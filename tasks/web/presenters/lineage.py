"""The lineage on a task's page: the tasks that it was made from, and those made from it.

It shows only tasks of the same project that the reader may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tasks.models import Batch, Relation, Submission, Task
from tasks.web.presenters.task import TaskPresenter

MOST = 12  # children, and as many siblings of the same batch
#: Field lookups from a task's submission to its ancestors: relation and parent of each generation.
_UP = (
    ("relation", "parent"),
    ("parent__submission__relation", "parent__submission__parent"),
    (
        "parent__submission__parent__submission__relation",
        "parent__submission__parent__submission__parent",
    ),
)


@dataclass(frozen=True)
class RelatedTask:
    """A task in the lineage, and its relation to its parent in words; "" where it has none."""

    presented: TaskPresenter
    how: str = ""


@dataclass(frozen=True)
class Lineage:
    """A task's lineage; false where there is nothing to show."""

    how: str = ""  # the relation of the task itself to its parent
    parents: Sequence[RelatedTask] = ()  # the oldest first
    is_cut: bool = False  # whether the oldest one had a parent that is gone or hidden
    children: Sequence[RelatedTask] = ()
    has_more_children: bool = False
    siblings: Sequence[RelatedTask] = ()
    has_more_siblings: bool = False
    batch: Batch | None = None

    @classmethod
    def of(cls, task: Task, user: Any, now: datetime, sources: Iterable[str]) -> Lineage:
        """Read the lineage: one query for a task without relatives, at most seven otherwise."""
        ids = _LineageIds.of(task)
        if not ids:
            return cls()
        presented: dict[int, TaskPresenter] = {}
        if ids.all:
            visible = Task.objects.visible_to(user, project=task.project_id).for_list(user)
            rows = visible.filter(pk__in=ids.all, project=task.project_id)
            presented = {row.pk: TaskPresenter(row, now, sources) for row in rows}
        children = _related(presented, ids.children)
        siblings = _related(presented, ids.siblings)
        parents, is_cut = _parents(presented, ids.parents)
        return cls(
            how=ids.how,
            parents=parents,
            is_cut=is_cut,
            children=children[:MOST],
            has_more_children=len(children) > MOST,
            siblings=siblings[:MOST],
            has_more_siblings=len(siblings) > MOST,
            batch=ids.batch,
        )

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def presented(self) -> list[TaskPresenter]:
        return [each.presented for each in (*self.parents, *self.children, *self.siblings)]


#: A task's id, and its relation to its parent in words.
RelatedId = tuple[int | None, str]


@dataclass
class _LineageIds:
    """The ids of the related tasks, before their rows are read; the nearest parent first."""

    how: str = ""
    parents: list[RelatedId] = field(default_factory=list)
    children: list[RelatedId] = field(default_factory=list)
    siblings: list[RelatedId] = field(default_factory=list)
    batch: Batch | None = None

    @classmethod
    def of(cls, task: Task) -> _LineageIds:
        children = Submission.objects.filter(parent=task).order_by("-pk")
        ids = cls(children=[(pk, _label(how)) for pk, how in _first_rows(children, "relation")])
        submission = getattr(task, "submission", None)
        if submission is None:
            return ids
        if submission.relation:
            ids.how, ids.parents = _label(submission.relation), _ancestors(submission)
        if submission.batch.takes > 1:
            ids.batch = submission.batch
            others = Submission.objects.filter(batch=ids.batch).exclude(pk=submission.pk)
            takes = _first_rows(others.order_by("take"), "take")
            ids.siblings = [(pk, _("take %(number)s") % {"number": n}) for pk, n in takes]
        return ids

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def all(self) -> set[int]:
        related = (*self.parents, *self.children, *self.siblings)
        return {pk for pk, _how in related if pk is not None}


def _first_rows(rows: Any, column: str) -> list[tuple[int, Any]]:
    """More rows than are shown: some may be deleted, and one tells whether there are more."""
    return list(rows.values_list("task", column)[: 2 * MOST + 1])


def _label(relation: str) -> str:
    return str(Relation(relation).label) if relation else ""


def _ancestors(submission: Submission) -> list[RelatedId]:
    """The ids of up to three generations of parents, each with its own relation to its parent."""
    names = [name for pair in _UP for name in pair]
    row = Submission.objects.filter(pk=submission.pk).values_list(*names).get()
    parents, relations = row[1::2], (*row[2::2], "")
    ancestors: list[RelatedId] = []
    for pk, relation in zip(parents, relations, strict=True):
        ancestors.append((pk, _label(relation or "")))
        if pk is None or not relation:
            break
    return ancestors


def _related(presented: dict[int, TaskPresenter], ids: list[RelatedId]) -> list[RelatedTask]:
    return [RelatedTask(presented[pk], how) for pk, how in ids if pk in presented]


def _parents(
    presented: dict[int, TaskPresenter], ids: list[RelatedId]
) -> tuple[list[RelatedTask], bool]:
    """The parents up to the first gap, the oldest first, and whether there is a gap."""
    parents: list[RelatedTask] = []
    for pk, how in ids:
        if pk not in presented:
            return parents[::-1], True
        parents.append(RelatedTask(presented[pk], how))
    return parents[::-1], False
