"""Years, months and days above a list, in place of Django's date hierarchy.

That asks the database for all different days among the rows: more than 8 s of a core for a million
on SQLite, where Python cuts each time. Here they follow from the first row and the last, so that a
day without rows can be chosen, too.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

SINCE, UNTIL = "since", "until"


@dataclass(frozen=True)
class Step:
    """A link to a narrower or wider span of days; without an address, where one is."""

    title: str
    url: str = ""


@dataclass(frozen=True)
class DayBar:
    """The way back to a wider span, and the narrower ones."""

    back: Step | None
    steps: list[Step]

    @classmethod
    def of(cls, changes: Any, field: str) -> DayBar | None:
        """The bar of a `KeyChangeList`; None for a table without rows. Two queries."""
        times = changes.model._default_manager.values_list(field, flat=True)
        first, last = times.order_by("pk").first(), times.order_by("-pk").first()
        if first is None or last is None:
            return None
        span = min(_day(first), _day(last)), max(_day(first), _day(last))
        return _Steps(changes, *span).bar(changes.since, changes.until)


class _Steps:
    def __init__(self, changes: Any, first: date, last: date) -> None:
        self.changes, self.first, self.last = changes, first, last

    def bar(self, since: date | None, until: date | None) -> DayBar:
        """The bar for what is chosen: a day, a month, a year, other days, or none."""
        if since is None and until is None:
            one_year = self.first.year == self.last.year
            return DayBar(None, self.months(self.first.year) if one_year else self.years())
        everything = Step(_("All dates"), self.changes.get_query_string(remove=[SINCE, UNTIL]))
        if since is None or until is None:
            return DayBar(everything, [])
        if since == until:
            return DayBar(self.month(since), [Step(date_format(since, "DATE_FORMAT"))])
        if (since, until) == _month(since):
            back = everything if self.first.year == self.last.year else self.year(since.year)
            return DayBar(back, self.days(since, until))
        if (since, until) == _year(since.year):
            return DayBar(everything, self.months(since.year))
        return DayBar(everything, [Step(f"{date_format(since)} – {date_format(until)}")])

    def years(self) -> list[Step]:
        return [self.year(year) for year in range(self.first.year, self.last.year + 1)]

    def months(self, year: int) -> list[Step]:
        firsts = [date(year, month, 1) for month in range(1, 13)]
        return [self.month(each) for each in firsts if self._has(*_month(each))]

    def days(self, since: date, until: date) -> list[Step]:
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        return [self._step(f"{day.day}", day, day) for day in days if self._has(day, day)]

    def year(self, year: int) -> Step:
        return self._step(str(year), *_year(year))

    def month(self, day: date) -> Step:
        return self._step(date_format(day, "YEAR_MONTH_FORMAT"), *_month(day))

    def _has(self, since: date, until: date) -> bool:
        return since <= self.last and until >= self.first

    def _step(self, title: str, since: date, until: date) -> Step:
        days = {SINCE: since.isoformat(), UNTIL: until.isoformat()}
        return Step(title, self.changes.get_query_string(days))


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()


def _month(day: date) -> tuple[date, date]:
    _weekday, days = calendar.monthrange(day.year, day.month)
    return day.replace(day=1), day.replace(day=days)


def _year(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)
