"""What the list shows, read out of the URL and written back into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from tasks.listing.days import Span, read_day
from tasks.models import Star, Submission
from tasks.models.task_queries import TaskQuerySet
from tasks.status import Status

LONGEST_QUERY = 200


@dataclass(frozen=True, kw_only=True)
class Filters:
    """One field per name in the query string; what cannot be read counts as not given."""

    status: tuple[str, ...] = ()
    provider: str = ""
    credential: int | None = None
    project: int | None = None
    person: int | None = None
    batch: int | None = None
    since: date | None = None
    until: date | None = None
    starred: int = 0  # 1: those with a star of who is looking
    q: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Filters:
        asked = set(query.getlist("status"))
        return cls(
            status=tuple(status for status in Status if status in asked),
            provider=query.get("provider", "")[:30].replace("\0", ""),
            credential=_id(query.get("credential", "")),
            project=_id(query.get("project", "")),
            person=_id(query.get("person", "")),
            batch=_id(query.get("batch", "")),
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
            starred=int(query.get("starred") == "1"),
            q=query.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY],
        )

    def narrow(self, tasks: TaskQuerySet, user: Any) -> TaskQuerySet:
        """Everything but the status, which has counts of its own beside the others."""
        wanted = {
            "provider": self.provider,
            "credential_id": self.credential,
            "project_id": self.project,
            "created_by_id": self.person,
        }
        tasks = tasks.filter(**{name: value for name, value in wanted.items() if value})
        tasks = tasks.matching(self.q) if self.q else tasks
        tasks = tasks.filter(pk__in=Star.objects.tasks_of(user)) if self.starred else tasks
        if self.batch:
            takes = Submission.objects.filter(batch=self.batch).order_by()
            tasks = tasks.filter(pk__in=takes.values("task"))
        return self.span.narrow(tasks) if self.span else tasks

    @cached_property
    def span(self) -> Span | None:
        """Asked of the database where days are chosen, and once."""
        return Span.of(self.since, self.until) if self.since or self.until else None

    def of_status(self, tasks: TaskQuerySet) -> TaskQuerySet:
        return tasks.filter(status__in=self.status) if self.status else tasks

    def pairs(self) -> list[tuple[str, str]]:
        """As name and value, in one order, so that equal filters have equal URLs."""
        found: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            values: Iterable[Any] = value if isinstance(value, tuple) else [value]
            found += [(field.name, str(each)) for each in values if each]
        return found

    def query(self, **more: object) -> str:
        """The part of the URL after its path, with further parameters at the end."""
        pairs = [*self.pairs(), *((name, str(value)) for name, value in more.items())]
        return f"?{urlencode(pairs)}" if pairs else "?"

    @property
    def beside_q(self) -> list[tuple[str, str]]:
        """What the search box carries along as hidden fields."""
        return [pair for pair in self.pairs() if pair[0] != "q"]

    @property
    def beside_choices(self) -> list[tuple[str, str]]:
        """What the form of drop-downs carries along."""
        carried = ("status", "batch", "since", "until", "starred", "q")
        return [pair for pair in self.pairs() if pair[0] in carried]

    @property
    def beside_days(self) -> list[tuple[str, str]]:
        """What the form of days carries along."""
        return [pair for pair in self.pairs() if pair[0] not in ("since", "until")]

    @property
    def chosen(self) -> bool:
        return self != Filters()

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
        """The same, with this status switched on or off."""
        rest = {each for each in self.status if each != status}
        wanted = rest if status in self.status else {*rest, status}
        return replace(self, status=tuple(each for each in Status if each in wanted))


def _id(text: str) -> int | None:
    """A row's id; ids are 64 bits, and more digits would be refused by the database."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
