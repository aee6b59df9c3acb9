"""Forecasts: where a budget stands at the end of its period if it goes on as it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tasks.models import Period

#: How much of a period must have passed. A pace of a few hours says nothing of a month.
ENOUGH = {
    Period.MONTH: timedelta(days=3),
    Period.WEEK: timedelta(days=1),
    Period.DAY: timedelta(hours=6),
}


class NoForecast(Enum):
    """Reasons for which nothing is foretold."""

    EARLY = "too little of the period has passed"
    NOTHING = "nothing has been billed in it"
    OVER = "it is not the period that goes on now"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A budget's end at the pace of its period so far."""

    percent: int  # of the limit at the end of the period, rounded down
    ends_at: datetime
    used_up_at: datetime | None  # within the period and ahead; None where it is neither

    @property
    def is_beyond(self) -> bool:
        """Whether more would be used than the limit."""
        return self.percent > 100 or self.used_up_at is not None


def forecast(
    counted: int, limit: int, *, begins_at: datetime, ends_at: datetime, now: datetime, span: Period
) -> Forecast | NoForecast:
    """Foretell the end of a period from what has been billed in it, as a straight line.

    Reservations are no pace: they are the largest that open tasks may take, and most of it is given
    back. Time is time that passed, so a day of 23 hours is shorter than one of 25.
    """
    passed, whole = now - begins_at, ends_at - begins_at
    if not timedelta() <= passed < whole:
        return NoForecast.OVER
    if passed < ENOUGH[span]:
        return NoForecast.EARLY
    if counted <= 0:
        return NoForecast.NOTHING
    tick = timedelta(microseconds=1)
    at_the_end = counted * (whole // tick) // (passed // tick)
    used_up_at = None
    if counted < limit <= at_the_end:
        used_up_at = begins_at + timedelta(microseconds=passed // tick * limit // counted)
    percent = at_the_end * 100 // limit if limit else 100
    is_within = used_up_at is not None and used_up_at < ends_at
    return Forecast(percent=percent, ends_at=ends_at, used_up_at=used_up_at if is_within else None)


def begins_to_tell(span: Period, begins_at: datetime) -> datetime:
    """The moment from which on a period's forecast is told."""
    return begins_at + ENOUGH[span]
