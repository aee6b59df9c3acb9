"""The relatives on a task's page: what it was made from, what came of it, its batch's takes.

It shows only tasks of the same project that the reader may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Abs
from django.utils.translation import gettext as _

from tasks.models import Batch, Relation, Submission, Task
from tasks.web.presenters.task import TaskPresenter

MOST = 12  # children, and as many other takes of the same batch
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
    """A task in the lineage, and its relation to its parent, or which take it is, in words."""

    presented: TaskPresenter
    how: str = ""
    is_here: bool = False  # whether it is the task of the page


@dataclass(frozen=True)
class Lineage:
    """A task's lineage; false where there is nothing to show."""

    how: str = ""  # the relation of the task itself to its parent
    parents: Sequence[RelatedTask] = ()  # the oldest first
    is_cut: bool = False  # whether the oldest one had a parent that is gone or hidden
    children: Sequence[RelatedTask] = ()
    has_more_children: bool = False
    #: Those of the batch nearest to this one, this one included, the last first: as in the list.
    takes: Sequence[RelatedTask] = ()
    has_more_takes: bool = False
    batch: Batch | None = None

    @classmethod
    def of(cls, here: TaskPresenter, user: Any, now: datetime, sources: Iterable[str]) -> Lineage:
        """Read the lineage: one query for a task without relatives, at most seven otherwise."""
        task = here.task
        ids = _LineageIds.of(task)
        if not ids:
            return cls()
        presented: dict[int, TaskPresenter] = {}
        if ids.all:
            visible = Task.objects.visible_to(user, project=task.project_id).for_list(user)
            rows = visible.filter(pk__in=ids.all, project=task.project_id)
            presented = {row.pk: TaskPresenter(row, now, sources) for row in rows}
        children = _related(presented, ids.children)
        nearest = _related(presented, ids.takes)
        others = [(each.presented.task.submission.take, each) for each in nearest[:MOST]]
        parents, is_cut = _parents(presented, ids.parents)
        return cls(
            how=ids.how,
            parents=parents,
            is_cut=is_cut,
            children=children[:MOST],
            has_more_children=len(children) > MOST,
            takes=_with_this(others, here) if ids.batch else (),
            has_more_takes=len(nearest) > MOST,
            batch=ids.batch,
        )

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def presented(self) -> list[TaskPresenter]:
        """The relatives, without the task itself."""
        related = (*self.parents, *self.children, *self.takes)
        return [each.presented for each in related if not each.is_here]

    @property
    def has_family(self) -> bool:
        """Whether there are parents or children, and not only takes of the same press."""
        return bool(self.how or self.children)


#: A task's id, and its relation to its parent in words.
RelatedId = tuple[int | None, str]


@dataclass
class _LineageIds:
    """The ids of the related tasks, before their rows are read; the nearest parent first."""

    how: str = ""
    parents: list[RelatedId] = field(default_factory=list)
    children: list[RelatedId] = field(default_factory=list)
    takes: list[RelatedId] = field(default_factory=list)  # the nearest first
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
            nearest = others.order_by(Abs(F("take") - submission.take), "take")
            ids.takes = [(pk, _take(number)) for pk, number in _first_rows(nearest, "take")]
        return ids

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def all(self) -> set[int]:
        related = (*self.parents, *self.children, *self.takes)
        return {pk for pk, _how in related if pk is not None}


def _first_rows(rows: Any, column: str) -> list[tuple[int, Any]]:
    """More rows than are shown: some may be deleted, and one tells whether there are more."""
    return list(rows.values_list("task", column)[: 2 * MOST + 1])


def _label(relation: str) -> str:
    return str(Relation(relation).label) if relation else ""


def _take(number: int) -> str:
    return _("Take %(number)s") % {"number": number}


def _with_this(others: list[tuple[int, RelatedTask]], here: TaskPresenter) -> list[RelatedTask]:
    """The other takes and this one, the last first."""
    number = here.task.submission.take
    takes = [*others, (number, RelatedTask(here, _take(number), is_here=True))]
    return [each for _number, each in sorted(takes, key=lambda take: take[0], reverse=True)]


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
