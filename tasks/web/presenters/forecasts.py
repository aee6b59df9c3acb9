"""Forecasts of budgets in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.forecast import Forecast, NoForecast, begins_to_tell
from tasks.models import Period
from tasks.models.period import midnight
from tasks.text import prose

MOMENT = timedelta(microseconds=1)


def pace(forecast: Forecast, span: Period) -> str:
    """Say where a pace leads: "At this pace: 118 % on November 30." """
    words = {"percent": forecast.percent, "day": _day(forecast.ends_at - MOMENT)}
    if span is Period.DAY:
        return _("At this pace: %(percent)s %% at the end of the day.") % words
    return _("At this pace: %(percent)s %% on %(day)s.") % words


def used_up(forecast: Forecast, span: Period) -> str:
    """Say when the limit is reached; "" where it is not in this period."""
    if forecast.used_up_at is None:
        return ""
    if span is Period.DAY:
        time = f"{timezone.localtime(forecast.used_up_at):%H:%M}"
        return _("It would be used up at about %(time)s.") % {"time": time}
    return _("It would be used up on %(day)s.") % {"day": _day(forecast.used_up_at)}


def sentence(status: BudgetStatus, now: datetime) -> str:
    """Say where a budget's pace leads, or why that cannot be said; "" for another period."""
    found, span = status.forecast(now), status.budget.span
    if isinstance(found, Forecast):
        return prose(pace(found, span), used_up(found, span))
    if found is NoForecast.NOTHING:
        return _("No forecast: nothing has been billed yet.")
    if found is NoForecast.OVER:
        return ""
    told_at = begins_to_tell(span, midnight(status.first))
    if span is Period.DAY:
        time = f"{timezone.localtime(told_at):%H:%M}"
        return _("No forecast before %(time)s: too little of the day has passed.") % {"time": time}
    words = {"day": _day(told_at)}
    if span is Period.WEEK:
        return _("No forecast before %(day)s: too little of the week has passed.") % words
    return _("No forecast before %(day)s: too little of the month has passed.") % words


def _day(at: datetime) -> str:
    """The day of a moment in the site's time zone, in which periods begin."""
    there = timezone.localtime(at, timezone.get_default_timezone())
    return date_format(there, "MONTH_DAY_FORMAT")
