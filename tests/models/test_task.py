"""A task's own transitions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.models import Task
from tasks.providers import ProviderError, RemoteTask, Trouble
from tasks.providers.status import Status

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MakeTask = Callable[..., Task]


def answer(status: Status, **fields: Any) -> RemoteTask:
    usual: dict[str, Any] = {"id": "cgt-1", "status_word": status.value, "raw": {"id": "cgt-1"}}
    return RemoteTask(**usual | {"status": status} | fields)


def not_found() -> ProviderError:
    return ProviderError("The provider does not know it.", trouble=Trouble.NOT_FOUND)


def test_a_first_answer_sets_status_and_fields(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN)
    change = task.apply_answer(answer(Status.RUNNING, seed=7, model="seedance"), "digest", NOW)
    assert change and (change.was, change.became, change.at) == ("unknown", "running", NOW)
    assert (task.status, task.seed, task.model, task.running_at) == ("running", 7, "seedance", NOW)


def test_the_same_status_again_is_no_change(make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    assert task.apply_answer(answer(Status.RUNNING), "digest", NOW) is None


@pytest.mark.parametrize("late", [Status.RUNNING, Status.QUEUED, Status.FAILED, Status.UNKNOWN])
def test_an_ending_is_never_taken_back(make_task: MakeTask, late: Status) -> None:
    task = make_task(status=Status.SUCCEEDED, video_url="https://a.example/v.mp4")
    assert task.apply_answer(answer(late), "digest", NOW) is None
    assert (task.status, task.video_url) == ("succeeded", "https://a.example/v.mp4")


def test_an_unknown_word_is_stored_and_does_not_change_the_status(make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    assert task.apply_answer(answer(Status.UNKNOWN, status_word="dreaming"), "digest", NOW) is None
    assert (task.status, task.status_word) == ("running", "dreaming")
    assert task.check_after is not None


def test_fields_that_an_answer_leaves_out_stay(make_task: MakeTask) -> None:
    task = make_task(seed=7, prompt="a harbour", total_tokens=108900, generate_audio=True)
    task.apply_answer(answer(Status.RUNNING, generate_audio=False), "digest", NOW)
    assert (task.seed, task.prompt, task.total_tokens) == (7, "a harbour", 108900)
    assert task.generate_audio is False


def test_queue_and_run_time_come_from_first_observations(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN, created_at=NOW)
    task.apply_answer(answer(Status.QUEUED, created_at=NOW), "1", NOW + timedelta(seconds=1))
    task.apply_answer(answer(Status.RUNNING), "2", NOW + timedelta(seconds=10))
    task.apply_answer(answer(Status.RUNNING, progress=50), "3", NOW + timedelta(seconds=20))
    task.apply_answer(answer(Status.SUCCEEDED), "4", NOW + timedelta(seconds=70))
    assert (task.queue_seconds, task.run_seconds) == (10.0, 60.0)


def test_a_provider_whose_clock_is_ahead_makes_no_negative_times(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN)
    task.apply_answer(answer(Status.RUNNING, created_at=NOW + timedelta(hours=1)), "1", NOW)
    assert task.queue_seconds == 0.0


@pytest.mark.parametrize("trouble", [t for t in Trouble if t != Trouble.NOT_FOUND])
def test_trouble_never_ends_a_task(make_task: MakeTask, trouble: Trouble) -> None:
    task = make_task(created_at=NOW - timedelta(days=1))
    for _ in range(20):
        assert task.record_error(ProviderError("no", trouble=trouble), NOW) is None
    assert task.status == "running" and task.check_after is not None
    assert task.is_stale(NOW)


def test_not_found_is_believed_only_after_repeats(make_task: MakeTask) -> None:
    task = make_task(created_at=NOW - timedelta(minutes=5))
    assert task.record_error(not_found(), NOW) is None
    assert task.record_error(ProviderError("no", trouble=Trouble.SERVER), NOW) is None
    assert task.record_error(not_found(), NOW) is None
    assert task.record_error(not_found(), NOW) is None
    change = task.record_error(not_found(), NOW)
    assert change and change.became == "lost"
    assert task.check_after is None


def test_a_task_that_its_gateway_is_still_entering_is_not_lost(make_task: MakeTask) -> None:
    task = make_task(created_at=NOW)
    for second in range(0, 100, 10):
        assert task.record_error(not_found(), NOW + timedelta(seconds=second)) is None
    assert task.status == "running"


def test_an_ended_task_that_the_provider_forgot_keeps_its_status(make_task: MakeTask) -> None:
    task = make_task(status=Status.SUCCEEDED, created_at=NOW - timedelta(days=8))
    for _ in range(5):
        assert task.record_error(not_found(), NOW) is None
    assert task.status == "succeeded"


def test_a_lost_task_that_is_answered_for_again_is_live(make_task: MakeTask) -> None:
    task = make_task(status=Status.LOST, ended_at=NOW)
    change = task.apply_answer(answer(Status.RUNNING), "digest", NOW)
    assert change and (change.was, change.became) == ("lost", "running")
    assert task.ended_at is None and task.check_after is not None


def test_a_link_without_an_end_ends_after_a_day(make_task: MakeTask) -> None:
    task = make_task()
    link = "https://a.example/v.mp4"
    task.apply_answer(answer(Status.SUCCEEDED, video_url=link, updated_at=NOW), "1", NOW)
    assert task.link_ends_at == NOW + timedelta(hours=24)
    later = NOW + timedelta(hours=3)
    task.apply_answer(answer(Status.SUCCEEDED, video_url=link, updated_at=later), "2", later)
    assert task.link_ends_at == NOW + timedelta(hours=24)


def test_a_link_its_key_and_its_end_change_together(make_task: MakeTask) -> None:
    task = make_task()
    gateway_link = "https://gateway.example/v1/videos/task_1/content"
    remote = answer(Status.SUCCEEDED, video_url=gateway_link, video_needs_key=True)
    task.apply_answer(remote, "1", NOW)
    task.apply_answer(answer(Status.SUCCEEDED), "2", NOW)
    assert (task.video_url, task.video_needs_key, task.link_ends_at) == (gateway_link, True, None)


def test_an_answer_clears_the_trouble(make_task: MakeTask) -> None:
    task = make_task()
    task.record_error(ProviderError("no", trouble=Trouble.SERVER), NOW)
    task.apply_answer(answer(Status.RUNNING), "digest", NOW)
    assert (task.trouble, task.troubles_in_a_row, task.is_stale(NOW)) == ("", 0, False)


def test_a_live_task_whose_check_is_a_minute_late_is_stale(make_task: MakeTask) -> None:
    task = make_task(check_after=NOW - timedelta(seconds=61))
    assert task.is_stale(NOW)
    task.check_after = NOW + timedelta(seconds=5)
    assert not task.is_stale(NOW)
