"""The chips of statuses above the list: those that one looks for daily, and the rare ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

from django.utils.translation import gettext_lazy

from tasks.models.status_change import STATUS_CHOICES
from tasks.providers.status import Status
from tasks.web.lists.counts import CappedCount
from tasks.web.lists.filters import Filters

#: Always offered, in the order of a task's life.
USUAL: dict[str, tuple[Any, tuple[Status, ...]]] = {
    "generating": (
        gettext_lazy("Generating"),
        (Status.SUBMITTING, Status.QUEUED, Status.RUNNING),
    ),
    Status.SUCCEEDED: (gettext_lazy("Succeeded"), (Status.SUCCEEDED,)),
    Status.FAILED: (gettext_lazy("Failed"), (Status.FAILED,)),
}
#: Offered under "More" while there are such tasks, those that wait for a person first.
RARE = (
    Status.UNCONFIRMED,
    Status.UNKNOWN,
    Status.LOST,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.FOREIGN,
)
NEEDS_PERSON = Status.UNCONFIRMED
WORDS = dict(STATUS_CHOICES)


@dataclass(frozen=True)
class StatusChoice:
    """A status, or a few that are one to the reader, that the list can be narrowed to."""

    name: str
    word: str
    count: CappedCount
    chosen: bool
    url: str

    @classmethod
    def of(
        cls,
        name: str,
        word: Any,
        statuses: tuple[Status, ...],
        filters: Filters,
        counts: Mapping[str, CappedCount],
    ) -> StatusChoice:
        return cls(
            name=name,
            word=str(word),
            count=_sum(counts[status] for status in statuses),
            chosen=bool({*statuses} & {*filters.status}),
            url=_toggled(filters, statuses).query(),
        )


@dataclass(frozen=True)
class StatusChoices:
    """The chips: those in the line, to which the chosen ones of the rare belong, and the rest."""

    in_line: list[StatusChoice]
    rare: list[StatusChoice]

    @classmethod
    def of(cls, filters: Filters, counts: Mapping[str, CappedCount]) -> StatusChoices:
        usual = [_usual(name, filters, counts) for name in USUAL]
        rare = [
            StatusChoice.of(status, WORDS[status], (status,), filters, counts) for status in RARE
        ]
        chosen = [choice for choice in rare if choice.chosen]
        rest = [choice for choice in rare if choice.count.number and not choice.chosen]
        return cls(in_line=[*usual, *chosen], rare=rest)

    @property
    def rare_count(self) -> CappedCount:
        return _sum(choice.count for choice in self.rare)

    @property
    def waiting(self) -> StatusChoice | None:
        """The one of the rare whose tasks wait for a person; None where there are none."""
        return next((choice for choice in self.rare if choice.name == NEEDS_PERSON), None)


def _usual(name: str, filters: Filters, counts: Mapping[str, CappedCount]) -> StatusChoice:
    """The choice of that name; of several statuses, those that the address names, if it does."""
    word, statuses = USUAL[name]
    chosen = tuple(status for status in statuses if status in filters.status)
    if chosen and chosen != statuses:
        statuses, word = chosen, " · ".join(str(WORDS[status]) for status in chosen)
    return StatusChoice.of(name, word, statuses, filters, counts)


def _sum(counts: Iterable[CappedCount]) -> CappedCount:
    return reduce(add, counts, CappedCount(0, at_least=False))


def _toggled(filters: Filters, statuses: tuple[Status, ...]) -> Filters:
    """The same filters without these statuses, or with all of them where none was chosen."""
    rest = {*filters.status} - {*statuses}
    wanted = rest if len(rest) < len(filters.status) else {*rest, *statuses}
    return replace(filters, status=tuple(status for status in Status if status in wanted))
