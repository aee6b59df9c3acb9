"""The filters of the list of tasks, read out of the URL and written back into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from tasks.models import Star, Submission
from tasks.models.profile import View
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.numbers import whole_number
from tasks.status import Status
from tasks.web.forms.long_choices import MORE
from tasks.web.lists.days import DaySpan, read_day

LONGEST_QUERY = 200


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The filters, one field per name in the query string; unreadable values count as absent."""

    status: tuple[str, ...] = ()
    provider: str = ""
    credential: int | None = None
    project: int | None = None
    person: int | None = None
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
            batch=whole_number(query.get("batch", "")),
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
            starred=int(query.get("starred") == "1"),
            view=view if (view := query.get("view", "")) in View.values else "",
            more=int(MORE in (query.get("credential"), query.get("provider")) or "more" in query),
            q=query.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY],
        )

    def narrow(self, tasks: TaskQuerySet, user: Any) -> TaskQuerySet:
        """The tasks that all filters but the status leave; the statuses are counted among these."""
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
        for field in fields(self):
            value = getattr(self, field.name)
            values: Iterable[Any] = value if isinstance(value, tuple) else [value]
            pairs += [(field.name, str(each)) for each in values if each]
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
        carried = ("status", "batch", "since", "until", "starred", "view", "more", "q")
        return [pair for pair in self.pairs() if pair[0] in carried]

    @property
    def beside_days(self) -> list[tuple[str, str]]:
        """The hidden fields beside the days."""
        return [pair for pair in self.pairs() if pair[0] not in ("since", "until")]

    @property
    def chosen(self) -> bool:
        return replace(self, more=0, view="") != Filters()

    @property
    def all_statuses(self) -> str:
        return self.without("status").query()

    @property
    def starred_toggled(self) -> str:
        return replace(self, starred=1 - self.starred).query()

    def without(self, name: str) -> Filters:
        return replace(self, **{name: getattr(Filters(), name)})

    def of_days(self, since: date | None, until: date | None) -> Filters:
        return replace(self, since=since, until=until)

    def toggled(self, status: str) -> Filters:
        """The same filters with this status switched on or off."""
        rest = {each for each in self.status if each != status}
        wanted = rest if status in self.status else {*rest, status}
        return replace(self, status=tuple(each for each in Status if each in wanted))
