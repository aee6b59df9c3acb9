"""Rules about tasks, their files, uploads and saved prompts, and the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q, Value

from tasks.models.access.projects import (
    ProjectRowAccess,
    in_detailed_project,
    in_managed_project,
    in_usable_project,
    in_visible_project,
    own_or_managed,
    projects_of_site,
)
from tasks.models.access.roles import Row, administers
from tasks.models.scrub import ScrubQuerySet
from tasks.models.sight import NONE, Sight
from tasks.models.trash import TrashQuerySet


class TaskAccess(TrashQuerySet[Row]):
    def visible_to(self, user: Any, *, project: int | None = None, details: bool = False) -> Self:
        """Tasks this person sees, without the trash; every page, fragment and feed starts here.

        `details`: only those of which this person sees the details.

        The projects are listed one by one, so that an index gives the newest of each. With a
        subquery SQLite walks all tasks: 28 s for a small old project beside a million. `project`
        is the id that a filter asks for; if this person may not see it, nothing is found.
        """
        if administers(user):
            return self.kept()
        rows = (
            projects_of_site().detailed_to(user) if details else projects_of_site().visible_to(user)
        )
        projects = list(rows.order_by().values_list("pk", flat=True))
        if project is not None:
            projects = [pk for pk in projects if pk == project]
        return self._kept_in(projects)

    def in_sight(self, sight: Sight, *, details: bool = False) -> Self:
        """Tasks of `visible_to`, for a person whose projects were just read."""
        projects = sight.detailed if details else sight.projects
        return self.kept() if projects is None else self._kept_in(projects)

    def _kept_in(self, projects: Sequence[int]) -> Self:
        if len(projects) == 1:
            return self.kept().filter(project=projects[0])
        return self.kept().filter(project__in=projects or [NONE])

    def with_details_for(self, user: Any) -> Self:
        """Annotate each task with `shows_details`: whether this person sees the details of it."""
        sees_all = isinstance(user, Sight) and user.detailed is None
        return self.annotate(shows_details=Value(True) if sees_all else in_detailed_project(user))

    def editable_by(self, user: Any) -> Self:
        """Tasks this person may act on: ask about now, save now, say what became of them."""
        return self.kept().filter(in_usable_project(user))

    def repeatable_by(self, user: Any) -> Self:
        """Tasks this person may create again, which spends the project's money."""
        return self.kept().filter(in_usable_project(user))

    def cancellable_by(self, user: Any) -> Self:
        """Tasks this person may cancel, if the provider still can."""
        return self.kept().filter(own_or_managed(user))

    def deletable_by(self, user: Any) -> Self:
        """Tasks this person may move to the trash."""
        return self.kept().filter(own_or_managed(user))

    def restorable_by(self, user: Any, now: datetime) -> Self:
        return self.in_trash(now).filter(own_or_managed(user))

    def managed_by(self, user: Any) -> Self:
        """Tasks of the projects this person manages, which they may delete for good."""
        return self.filter(in_managed_project(user))

    def rights(self, user: Any) -> dict[str, bool]:
        """Rights of this person over the single task in this queryset, by name: one query."""
        own = Count("pk", filter=own_or_managed(user))
        editable = self.editable_by(user).order_by()
        counts = editable.aggregate(may_work=Count("pk"), may_delete=own, may_cancel=own)
        return {name: bool(count) for name, count in counts.items()}


class CopyAccess(ScrubQuerySet[Row]):
    """Rules for the files of tasks; who may delete a task may delete its files."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(in_visible_project(user, "task__"), task__deleted_at=None)

    def with_details_for(self, user: Any) -> Self:
        """Annotate each file with `shows_details`: whether this person sees the details of it."""
        return self.annotate(shows_details=in_detailed_project(user, "task__"))

    def in_sight(self, sight: Sight) -> Self:
        """Files of `visible_to`, for a person whose projects were just read."""
        files = self.filter(task__deleted_at=None)
        return files if sight.projects is None else files.filter(task__project__in=sight.projects)

    def deletable_by(self, user: Any) -> Self:
        """Saved files this person may move to the trash."""
        files = self.saved().kept().filter(task__deleted_at=None)
        return files.filter(own_or_managed(user, "task__"))

    def restorable_by(self, user: Any, now: datetime) -> Self:
        """Files this person may restore. Files of deleted tasks are restored with their task."""
        files = self.saved().in_trash(now).filter(task__deleted_at=None)
        return files.filter(own_or_managed(user, "task__"))

    def managed_by(self, user: Any) -> Self:
        """Files of the projects this person manages, which they may delete for good."""
        return self.filter(in_managed_project(user, "task__"))


def visible_copies(user: Any) -> Q:
    """Condition of `CopyAccess.visible_to`, for counting within a larger statement.

    It does not query for the ids first, because the header of every page uses it.
    """
    not_deleted = Q(task__deleted_at=None)
    if administers(user):
        return not_deleted
    return not_deleted & Q(task__project__in=projects_of_site().visible_to(user).order_by())


def alarming_copies(user: Any) -> Q:
    """Condition: copies of which this person is told that they are at risk."""
    not_deleted = Q(task__deleted_at=None)
    return not_deleted if administers(user) else not_deleted & in_detailed_project(user, "task__")


class UploadAccess(ProjectRowAccess[Row]):
    if TYPE_CHECKING:  # UploadQuerySet has it

        def here(self) -> Self: ...

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).here()

    def usable_by(self, user: Any) -> Self:
        """Pictures this person may use in a create."""
        return super().usable_by(user).here()


class SavedPromptAccess(ProjectRowAccess[Row]):
    def editable_by(self, user: Any) -> Self:
        """Prompts this person saved, and all prompts of projects they manage."""
        return self.filter(own_or_managed(user))


class AuditAccess(models.QuerySet[Row]):
    def visible_to(self, user: Any) -> Self:
        """Every entry for staff; the entries of their projects for managers."""
        if administers(user):
            return self
        return self.filter(project_id__in=projects_of_site().ids_managed_by(user))
