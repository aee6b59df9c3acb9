"""The queryset of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Model, OuterRef, Prefetch, Subquery

from tasks.models import search
from tasks.models.access import TaskAccess
from tasks.models.changes import ChangeCounter
from tasks.models.credential import Credential
from tasks.models.model_name import ModelName
from tasks.models.projects import Project
from tasks.status import LIVE, Status

NO_ID_YET = "unnamed-"  # prefix of `remote_id` until the provider has given an id
TASKS_WITH_RECENT_PROMPTS = 60  # of a person's newest tasks
MOST_RECENT = 8  # prompts

#: Columns that no list shows: long ones, and most of rows that are joined for a name or a sum.
NOT_LISTED = (
    *("raw", "search_text", "revised_prompt", "submission__request"),
    *(f"created_by__{each}" for each in ("password", "email", "last_login", "date_joined")),
    *(f"charge__{each}" for each in ("model", "tier", "day", "placed_at", "tokens", "seconds")),
)

#: The model of the queryset; `Task` itself imports this module.
T = TypeVar("T", bound=Model)


class TaskQuerySet(TaskAccess[T]):
    def move_to_trash(self, user: Any, now: datetime) -> list[T]:
        """Hide these from everybody and return them.

        They go on being tracked, and their files saved.
        """
        return self._change_trash(deleted_at=now, deleted_by=user)

    def restore(self) -> list[T]:
        return self._change_trash(deleted_at=None, deleted_by=None)

    def _change_trash(self, **fields: Any) -> list[T]:
        with transaction.atomic():
            rows = list(self.select_for_update().only("remote_id", "project").order_by("pk"))
            chosen: TaskQuerySet[T] = TaskQuerySet(self.model).filter(
                pk__in=[row.pk for row in rows]
            )
            chosen.update(**fields)
            chosen.mark_changed()
        return rows

    def due(self, now: datetime) -> TaskQuerySet:
        """Tasks to be checked, the longest overdue first."""
        return self.filter(check_after__lte=now).order_by("check_after")

    def live(self) -> TaskQuerySet:
        return self.filter(status__in=LIVE)

    def changed_since(self, change: int) -> TaskQuerySet:
        return self.filter(change__gt=change)

    def for_list(self, reader: Any) -> TaskQuerySet:
        """Tasks for this person's list, newest first, without large columns it does not show."""
        return (
            self.with_details_for(reader)
            ._with_known_models()
            ._with_star_counts()
            .select_related("project", "created_by", "submission__batch", "charge")
            .prefetch_related(Prefetch("copies", to_attr="listed_copies"))
            .defer(*NOT_LISTED)
            .order_by("-id")
        )

    def _with_known_models(self) -> TaskQuerySet:
        """Annotate each with `known_as`: the model behind a name that the team has added."""
        names = ModelName.objects.filter(provider=OuterRef("provider"), name=OuterRef("model"))
        return self.annotate(known_as=Subquery(names.values("known_as")[:1]))

    def _with_star_counts(self) -> TaskQuerySet:
        """Annotate each with `star_count`: how many people have starred it; None for nobody."""
        stars: Any = self.model._meta.get_field("stars").related_model
        own = stars.objects.filter(task=OuterRef("pk")).order_by().values("task")
        return self.annotate(star_count=Subquery(own.annotate(number=Count("pk")).values("number")))

    def for_page(self, reader: Any) -> TaskQuerySet:
        """Tasks with everything that their own page shows this person, the timeline included."""
        return (
            self.with_details_for(reader)
            ._with_known_models()
            ._with_star_counts()
            .select_related("credential", "project", "created_by")
            .select_related("submission__batch", "submission__callback", "charge__price")
            .prefetch_related("changes", "copies", "cancellations")
            .defer("search_text")
        )

    def matching(self, query: str) -> TaskQuerySet:
        """Tasks with words that begin with each word of the query."""
        return search.narrow(self, query)

    def recent_prompts(self, person: Any, project: Project) -> list[tuple[int, str]]:
        """The last prompts of this person in the project, each with the newest task's id."""
        own = self.kept().filter(project=project, created_by=person).order_by("-id")
        newest: dict[str, int] = {}
        for pk, prompt in own.values_list("pk", "prompt")[:TASKS_WITH_RECENT_PROMPTS]:
            newest.setdefault(prompt, pk)
        return [(pk, prompt) for prompt, pk in newest.items() if prompt.strip()][:MOST_RECENT]

    def check_now(self, now: datetime) -> int:
        """Have the sweep check these next, ended or not; return their number."""
        return self.named().update(check_after=now, not_founds=0)

    def named(self) -> TaskQuerySet:
        """Tasks about which a provider can be asked: it has given an id, and they belong here."""
        return self.exclude(remote_id__startswith=NO_ID_YET).exclude(status=Status.FOREIGN)

    def mark_changed(self) -> None:
        """Make open pages reload these; call it in the transaction that writes the change.

        Tasks are locked before the counter, as everywhere, so that no two writers deadlock.
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
    ) -> list[T]:
        """Begin to track tasks created elsewhere and return the new ones.

        Tasks that are already tracked are left alone. `given` has known values by id: prompt,
        model, seed … An answer that leaves them out does not remove them.
        """
        known = given or {}
        with transaction.atomic():
            change = ChangeCounter.objects.next()
            rows = []
            for remote_id in dict.fromkeys(remote_ids):
                values = known.get(remote_id, {})
                words = values.get("prompt", ""), remote_id, values.get("model", "")
                row = self.model(
                    remote_id=remote_id,
                    credential=credential,
                    provider=credential.provider,
                    base_url=credential.base_url,
                    project=project,
                    created_by=created_by,
                    created_at=now,
                    check_after=now,
                    change=change,
                    search_text=search.searchable(*words),
                    **values,
                )
                rows.append(row)
            self.model._default_manager.bulk_create(rows, ignore_conflicts=True)
        return list(self.filter(change=change))
