"""The queryset of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Model, OuterRef, Prefetch, QuerySet, Subquery

from tasks.models import search
from tasks.models.access import TaskAccess
from tasks.models.changes import ChangeCounter
from tasks.models.credential import Credential
from tasks.models.model_name import ModelName
from tasks.models.projects import Project
from tasks.providers.status import LIVE, Status

NO_ID_YET = "unnamed-"  # prefix of `remote_id` until the provider has given an id
TASKS_WITH_RECENT_PROMPTS = 60  # of a person's newest tasks
MOST_RECENT = 8  # prompts

#: Columns that no list shows, of a task and of the rows beside it. Some are long; and the ORM takes
#: longer for each than the database: reading the short ones took a twentieth of a page.
NOT_LISTED = (
    *("raw", "search_text", "revised_prompt", "deleted_by", "action", "file_url", "request_id"),
    *("remote_started_at", "framespersecond", "draft_task_id", "tools", "safety_identifier"),
    *("priority", "output_format", "execution_expires_after"),
    *("web_searches", "quota", "queued_at", "troubles_in_a_row", "not_founds", "answer_digest"),
    *(f"project__{each}" for each in ("created_at", "viewers_see_details")),
    *(f"created_by__{each}" for each in ("password", "email", "last_login", "date_joined")),
    *(f"created_by__{each}" for each in ("is_superuser", "is_staff", "is_active")),
    *(f"submission__{each}" for each in ("request", "sent_at", "ended_at", "trouble", "message")),
    *(f"submission__estimated_{each}" for each in ("least", "tokens", "money", "least_money")),
    *("submission__estimated_currency", "charge__finish_seconds"),
    *(f"submission__batch__{each}" for each in ("key", "credential", "created_by", "api_token")),
    *("submission__batch__project", "submission__batch__created_at"),
    *(f"charge__{each}" for each in ("project", "credential", "person", "day", "placed_at")),
    *(f"charge__{each}" for each in ("tokens", "seconds", "model", "tier", "with_video")),
    *(f"charge__{each}" for each in ("with_audio", "is_flex", "provider_micros", "provider")),
    *(f"charge__{each}" for each in ("batch", "api_token", "mode", "resolution", "outcome")),
    *(f"charge__{each}" for each in ("is_counted", "made_seconds", "error_code", "queue_seconds")),
)
#: … and of its files.
COPY_NOT_LISTED = (
    *("deleted_by", "checked_at", "damaged_at", "storage_etag", "poster_size", "sprite_size"),
    *("sprite_width", "sprite_height", "proxy_size", "proxied_at", "previewed_at"),
    *("url", "needs_key", "links", "etag", "name", "sha256", "frames", "rate", "audio_codec"),
    *("created_at", "saved_at"),
)

#: The model of the queryset; `Task` itself imports this module.
T = TypeVar("T", bound=Model)


@cache
def _known_as() -> Subquery:
    names = ModelName.objects.filter(provider=OuterRef("provider"), name=OuterRef("model"))
    return Subquery(names.values("known_as")[:1])


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
        """Tasks for this reader's list, newest first, without the columns that it does not show.

        Their stars are read beside it: `Star.objects.on`, or `with_star_counts`.
        """
        return (
            self.with_details_for(reader)
            ._with_known_models()
            .select_related("project", "created_by", "submission__batch", "charge")
            .prefetch_related(Prefetch("copies", self._listed_copies(), to_attr="listed_copies"))
            .defer(*NOT_LISTED)
            .order_by("-id")
        )

    def _listed_copies(self) -> QuerySet[Any]:
        copies: Any = self.model._meta.get_field("copies").related_model
        return copies.objects.defer(*COPY_NOT_LISTED).order_by()

    def _with_known_models(self) -> TaskQuerySet:
        """Annotate each with `known_as`: the model behind a name that the team has added."""
        return self.annotate(known_as=_known_as())

    def with_star_counts(self) -> TaskQuerySet:
        """Annotate each with `star_count`: how many people have starred it; None for nobody."""
        stars: Any = self.model._meta.get_field("stars").related_model
        own = stars.objects.filter(task=OuterRef("pk")).order_by().values("task")
        return self.annotate(star_count=Subquery(own.annotate(number=Count("pk")).values("number")))

    def for_page(self, reader: Any) -> TaskQuerySet:
        """Tasks with everything that their own page shows this person, the timeline included."""
        return (
            self.with_details_for(reader)
            ._with_known_models()
            .with_star_counts()
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
