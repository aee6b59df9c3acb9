"""The filters of the list of tasks, read out of the URL and written back into it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict

from tasks.models import Copy, CopyKind, CopyState, ModelName, Star, Submission
from tasks.models.profile import View
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.catalog.model_patterns import pattern_of
from tasks.providers.catalog.models import MODELS, find_model
from tasks.providers.numbers import whole_number
from tasks.providers.status import Status
from tasks.web.forms.long_choices import MORE
from tasks.web.lists.days import DaySpan, read_day

LONGEST_QUERY = 200
RESOLUTIONS = tuple(dict.fromkeys(each for model in MODELS for each in model.resolutions))
#: The filters that drop-downs offer.
DROP_DOWNS = "person model project resolution video provider credential".split()
WITH_VIDEO, WITHOUT_VIDEO = "yes", "no"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The filters, one field per name in the query string; unreadable values count as absent."""

    status: tuple[str, ...] = ()
    provider: str = ""
    credential: int | None = None
    project: int | None = None
    person: int | None = None
    model: str = ""  # its human name
    resolution: str = ""
    video: str = ""  # WITH_VIDEO: there is one to watch, or it is on its way; or WITHOUT_VIDEO
    batch: int | None = None
    since: date | None = None
    until: date | None = None
    starred: int = 0  # 1: only tasks that the reader has starred
    view: str = ""  # a View; "" is the one that the reader chose last
    more: int = 0  # 1: long drop-downs offer everything
    q: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Filters:
        statuses = set(query.getlist("status"))
        return cls(
            status=tuple(status for status in Status if status in statuses),
            provider=query.get("provider", "")[:30].replace("\0", "").replace(MORE, ""),
            credential=whole_number(query.get("credential", "")),
            project=whole_number(query.get("project", "")),
            person=whole_number(query.get("person", "")),
            model=known.label if (known := find_model(query.get("model", ""))) else "",
            resolution=_one_of(RESOLUTIONS, query.get("resolution", "").lower()),
            video=_one_of((WITH_VIDEO, WITHOUT_VIDEO), query.get("video", "")),
            batch=whole_number(query.get("batch", "")),
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
            starred=int(query.get("starred") == "1"),
            view=_one_of(View.values, query.get("view", "")),
            more=int(MORE in (query.get("credential"), query.get("provider")) or "more" in query),
            q=query.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY],
        )

    def narrow(self, tasks: TaskQuerySet, user: Any) -> TaskQuerySet:
        """The tasks that all filters but the status leave; the statuses are counted among these."""
        return self.narrow_by_rows(self.narrow_by_index(tasks, user))

    def narrow_by_index(self, tasks: TaskQuerySet, user: Any) -> TaskQuerySet:
        """The tasks that those filters leave which an index answers, with its order."""
        conditions = {
            "provider": self.provider,
            "credential_id": self.credential,
            "project_id": self.project,
            "created_by_id": self.person,
        }
        tasks = tasks.filter(**{name: value for name, value in conditions.items() if value})
        tasks = tasks.matching(self.q) if self.q else tasks
        tasks = tasks.filter(pk__in=Star.objects.tasks_of(user)) if self.starred else tasks
        if self.batch:
            takes = Submission.objects.filter(batch=self.batch).order_by()
            tasks = tasks.filter(pk__in=takes.values("task"))
        return self.span.narrow(tasks) if self.span else tasks

    def narrow_by_rows(self, tasks: TaskQuerySet) -> TaskQuerySet:
        """The tasks that the other filters leave. Each row is read, so the ids must be bounded."""
        if self.resolution:
            tasks = tasks.filter(resolution__in=(self.resolution, self.resolution.upper()))
        if self.video:
            tasks = tasks.filter(_HAS_VIDEO if self.video == WITH_VIDEO else ~_HAS_VIDEO)
        return tasks.filter(_is_made_by(self.model)) if self.model else tasks

    @property
    def reads_rows(self) -> bool:
        return bool(self.model or self.resolution or self.video)

    @property
    def asks_details(self) -> bool:
        """Whether they find tasks by a detail, which not everybody sees of every task."""
        return bool(self.provider or self.credential)

    @cached_property
    def span(self) -> DaySpan | None:
        """The chosen days, read once; None where any day will do. One query."""
        return DaySpan.of(self.since, self.until) if self.since or self.until else None

    def of_status(self, tasks: TaskQuerySet) -> TaskQuerySet:
        return tasks.filter(status__in=self.status) if self.status else tasks

    def pairs(self) -> list[tuple[str, str]]:
        """The filters as (name, value), in a fixed order, so that equal filters have equal URLs."""
        pairs: list[tuple[str, str]] = []
        for name in _NAMES:
            value = getattr(self, name)
            values: Iterable[Any] = value if isinstance(value, tuple) else [value]
            pairs += [(name, str(each)) for each in values if each]
        return pairs

    def query(self, **more: object) -> str:
        """The part of the URL after its path, with further parameters at the end."""
        pairs = [*self.pairs(), *((name, str(value)) for name, value in more.items())]
        return f"?{urlencode(pairs)}" if pairs else "?"

    @property
    def beside_q(self) -> list[tuple[str, str]]:
        """The hidden fields beside the search box."""
        return [pair for pair in self.pairs() if pair[0] != "q"]

    @property
    def beside_choices(self) -> list[tuple[str, str]]:
        """The hidden fields beside the drop-downs."""
        return [pair for pair in self.pairs() if pair[0] not in DROP_DOWNS]

    @property
    def beside_days(self) -> list[tuple[str, str]]:
        """The hidden fields beside the days."""
        return [pair for pair in self.pairs() if pair[0] not in ("since", "until")]

    @property
    def chosen(self) -> bool:
        return replace(self, more=0, view="") != Filters()

    @property
    def has_folded(self) -> bool:
        """Whether a filter is in use whose drop-down does not stand in the line."""
        return bool(self.resolution or self.video or self.provider or self.credential)

    @property
    def all_statuses(self) -> str:
        return replace(self, status=(), starred=0).query()

    @property
    def starred_toggled(self) -> str:
        return replace(self, starred=1 - self.starred).query()

    def without(self, name: str) -> Filters:
        return replace(self, **{name: getattr(Filters(), name)})

    def of_days(self, since: date | None, until: date | None) -> Filters:
        return replace(self, since=since, until=until)


_NAMES = tuple(field.name for field in fields(Filters))
_HAS_VIDEO = Exists(
    Copy.objects.filter(task=OuterRef("pk"), kind=CopyKind.VIDEO, deleted_at=None).exclude(
        state__in=(CopyState.GONE, CopyState.DELETED)
    )
)


def _is_made_by(label: str) -> Q:
    """The condition of tasks of a model, under whichever of its names a provider gives it."""
    model = find_model(label)
    assert model
    named = ModelName.objects.filter(known_as=model.name).order_by().values("name")
    return Q(model__iregex=pattern_of(model)) | Q(model__in=named)


def _one_of(known: Container[str], value: str) -> str:
    """The value where it is a known one, and else that of no filter."""
    return value if value in known else ""
