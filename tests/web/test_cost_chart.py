"""The geometry of the chart of costs, and the periods that it is drawn of."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.web.costs.cost_chart import (
    FULL,
    PLOT,
    Series,
    ceiling,
    ceiling_of_seconds,
    stacked,
)
from tasks.web.costs.cost_periods import NAMES, Period

DAYS = st.dates(date(2020, 2, 1), date(2190, 1, 1))


def series(*rows: list[int]) -> list[Series]:
    return [
        Series(label=f"s{n}", values=values, urls=[f"?{n}.{at}" for at in range(len(values))])
        for n, values in enumerate(rows)
    ]


def test_parts_of_a_column_stand_on_each_other() -> None:
    chart = stacked(["a", "b"], series([30, 0], [10, 40]), str, names=True)
    first, second, third = chart.segments
    assert [each.url for each in chart.segments] == ["?0.0", "?1.0", "?1.1"]
    assert float(first.y) + float(first.height) == pytest.approx(PLOT)
    assert float(second.y) + float(second.height) == pytest.approx(float(first.y))
    assert float(third.height) == pytest.approx(float(first.height) + float(second.height))
    assert second.title == "a · s1 · 10"


def test_nothing_is_no_chart() -> None:
    chart = stacked(["a"], series([0]), str, names=False)
    assert not chart.segments and not chart.lines


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=60))
def test_every_bar_lies_within_its_column(values: list[int]) -> None:
    chart = stacked([str(n) for n in range(len(values))], series(values), str, names=False)
    assert len(chart.segments) == sum(value > 0 for value in values)
    space = FULL / len(values)
    for segment in chart.segments:
        number = int(segment.url.partition(".")[2])
        assert space * number - 0.01 <= float(segment.x)
        assert float(segment.x) + float(segment.width) <= space * (number + 1) + 0.02
        assert float(segment.y) >= 0
        assert float(segment.y) + float(segment.height) <= PLOT + 0.02
    assert len(chart.words) <= 7


@given(st.integers(0, 10**18))
def test_the_top_of_the_scale_is_round_and_near(number: int) -> None:
    top = ceiling(number)
    assert number <= top and top % 4 == 0
    assert top <= max(4, number * 2.5 + 4)


@pytest.mark.parametrize(
    ("seconds", "quarter"), [(0, 1), (3, 1), (17, 5), (252, 90), (3_000, 900), (200_000, 86_400)]
)
def test_lines_of_times_are_minutes_and_hours(seconds: int, quarter: int) -> None:
    assert ceiling_of_seconds(seconds) == 4 * quarter


def test_every_other_word_below_may_be_left_out() -> None:
    chart = stacked([str(n) for n in range(30)], series([1] * 30), str, names=False)
    assert [each.is_spare for each in chart.words] == [False, True, False, True, False, True]


@given(st.sampled_from(NAMES), DAYS)
def test_periods_follow_each_other_without_a_gap(name: str, day: date) -> None:
    period = Period.named(name, day)
    assert period.first <= day <= period.last
    assert period.after.before == period and period.before.after == period
    assert (period.after.first - period.last).days == 1


@given(DAYS, DAYS, st.sampled_from(["day", "week", "month"]))
def test_columns_have_every_day_once(one: date, other: date, unit: str) -> None:
    period = Period.between(one, other)
    spans = list(period.buckets(unit))
    assert spans[0][0] == period.first and spans[-1][1] == period.last
    assert sum((last - first).days + 1 for first, last in spans) == period.days


def test_a_period_that_goes_on_is_compared_with_as_many_days() -> None:
    november = Period.named("month", date(2026, 11, 1))
    before = november.compared_with(date(2026, 11, 10))
    assert (before.first, before.last) == (date(2026, 10, 1), date(2026, 10, 10))
    assert november.compared_with(date(2026, 12, 3)) == november.before
    march = Period.named("month", date(2026, 3, 1))
    assert march.compared_with(date(2026, 3, 30)).last == date(2026, 2, 28)
