"""The questions callers ask of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from tasks import search
from tasks.models.credential import Credential
from tasks.models.engine import ChangeCounter
from tasks.models.people import Project
from tasks.status import LIVE

if TYPE_CHECKING:
    from tasks.models.task import Task


NONE = 0  # no row has this id


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: Any, *, project: int | None = None) -> TaskQuerySet:
        """The only door: every page, fragment and feed starts here.

        The projects are named one by one, for then an index gives each one's newest. With a
        subquery SQLite walks all tasks: 28 s for a small old project beside a million. `project`
        is what a filter asks for, so that nothing is gone through for somebody else's.
        """
        if user.is_active and user.is_staff:
            return self
        projects = Project.objects.ids_visible_to(user)
        if project is not None:
            projects = [pk for pk in projects if pk == project] or [NONE]
        if len(projects) == 1:
            return self.filter(project=projects[0])
        return self.filter(project__in=projects or [NONE])

    def workable_by(self, user: Any) -> TaskQuerySet:
        """Those this person may do something to, not only look at."""
        if user.is_active and user.is_staff:
            return self
        return self.filter(project__in=Project.objects.open_to_work_by(user))

    def due(self, now: datetime) -> TaskQuerySet:
        """What to ask about next, the longest overdue first."""
        return self.filter(check_after__lte=now).order_by("check_after")

    def live(self) -> TaskQuerySet:
        return self.filter(status__in=LIVE)

    def changed_since(self, change: int) -> TaskQuerySet:
        return self.filter(change__gt=change)

    def for_list(self) -> TaskQuerySet:
        """Newest first, without the heavy columns a row of the list does not show."""
        return (
            self.select_related("credential", "project", "created_by")
            .prefetch_related("copies")
            .defer("raw", "search_text", "revised_prompt")
            .order_by("-id")
        )

    def for_page(self) -> TaskQuerySet:
        """With all that a task's own page shows, its timeline included."""
        return (
            self.select_related("credential", "project", "created_by")
            .prefetch_related("changes", "copies")
            .defer("search_text")
        )

    def matching(self, query: str) -> TaskQuerySet:
        """Those whose words contain all that was typed, each as the beginning of a word."""
        return search.narrow(self, query)

    def check_now(self, now: datetime) -> int:
        """Ask about these at the next turn of the sweep, ended or not."""
        return self.update(check_after=now, not_founds=0)

    def tell_of_change(self) -> None:
        """Have open pages show these anew; in the transaction that writes what they show.

        Tasks are locked before the counter, as everywhere, or two writers wait for each other.
        """
        rows = list(self.select_for_update().order_by("pk").values_list("pk", flat=True))
        if rows:
            number = ChangeCounter.objects.next()
            self.model._default_manager.filter(pk__in=rows).update(change=number)

    def track(
        self,
        remote_ids: Iterable[str],
        *,
        credential: Credential,
        project: Project,
        created_by: Any,
        now: datetime,
    ) -> list[Task]:
        """Begin to follow tasks made elsewhere; those already followed are left alone."""
        fresh = [
            self.model(
                remote_id=remote_id,
                credential=credential,
                provider=credential.provider,
                base_url=credential.base_url,
                project=project,
                created_by=created_by,
                created_at=now,
                check_after=now,
                search_text=search.searchable(remote_id),
            )
            for remote_id in dict.fromkeys(remote_ids)
        ]
        with transaction.atomic():
            change = ChangeCounter.objects.next()
            for task in fresh:
                task.change = change
            self.model._default_manager.bulk_create(fresh, ignore_conflicts=True)
        return list(self.filter(change=change))
