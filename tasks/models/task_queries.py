"""The questions callers ask of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tasks import search
from tasks.models.credential import Credential
from tasks.models.engine import ChangeCounter
from tasks.models.people import Project
from tasks.models.trash import TrashQuerySet, entrusted_to
from tasks.status import LIVE

if TYPE_CHECKING:
    from tasks.models.task import Task


NONE = 0  # no row has this id
LOOKED_THROUGH = 60  # of a person's newest tasks, for what they wrote last
MOST_RECENT = 8


class TaskQuerySet(TrashQuerySet["Task"]):
    def visible_to(self, user: Any, *, project: int | None = None) -> TaskQuerySet:
        """The only door: every page, fragment and feed starts here. What is in the trash is hidden.

        The projects are named one by one, for then an index gives each one's newest. With a
        subquery SQLite walks all tasks: 28 s for a small old project beside a million. `project`
        is what a filter asks for, so that nothing is gone through for somebody else's.
        """
        kept = self.kept()
        if user.is_active and user.is_staff:
            return kept
        projects = Project.objects.ids_visible_to(user)
        if project is not None:
            projects = [pk for pk in projects if pk == project] or [NONE]
        if len(projects) == 1:
            return kept.filter(project=projects[0])
        return kept.filter(project__in=projects or [NONE])

    def workable_by(self, user: Any) -> TaskQuerySet:
        """Those this person may do something to, not only look at."""
        kept = self.kept()
        if user.is_active and user.is_staff:
            return kept
        return kept.filter(project__in=Project.objects.open_to_work_by(user))

    def deletable_by(self, user: Any) -> TaskQuerySet:
        """Members delete what is their own, managers what is their projects', staff anything."""
        return self.workable_by(user).filter(entrusted_to(user))

    def trash_of(self, user: Any, now: datetime) -> TaskQuerySet:
        """What this person may still restore."""
        return self.in_trash(now).filter(entrusted_to(user))

    def managed_by(self, user: Any) -> TaskQuerySet:
        return self.filter(project__in=Project.objects.ids_managed_by(user))

    def move_to_trash(self, user: Any, now: datetime) -> list[Task]:
        """Out of everybody's sight at once; they go on being followed and saved. Which they are."""
        return self._change_trash(deleted_at=now, deleted_by=user)

    def restore(self) -> list[Task]:
        return self._change_trash(deleted_at=None, deleted_by=None)

    def _change_trash(self, **fields: Any) -> list[Task]:
        with transaction.atomic():
            rows = list(self.select_for_update().only("remote_id", "project").order_by("pk"))
            chosen = self.model._default_manager.filter(pk__in=[row.pk for row in rows])
            chosen.update(**fields)
            chosen.tell_of_change()
        return rows

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
            self.select_related("credential", "project", "created_by", "submission__batch")
            .prefetch_related("copies")
            .defer("raw", "search_text", "revised_prompt", "submission__wish")
            .order_by("-id")
        )

    def for_page(self) -> TaskQuerySet:
        """With all that a task's own page shows, its timeline included."""
        return (
            self.select_related("credential", "project", "created_by")
            .select_related("submission__batch", "submission__callback", "charge__price")
            .prefetch_related("changes", "copies", "cancellations")
            .defer("search_text")
        )

    def matching(self, query: str) -> TaskQuerySet:
        """Those whose words contain all that was typed, each as the beginning of a word."""
        return search.narrow(self, query)

    def recent_prompts(self, person: Any, project: Project) -> list[tuple[int, str]]:
        """What this person wrote there last, each once, with the newest task made of it."""
        mine = self.kept().filter(project=project, created_by=person).order_by("-id")
        newest: dict[str, int] = {}
        for pk, prompt in mine.values_list("pk", "prompt")[:LOOKED_THROUGH]:
            newest.setdefault(prompt, pk)
        return [(pk, prompt) for prompt, pk in newest.items() if prompt.strip()][:MOST_RECENT]

    def check_now(self, now: datetime) -> int:
        """Ask about these at the next turn of the sweep, ended or not."""
        return self.named().update(check_after=now, not_founds=0)

    def named(self) -> TaskQuerySet:
        """Those that a provider has given an id: about others there is nothing to ask."""
        return self.exclude(remote_id__startswith=self.model.NO_ID_YET)

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
        given: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Task]:
        """Begin to follow tasks made elsewhere; those already followed are left alone.

        `given` is what is known of some by id: prompt, model, seed … Answers that leave these out
        do not take them away.
        """
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
                **(given or {}).get(remote_id, {}),
            )
            for remote_id in dict.fromkeys(remote_ids)
        ]
        for task in fresh:
            task.search_text = search.searchable(task.prompt, task.remote_id, task.model)
        with transaction.atomic():
            change = ChangeCounter.objects.next()
            for task in fresh:
                task.change = change
            self.model._default_manager.bulk_create(fresh, ignore_conflicts=True)
        return list(self.filter(change=change))
