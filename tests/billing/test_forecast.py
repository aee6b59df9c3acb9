"""Forecasts: a straight line through what has been billed, told once it means something."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.billing.forecast import ENOUGH, Forecast, NoForecast, begins_to_tell, forecast
from tasks.models import Period
from tasks.models.charge import day_of
from tasks.models.period import midnight


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def foretold(counted: int, limit: int, now: datetime, span: Period = Period.MONTH) -> Forecast:
    found = any_forecast(counted, limit, now, span)
    assert isinstance(found, Forecast)
    return found


def any_forecast(
    counted: int, limit: int, now: datetime, span: Period = Period.MONTH, day: date | None = None
) -> Forecast | NoForecast:
    day = day or day_of(now)
    begins_at, ends_at = midnight(span.first(day)), midnight(span.following(day))
    return forecast(counted, limit, begins_at=begins_at, ends_at=ends_at, now=now, span=span)


def test_half_a_month_with_half_of_the_limit_ends_at_all_of_it() -> None:
    found = foretold(500, 1_000, at(16))
    assert (found.percent, found.is_beyond) == (100, False)
    assert found.ends_at == at(1, month=12)


def test_a_pace_beyond_the_limit_names_the_day_on_which_it_is_reached() -> None:
    found = foretold(590, 1_000, at(16))  # after 15 of 30 days
    assert (found.percent, found.is_beyond) == (118, True)
    assert found.used_up_at is not None and found.used_up_at.date() == date(2026, 11, 26)


def test_what_is_used_up_already_is_not_used_up_again() -> None:
    assert foretold(1_000, 1_000, at(16)).used_up_at is None
    assert foretold(1_200, 1_000, at(16)).percent == 240
    assert foretold(5, 0, at(16)).percent == 100


@pytest.mark.parametrize("span", Period)
def test_nothing_is_foretold_before_enough_of_the_period_has_passed(span: Period) -> None:
    begins_at = midnight(span.first(date(2026, 11, 18)))
    told_at = begins_to_tell(span, begins_at)
    assert any_forecast(500, 1_000, told_at - timedelta(seconds=1), span) is NoForecast.EARLY
    assert isinstance(any_forecast(500, 1_000, told_at, span), Forecast)


def test_without_anything_billed_there_is_no_pace() -> None:
    assert any_forecast(0, 1_000, at(16)) is NoForecast.NOTHING


def test_another_period_than_the_present_one_has_no_forecast() -> None:
    assert any_forecast(500, 1_000, at(16), day=date(2026, 10, 5)) is NoForecast.OVER
    assert any_forecast(500, 1_000, at(16), day=date(2026, 12, 5)) is NoForecast.OVER


@pytest.mark.parametrize(
    ("day", "days"), [(date(2026, 2, 10), 28), (date(2028, 2, 10), 29), (date(2026, 12, 31), 31)]
)
def test_months_have_their_own_lengths(day: date, days: int) -> None:
    first, following = Period.MONTH.first(day), Period.MONTH.following(day)
    assert (following - first).days == days
    assert (first.day, following.day) == (1, 1)


def test_a_week_begins_on_monday_also_over_the_turn_of_a_year() -> None:
    sunday = date(2027, 1, 3)
    assert Period.WEEK.first(sunday) == date(2026, 12, 28)
    assert Period.WEEK.following(sunday) == date(2027, 1, 4)
    assert Period.WEEK.first(date(2027, 1, 4)) == date(2027, 1, 4)


@pytest.fixture
def berlin(settings: Any) -> Any:
    settings.TIME_ZONE = "Europe/Berlin"
    return settings


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(
    berlin: object, day: date, hours: int
) -> None:
    begins_at, ends_at = midnight(day), midnight(Period.DAY.following(day))
    assert ends_at - begins_at == timedelta(hours=hours)
    half = begins_at + (ends_at - begins_at) / 2
    assert foretold(500, 1_000, half, Period.DAY).percent == 100


def test_a_month_in_which_clocks_change_is_an_hour_shorter_or_longer(berlin: object) -> None:
    for month, hours in ((3, -1), (10, 1)):
        day = date(2026, month, 15)
        whole = midnight(Period.MONTH.following(day)) - midnight(Period.MONTH.first(day))
        assert whole == timedelta(days=31, hours=hours)


amounts = st.integers(min_value=1, max_value=10**15)


@given(
    counted=amounts,
    limit=amounts,
    minutes=st.integers(min_value=3 * 24 * 60, max_value=30 * 24 * 60 - 1),
)
def test_it_is_never_less_than_what_is_used_and_reaches_the_limit_within_the_period(
    counted: int, limit: int, minutes: int
) -> None:
    now = at(1) + timedelta(minutes=minutes)
    found = foretold(counted, limit, now)
    assert found.percent >= counted * 100 // limit
    if found.used_up_at is not None:
        assert counted < limit and found.percent >= 100
        assert now <= found.used_up_at + timedelta(microseconds=1) <= found.ends_at
    elif counted < limit:
        assert found.percent <= 100


def test_each_period_says_how_much_is_enough() -> None:
    assert set(ENOUGH) == set(Period)
