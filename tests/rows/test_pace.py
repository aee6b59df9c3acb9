"""When a task is looked at again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tasks import pace
from tasks.providers import ProviderError, Trouble
from tasks.status import Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Sketch:
    """As much of a task as the pace depends on."""

    age: timedelta = timedelta(seconds=10)
    provider: str = "volcengine"
    status: str = Status.RUNNING
    status_word: str = "running"
    service_tier: str = "default"
    video_url: str = ""
    ended_at: datetime | None = None
    troubles_in_a_row: int = 1
    not_founds: int = 0
    created_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.created_at = NOW - self.age

    @property
    def born_at(self) -> datetime:
        return self.created_at


def seconds_until_check(task: Sketch) -> float:
    at = pace.next_check(task, NOW)
    assert at is not None
    return (at - NOW).total_seconds()


def test_a_young_task_is_looked_at_every_few_seconds() -> None:
    assert 1 <= seconds_until_check(Sketch()) <= 4


def test_a_gateway_is_never_asked_faster_than_it_refreshes_its_own_copy() -> None:
    for provider in ("dataeyes", "tokenhot", "newapi"):
        assert pace.interval(Sketch(provider=provider), NOW) >= 15


def test_a_flex_task_is_looked_at_slowly() -> None:
    assert pace.interval(Sketch(service_tier="flex"), NOW) >= 60


@pytest.mark.parametrize("days", [1, 3, 6.9])
def test_looks_lie_far_apart_near_the_end_of_the_record(days: float) -> None:
    assert pace.interval(Sketch(age=timedelta(days=days)), NOW) >= 1700 * days


def test_intervals_only_grow_with_age() -> None:
    ages = [timedelta(seconds=2**n) for n in range(20)]
    intervals = [pace.interval(Sketch(age=age), NOW) for age in ages]
    assert intervals == sorted(intervals)


def test_two_tasks_made_together_drift_apart() -> None:
    assert len({seconds_until_check(Sketch()) for _ in range(20)}) > 15


def test_a_clock_that_stepped_back_does_not_stop_the_looks() -> None:
    assert seconds_until_check(Sketch(age=timedelta(hours=-1))) > 0


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "lost"])
def test_an_ended_task_is_not_looked_at_again(status: str) -> None:
    assert pace.next_check(Sketch(status=status, ended_at=NOW), NOW) is None


def test_a_success_without_its_video_is_asked_for_it_for_half_an_hour() -> None:
    just_ended = Sketch(status=Status.SUCCEEDED, ended_at=NOW)
    long_ended = Sketch(status=Status.SUCCEEDED, ended_at=NOW - timedelta(hours=1))
    assert pace.next_check(just_ended, NOW) is not None
    assert pace.next_check(long_ended, NOW) is None
    just_ended.video_url = "https://a.example/v.mp4"
    assert pace.next_check(just_ended, NOW) is None


def after_trouble(task: Sketch, trouble: Trouble, retry_after: float | None = None) -> float:
    error = ProviderError("no", trouble=trouble, retry_after=retry_after)
    at = pace.next_check_after_trouble(task, error, NOW)
    assert at is not None
    return (at - NOW).total_seconds()


def test_trouble_doubles_the_wait_up_to_five_minutes() -> None:
    waits = [
        after_trouble(Sketch(provider="dataeyes", troubles_in_a_row=n), Trouble.SERVER)
        for n in (1, 3, 5, 50)
    ]
    assert 15 <= waits[0] <= 30
    assert 60 <= waits[1] <= 120
    assert 150 <= waits[2] <= 300
    assert 150 <= waits[3] <= 300


def test_trouble_in_asking_again_about_an_ended_task_leads_to_no_more_looks() -> None:
    error = ProviderError("gone", trouble=Trouble.NOT_FOUND)
    ended = Sketch(status=Status.FAILED, ended_at=NOW)
    assert pace.next_check_after_trouble(ended, error, NOW) is None


def test_retry_after_is_obeyed() -> None:
    assert after_trouble(Sketch(), Trouble.RATE_LIMITED, retry_after=700) >= 700


def test_not_found_is_believed_after_three_answers_and_two_minutes() -> None:
    old = timedelta(minutes=3)
    assert not pace.not_found_is_believed(Sketch(age=old, not_founds=2), NOW)
    assert not pace.not_found_is_believed(Sketch(age=timedelta(seconds=60), not_founds=9), NOW)
    assert pace.not_found_is_believed(Sketch(age=old, not_founds=3), NOW)
