"""Where a task comes from and what came of it, as a strip on its page.

Only tasks of its own project that the reader may see are ever in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tasks.models import Batch, Kinship, Submission, Task
from tasks.showing import Showing

MOST = 12  # children, and as many of the same batch
#: From a task's submission, one generation after another: how it came, and from which task.
_UP = (
    ("kinship", "parent"),
    ("parent__submission__kinship", "parent__submission__parent"),
    (
        "parent__submission__parent__submission__kinship",
        "parent__submission__parent__submission__parent",
    ),
)


@dataclass(frozen=True)
class Kin:
    """One of the strip; `how` is said of it, "" where it came from nowhere."""

    shown: Showing
    how: str = ""


@dataclass(frozen=True)
class Lineage:
    """Empty where there is nothing to tell."""

    how: str = ""  # the task itself came
    parents: Sequence[Kin] = ()  # the oldest first
    is_cut: bool = False  # before the oldest there was one that is not here any more
    children: Sequence[Kin] = ()
    has_more_children: bool = False
    siblings: Sequence[Kin] = ()
    has_more_siblings: bool = False
    batch: Batch | None = None

    @classmethod
    def of(cls, task: Task, user: Any, now: datetime, sources: Iterable[str]) -> Lineage:
        """One query for a task that is alone; at most seven."""
        wanted = _Wanted.of(task)
        if not wanted:
            return cls()
        shown = _shown(wanted, task, user, now, sources)
        children = _kin(shown, wanted.children)
        siblings = _kin(shown, wanted.siblings)
        parents, is_cut = _parents(shown, wanted.parents)
        return cls(
            how=wanted.how,
            parents=parents,
            is_cut=is_cut,
            children=children[:MOST],
            has_more_children=len(children) > MOST,
            siblings=siblings[:MOST],
            has_more_siblings=len(siblings) > MOST,
            batch=wanted.batch,
        )

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def shown(self) -> list[Showing]:
        return [kin.shown for kin in (*self.parents, *self.children, *self.siblings)]


#: A task's id, and what is said of it.
Named = tuple[int | None, str]


@dataclass
class _Wanted:
    """Ids before rows; the nearest parent first."""

    how: str = ""
    parents: list[Named] = field(default_factory=list)
    children: list[Named] = field(default_factory=list)
    siblings: list[Named] = field(default_factory=list)
    batch: Batch | None = None

    @classmethod
    def of(cls, task: Task) -> _Wanted:
        children = Submission.objects.filter(parent=task).order_by("-pk")
        found = cls(children=[(pk, _word(how)) for pk, how in _few(children, "kinship")])
        if submission := getattr(task, "submission", None):
            found._look_around(submission)
        return found

    def _look_around(self, submission: Submission) -> None:
        self.how = _word(submission.kinship)
        if self.how:
            self.parents = _generations(submission)
        if submission.batch.takes > 1:
            self.batch = submission.batch
            others = Submission.objects.filter(batch=self.batch).exclude(pk=submission.pk)
            takes = _few(others.order_by("take"), "take")
            self.siblings = [(pk, _("take %(number)s") % {"number": n}) for pk, n in takes]

    def __bool__(self) -> bool:
        return bool(self.how or self.children or self.batch)

    @property
    def ids(self) -> set[int]:
        every = (*self.parents, *self.children, *self.siblings)
        return {pk for pk, _how in every if pk is not None}


def _few(rows: Any, column: str) -> list[tuple[int, Any]]:
    """One more than is shown, so that it can be said that there are more; and some deleted ones."""
    return list(rows.values_list("task", column)[: 2 * MOST + 1])


def _word(kinship: str) -> str:
    return str(Kinship(kinship).label) if kinship else ""


def _generations(submission: Submission) -> list[Named]:
    """Three: each with how it came itself, for that is what is said beside it."""
    names = [name for pair in _UP for name in pair]
    row = Submission.objects.filter(pk=submission.pk).values_list(*names).get()
    parents, hows = row[1::2], (*row[2::2], "")
    found: list[Named] = []
    for pk, how in zip(parents, hows, strict=True):
        found.append((pk, _word(how or "")))
        if pk is None or not how:
            break
    return found


def _shown(
    wanted: _Wanted, task: Task, user: Any, now: datetime, sources: Iterable[str]
) -> dict[int, Showing]:
    if not wanted.ids:
        return {}
    rows = Task.objects.visible_to(user, project=task.project_id).for_list()
    mine = rows.filter(pk__in=wanted.ids, project=task.project_id)
    return {each.pk: Showing(each, now, sources) for each in mine}


def _kin(shown: dict[int, Showing], named: list[Named]) -> list[Kin]:
    return [Kin(shown[pk], how) for pk, how in named if pk in shown]


def _parents(shown: dict[int, Showing], named: list[Named]) -> tuple[list[Kin], bool]:
    """As far back as they are here without a gap; and whether there was one before them."""
    found: list[Kin] = []
    for pk, how in named:
        if pk not in shown:
            return found[::-1], True
        found.append(Kin(shown[pk], how))
    return found[::-1], False
