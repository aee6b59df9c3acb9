"""Latencies counted in bins."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.models import latency

SECONDS = st.floats(min_value=0, max_value=60)


def counted(*seconds: float) -> Counter[str]:
    return Counter(latency.bin_of(each) for each in seconds)


def test_without_an_answer_there_is_no_percentile() -> None:
    assert latency.percentile({}, 0.5) is None
    assert latency.percentile({"3": 0}, 0.5) is None


@pytest.mark.parametrize("seconds", [0.011, 0.1, 0.35, 1.0, 7.7, 14.9])
def test_a_percentile_is_never_off_by_more_than_a_bin(seconds: float) -> None:
    found = latency.percentile(counted(*[seconds] * 40), 0.5)
    assert found and seconds / latency.STEP <= found <= seconds * latency.STEP


def test_the_median_and_the_95th_percentile_differ_if_a_few_are_slow() -> None:
    some = counted(*[0.1] * 90, *[5.0] * 10)
    p50, p95 = (latency.percentile(some, share) for share in (0.5, 0.95))
    assert p50 and p95 and p50 < 0.15 and p95 > 3


def test_a_latency_beyond_all_bins_is_counted_in_the_last() -> None:
    assert latency.percentile(counted(3600), 0.5) == latency.EDGES[-1]


@settings(deadline=None)
@given(st.lists(SECONDS), st.lists(SECONDS))
def test_merging_is_counting_together(some: list[float], others: list[float]) -> None:
    merged = latency.merge([counted(*some), counted(*others)])
    assert merged == counted(*some, *others)


@settings(deadline=None)
@given(st.lists(SECONDS, min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_never_takes_less(seconds: list[float], some: float, more: float) -> None:
    one, other = (latency.percentile(counted(*seconds), each) for each in sorted([some, more]))
    assert one is not None and other is not None and one <= other * (1 + 1e-9)
