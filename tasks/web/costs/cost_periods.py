"""Periods that costs are asked for: a day, a week, a month, a year, or any two dates. Pure.

Days are the site's; a week begins on Monday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

NAMES = ("day", "week", "month", "year")
DAY = timedelta(days=1)
EARLIEST, LATEST = date(2020, 1, 1), date(2199, 12, 31)
LONGEST = 3_660  # days

#: The longest span, in days, of which a chart shows each day, and each week.
BY_DAY, BY_WEEK = 62, 366


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days from the first to the last, both included; no name if two dates were chosen."""

    first: date
    last: date
    name: str = ""

    @classmethod
    def named(cls, name: str, on: date) -> Period:
        """The day, week, month or year in which a day lies."""
        first = _first(name, on)
        return cls(first=first, last=_after(name, first) - DAY, name=name)

    @classmethod
    def between(cls, one: date, other: date) -> Period:
        """The days between two dates, in either order, and no more than ten years of them."""
        first, last = sorted((one, other))
        return cls(first=max(first, last - timedelta(days=LONGEST)), last=last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same kind or length that ends on the day before this one begins."""
        last = self.first - DAY
        if self.name:
            return Period.named(self.name, last)
        return Period(first=last - (self.last - self.first), last=last)

    def compared_with(self, today: date) -> Period:
        """The period before; of one that is not over yet only as many of its days."""
        before = self.before
        if not self.first <= today < self.last:
            return before
        return replace(before, last=min(before.last, before.first + (today - self.first)))

    @property
    def after(self) -> Period:
        first = self.last + DAY
        if self.name:
            return Period.named(self.name, first)
        return Period(first=first, last=first + (self.last - self.first))

    @property
    def bucket(self) -> str:
        """The unit of a chart's columns: as fine as it can be read."""
        if self.days <= BY_DAY:
            return "day"
        return "week" if self.days <= BY_WEEK and self.name != "year" else "month"

    def buckets(self, unit: str) -> Iterator[tuple[date, date]]:
        """First and last day of each day, week or month, cut at the period's own ends."""
        first = self.first
        while first <= self.last:
            last = min(_after(unit, _first(unit, first)) - DAY, self.last)
            yield first, last
            first = last + DAY


def _first(name: str, day: date) -> date:
    if name == "week":
        return day - timedelta(days=day.weekday())
    if name == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if name == "year" else day


def _after(name: str, first: date) -> date:
    """The first day of the day, week, month or year that follows the one that begins here."""
    if name == "month":
        return (first + timedelta(days=31)).replace(day=1)
    if name == "year":
        return first.replace(year=first.year + 1)
    return first + (timedelta(days=7) if name == "week" else DAY)
