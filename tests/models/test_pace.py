"""The time of a task's next check."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tasks.models import schedule
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class CheckedTask:
    """The part of a task that the time of its next check depends on."""

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


def seconds_until_check(task: CheckedTask) -> float:
    at = schedule.next_check(task, NOW)
    assert at is not None
    return (at - NOW).total_seconds()


def test_a_young_task_is_checked_every_few_seconds() -> None:
    assert 1 <= seconds_until_check(CheckedTask()) <= 4


def test_a_gateway_is_never_asked_faster_than_it_refreshes_its_own_copy() -> None:
    for provider in ("dataeyes", "tokenhot", "newapi"):
        assert schedule.interval(CheckedTask(provider=provider), NOW) >= 15


def test_a_flex_task_is_checked_seldom() -> None:
    assert schedule.interval(CheckedTask(service_tier="flex"), NOW) >= 60


@pytest.mark.parametrize("days", [1, 3, 6.9])
def test_checks_are_rare_near_the_end_of_the_record(days: float) -> None:
    assert schedule.interval(CheckedTask(age=timedelta(days=days)), NOW) >= 1700 * days


def test_intervals_only_grow_with_age() -> None:
    ages = [timedelta(seconds=2**n) for n in range(20)]
    intervals = [schedule.interval(CheckedTask(age=age), NOW) for age in ages]
    assert intervals == sorted(intervals)


def test_two_tasks_created_together_drift_apart() -> None:
    assert len({seconds_until_check(CheckedTask()) for _ in range(20)}) > 15


def test_a_clock_that_was_set_back_does_not_stop_the_checks() -> None:
    assert seconds_until_check(CheckedTask(age=timedelta(hours=-1))) > 0


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "lost"])
def test_an_ended_task_is_not_checked_again(status: str) -> None:
    assert schedule.next_check(CheckedTask(status=status, ended_at=NOW), NOW) is None


def test_a_success_without_its_video_is_asked_for_it_for_half_an_hour() -> None:
    just_ended = CheckedTask(status=Status.SUCCEEDED, ended_at=NOW)
    long_ended = CheckedTask(status=Status.SUCCEEDED, ended_at=NOW - timedelta(hours=1))
    assert schedule.next_check(just_ended, NOW) is not None
    assert schedule.next_check(long_ended, NOW) is None
    just_ended.video_url = "https://a.example/v.mp4"
    assert schedule.next_check(just_ended, NOW) is None


def after_trouble(task: CheckedTask, trouble: Trouble, retry_after: float | None = None) -> float:
    error = ProviderError("no", trouble=trouble, retry_after=retry_after)
    at = schedule.next_check_after_trouble(task, error, NOW)
    assert at is not None
    return (at - NOW).total_seconds()


def test_trouble_doubles_the_wait_up_to_75_seconds() -> None:
    """The provider of a single task is to be asked again within 90 s of its return."""
    waits = [
        after_trouble(CheckedTask(provider="dataeyes", troubles_in_a_row=n), Trouble.SERVER)
        for n in (1, 3, 5, 50)
    ]
    assert 15 <= waits[0] <= 30
    assert all(37.5 <= wait <= 75 for wait in waits[1:])


def test_trouble_in_asking_again_about_an_ended_task_leads_to_no_more_looks() -> None:
    error = ProviderError("gone", trouble=Trouble.NOT_FOUND)
    ended = CheckedTask(status=Status.FAILED, ended_at=NOW)
    assert schedule.next_check_after_trouble(ended, error, NOW) is None


def test_retry_after_is_obeyed() -> None:
    assert after_trouble(CheckedTask(), Trouble.RATE_LIMITED, retry_after=700) >= 700


def test_not_found_is_believed_after_three_answers_and_two_minutes() -> None:
    old = timedelta(minutes=3)
    assert not schedule.not_found_is_believed(CheckedTask(age=old, not_founds=2), NOW)
    assert not schedule.not_found_is_believed(
        CheckedTask(age=timedelta(seconds=60), not_founds=9), NOW
    )
    assert schedule.not_found_is_believed(CheckedTask(age=old, not_founds=3), NOW)
