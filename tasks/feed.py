"""What an open page tells the live feed about itself, carried in the feed's own URL.

The server keeps nothing about open pages: each answer brings the address of the next question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from tasks.listing.choices import StatusChoice
from tasks.listing.filters import Filters
from tasks.listing.paging import ROWS
from tasks.showing import COPY_MARKS, Showing
from tasks.showing.copies import CopyShown
from tasks.showing.media import MEDIA_HOSTS, covers

QUICK, SLOW = 2, 20  # seconds between two questions: while something is live, and otherwise
_MARK = re.compile(r"(\d{1,18})([le])([nwvsurgd])([0-9a-f]{8})")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """`on` are the rows the page shows, each with what it shows of them."""

    page: str  # "list", "task", then its kin; "batch"; or "archive", whose rows are copies
    seen: int  # the last change the page knows of
    on: dict[int, Mark]
    sources: frozenset[str]  # where the page's policy lets it play from, beyond MEDIA_HOSTS
    filters: Filters = field(default_factory=Filters)
    newest: int | None = None  # the highest id when the page was made; None: it wants no new ones
    tally: str = ""  # a digest of the counts it shows; "" where it shows none

    @classmethod
    def of(
        cls, page: str, shown: Iterable[Showing], *, sources: Iterable[str], **more: Any
    ) -> Feed:
        return cls(
            page=page,
            on={each.task.pk: Mark.of(each) for each in shown},
            sources=frozenset(s for s in sources if not covers(MEDIA_HOSTS, s)) - MEDIA_HOSTS,
            **more,
        )

    @classmethod
    def read(cls, query: QueryDict) -> Feed:
        marks = _MARK.findall(query.get("on", ""))[:ROWS]
        return cls(
            page=query.get("page", "list"),
            seen=_number(query.get("after", "")) or 0,
            on={int(pk): Mark(life == "l", copy, screen) for pk, life, copy, screen in marks},
            sources=frozenset(query.getlist("media")[:ROWS]),
            filters=Filters.read(query),
            newest=_number(query.get("newest", "")),
            tally=query.get("tally", ""),
        )

    def is_news(self, pk: int, change: int, mark: Mark) -> bool:
        """Whether the page shows this row otherwise than it is: somebody wrote, or time passed."""
        return change > self.seen or self.on.get(pk) != mark

    @property
    def url(self) -> str:
        pairs: list[tuple[str, object]] = [("after", self.seen), ("page", self.page)]
        pairs.append(("on", ".".join(f"{pk}{mark}" for pk, mark in self.on.items())))
        pairs += [("media", source) for source in sorted(self.sources)]
        if self.newest is not None:
            pairs.append(("newest", self.newest))
        if self.tally:
            pairs.append(("tally", self.tally))
        return f"{reverse('live')}?{urlencode([*pairs, *self.filters.pairs()])}"

    @property
    def pace(self) -> float:
        return QUICK if any(mark.is_moving for mark in self.on.values()) else SLOW

    @property
    def all_sources(self) -> frozenset[str]:
        return self.sources | MEDIA_HOSTS


@dataclass(frozen=True)
class Mark:
    """What a page shows of a row, as far as the feed must know it."""

    is_live: bool
    copy: str  # the letter of its copy's state
    screen: str
    is_moving: bool = field(default=False, compare=False)  # not told: it only sets the pace

    @classmethod
    def of(cls, shown: Showing) -> Mark:
        return cls(shown.task.is_live, shown.copy_mark, shown.screen_mark, shown.is_moving)

    @classmethod
    def of_copy(cls, shown: CopyShown) -> Mark:
        return cls(False, COPY_MARKS[shown.state], "0" * 8, shown.is_moving)

    def __str__(self) -> str:
        return f"{'l' if self.is_live else 'e'}{self.copy}{self.screen}"


def tally_of(statuses: Iterable[StatusChoice]) -> str:
    """A digest of the counts, so that they are only swapped when one has changed."""
    text = " ".join(f"{choice.status}{choice.count}" for choice in statuses)
    return blake2b(text.encode(), digest_size=4).hexdigest()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
