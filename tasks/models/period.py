"""Periods: the month, week or day of the site's time zone in which a budget counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Period(models.TextChoices):
    """A span that begins at midnight in the site's time zone, for everybody at once."""

    MONTH = "month", _("a month")
    WEEK = "week", _("a week")  # from Monday on
    DAY = "day", _("a day")

    def first(self, day: date) -> date:
        """The first day of the period that this day is in."""
        if self is Period.MONTH:
            return day.replace(day=1)
        return day - timedelta(days=day.weekday()) if self is Period.WEEK else day

    def following(self, day: date) -> date:
        """The first day of the next period."""
        first = self.first(day)
        if self is Period.MONTH:
            return (first + timedelta(days=31)).replace(day=1)
        return first + timedelta(days=7 if self is Period.WEEK else 1)


def midnight(day: date) -> datetime:
    """The moment at which a day begins in the site's time zone, in UTC.

    In UTC differences are time that really passed: a day on which clocks are changed has 23 or 25
    hours, and two local times of one zone would be subtracted as if it had 24.
    """
    return datetime.combine(day, time(), timezone.get_default_timezone()).astimezone(UTC)
