"""The state of an open page as it tells the live feed, carried in the feed's own URL.

The server keeps nothing about open pages: each answer brings the address of the next question.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from tasks.models.sight import Sight
from tasks.providers.numbers import whole_number
from tasks.web.lists.filters import Filters
from tasks.web.lists.paging import ROWS
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.media_sources import MEDIA_HOSTS, covers
from tasks.web.presenters.task import TaskPresenter

QUICK, SLOW = 2, 20  # seconds between two questions: while something is live, and otherwise
MOST_ROWS = 3 * ROWS  # on a page that new tasks come to; the oldest leave it then
_KNOWN = re.compile(
    r"after=(\d{1,18})&counted=(\d{1,18})&of=([0-9a-f]{8})&(?:in=(\d{1,18})&)?page="
)
_MARK = re.compile(r"(\d{1,18})([lme])([nwvsurgdmc])([0-9a-f]{8})(?:q(\d{1,4}))?")


@dataclass(frozen=True)
class Known:
    """The projects that a page shows, and the last change in them that it knows of.

    Its question begins with this, which is all that a quiet answer needs: parsing the rest would
    be half of the work.
    """

    change: int  # of its rows
    counted: int  # of its counts, which are shared with other pages and may be a second older
    sight: str  # the digest of the projects that the person sees
    project: int | None  # the only project whose tasks it shows; None: all that the person sees
    wants_new: bool = False  # it asks for the rows of the new tasks, of which it has the number

    @classmethod
    def of(cls, sight: Sight, project: int | None = None, counted: int | None = None) -> Known:
        change = sight.last_change
        return cls(change, change if counted is None else counted, sight.mark, project)

    @classmethod
    def of_tasks(cls, sight: Sight, tasks: Iterable[TaskPresenter]) -> Known:
        """The knowledge of a page of these tasks alone: of their project, where they have one."""
        projects = {each.task.project_id for each in tasks}
        if len(projects) > 1:
            return cls.of(sight)
        [project] = projects
        return cls.of(sight.within(project), project)

    @classmethod
    def read(cls, query: str) -> Known | None:
        """Read it; None where the query begins otherwise: time has turned something, or new rows
        are wanted."""
        found = _KNOWN.match(query)
        return found and cls(int(found[1]), int(found[2]), found[3], int(found[4] or 0) or None)

    def has_all(self, sight: Sight) -> bool:
        if self.wants_new:
            return False
        return sight.last_change <= min(self.change, self.counted) and sight.mark == self.sight

    @property
    def pairs(self) -> list[tuple[str, object]]:
        pairs = [("after", self.change), ("counted", self.counted), ("of", self.sight)]
        return [*pairs, ("in", self.project)] if self.project else pairs


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A page's question; `on` has the rows that it shows, by id, and how it shows them."""

    page: str  # "list", "task", then the related ones; "batch"; or "archive", whose rows are copies
    known: Known
    on: dict[int, Mark]
    sources: frozenset[str]  # where the page's policy lets it play from, beyond MEDIA_HOSTS
    filters: Filters = field(default_factory=Filters)
    newest: int | None = None  # tasks with higher ids are new; None: the page wants no new ones
    tally: str = ""  # a digest of the counts it shows; "" where it shows none

    @classmethod
    def of(
        cls, page: str, tasks: Iterable[TaskPresenter], *, sources: Iterable[str], **more: Any
    ) -> Feed:
        return cls(
            page=page,
            on={each.task.pk: Mark.of(each) for each in tasks},
            sources=frozenset(s for s in sources if not covers(MEDIA_HOSTS, s)) - MEDIA_HOSTS,
            **more,
        )

    @classmethod
    def read(cls, query: QueryDict) -> Feed:
        marks = _MARK.findall(query.get("on", ""))[:MOST_ROWS]
        return cls(
            page=query.get("page", "list"),
            known=Known(
                change=whole_number(query.get("after", "")) or 0,
                counted=whole_number(query.get("counted", "")) or 0,
                sight="" if "turned" in query else query.get("of", ""),
                project=whole_number(query.get("in", "")) or None,
                wants_new="fresh" in query,
            ),
            on={int(pk): Mark.read(*letters) for pk, *letters in marks},
            sources=frozenset(query.getlist("media")[:ROWS]),
            filters=Filters.read(query),
            newest=whole_number(query.get("newest", "")),
            tally=query.get("tally", ""),
        )

    def is_news(self, pk: int, change: int, mark: Mark) -> bool:
        """Whether the page shows this row differently: somebody changed it, or time did."""
        return change > self.known.change or self.on.get(pk) != mark

    def to_look_at(self, sight: Sight, changes: dict[int, int]) -> list[int]:
        """The ids of the rows that may differ from what the page shows, out of those still there.

        These are the changed ones; but all where time has turned one, or where the person sees
        other projects than before.
        """
        all_of_them = sight.mark != self.known.sight
        return [pk for pk, change in changes.items() if all_of_them or change > self.known.change]

    def next(self, there: Container[int], marks: dict[int, Mark], **more: Any) -> Feed:
        """The question that the page asks next: of the rows still there, some with new marks."""
        on = {pk: marks.get(pk, mark) for pk, mark in self.on.items() if pk in there}
        return replace(self, on=on, **more)

    def joined_by(self, arrived: dict[int, Mark]) -> Feed:
        """The question of the page once these new rows stand above the others.

        Where a task may come to fit the filters later, and is new then, only rows that have left
        the page raise `newest`.
        """
        rows = sorted({**self.on, **arrived}.items(), reverse=True)
        passed = [pk for pk, _mark in rows[MOST_ROWS:]]
        filters = self.filters
        if not (filters.status or filters.starred or filters.reads_rows):
            passed += arrived
        newest = max([self.newest, *passed]) if self.newest is not None else None
        return replace(self, on=dict(rows[:MOST_ROWS]), newest=newest)

    @property
    def url(self) -> str:
        pairs = [*self.known.pairs, ("page", self.page)]
        pairs.append(("on", ".".join(f"{pk}{mark}" for pk, mark in self.on.items())))
        pairs += [("media", source) for source in sorted(self.sources)]
        if self.newest is not None:
            pairs.append(("newest", self.newest))
        if self.tally:
            pairs.append(("tally", self.tally))
        return f"{reverse('live')}?{urlencode([*pairs, *self.filters.pairs()])}"

    @property
    def pace(self) -> float:
        """The seconds until the page asks again."""
        is_behind = self.known.counted < self.known.change
        return QUICK if is_behind or any(mark.is_moving for mark in self.on.values()) else SLOW

    @property
    def all_sources(self) -> frozenset[str]:
        return self.sources | MEDIA_HOSTS


@dataclass(frozen=True)
class Mark:
    """A row as the page shows it, as far as the feed must know: two equal marks look the same."""

    is_live: bool
    copy: str  # the letter of its copy's state; see presenters/files.py
    screen: str  # a digest of the screen
    is_moving: bool = field(default=False, compare=False)  # it only sets the pace
    #: The place of a queued task, 0 where it is unknown; it is told apart from the rest of a row.
    place: int | None = field(default=None, compare=False)

    @classmethod
    def of(cls, task: TaskPresenter) -> Mark:
        looks = (task.task.is_live, task.files.mark, task.screen.mark)
        return cls(*looks, task.is_moving, task.queue_place)

    @classmethod
    def of_copy(cls, file: FilePresenter) -> Mark:
        return cls(False, file.mark, "0" * 8, file.is_moving)

    @classmethod
    def read(cls, life: str, copy: str, screen: str, place: str = "") -> Mark:
        is_live, is_moving = life == "l", life != "e"
        return cls(is_live, copy, screen, is_moving, int(place) if place else None)

    def __str__(self) -> str:
        life = "l" if self.is_live else "m" if self.is_moving else "e"
        return f"{life}{self.copy}{self.screen}" + ("" if self.place is None else f"q{self.place}")
