"""A task's own transitions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.models import Task
from tasks.providers import ProviderError, RemoteTask, Trouble
from tasks.status import Status

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MakeTask = Callable[..., Task]


def said(status: Status, **fields: Any) -> RemoteTask:
    usual: dict[str, Any] = {"id": "cgt-1", "status_word": status.value, "raw": {"id": "cgt-1"}}
    return RemoteTask(**usual | {"status": status} | fields)


def not_found() -> ProviderError:
    return ProviderError("The provider does not know it.", trouble=Trouble.NOT_FOUND)


def test_a_first_answer_tells_where_it_stands(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN)
    change = task.hear(said(Status.RUNNING, seed=7, model="seedance"), "digest", NOW)
    assert change and (change.was, change.became, change.at) == ("unknown", "running", NOW)
    assert (task.status, task.seed, task.model, task.running_at) == ("running", 7, "seedance", NOW)


def test_the_same_word_again_is_no_change(make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    assert task.hear(said(Status.RUNNING), "digest", NOW) is None


@pytest.mark.parametrize("late", [Status.RUNNING, Status.QUEUED, Status.FAILED, Status.UNKNOWN])
def test_an_ending_is_never_taken_back(make_task: MakeTask, late: Status) -> None:
    task = make_task(status=Status.SUCCEEDED, video_url="https://a.example/v.mp4")
    assert task.hear(said(late), "digest", NOW) is None
    assert (task.status, task.video_url) == ("succeeded", "https://a.example/v.mp4")


def test_an_unknown_word_is_kept_and_changes_nothing_we_knew(make_task: MakeTask) -> None:
    task = make_task(status=Status.RUNNING)
    assert task.hear(said(Status.UNKNOWN, status_word="dreaming"), "digest", NOW) is None
    assert (task.status, task.status_word) == ("running", "dreaming")
    assert task.check_after is not None


def test_what_an_answer_leaves_out_stays(make_task: MakeTask) -> None:
    task = make_task(seed=7, prompt="a harbour", total_tokens=108900, generate_audio=True)
    task.hear(said(Status.RUNNING, generate_audio=False), "digest", NOW)
    assert (task.seed, task.prompt, task.total_tokens) == (7, "a harbour", 108900)
    assert task.generate_audio is False


def test_queue_and_run_time_come_from_first_observations(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN, created_at=NOW)
    task.hear(said(Status.QUEUED, created_at=NOW), "1", NOW + timedelta(seconds=1))
    task.hear(said(Status.RUNNING), "2", NOW + timedelta(seconds=10))
    task.hear(said(Status.RUNNING, progress=50), "3", NOW + timedelta(seconds=20))
    task.hear(said(Status.SUCCEEDED), "4", NOW + timedelta(seconds=70))
    assert (task.queue_seconds, task.run_seconds) == (10.0, 60.0)


def test_a_provider_whose_clock_is_ahead_makes_no_negative_times(make_task: MakeTask) -> None:
    task = make_task(status=Status.UNKNOWN)
    task.hear(said(Status.RUNNING, created_at=NOW + timedelta(hours=1)), "1", NOW)
    assert task.queue_seconds == 0.0


@pytest.mark.parametrize("trouble", [t for t in Trouble if t != Trouble.NOT_FOUND])
def test_no_trouble_of_asking_ever_ends_a_task(make_task: MakeTask, trouble: Trouble) -> None:
    task = make_task(created_at=NOW - timedelta(days=1))
    for _ in range(20):
        assert task.miss(ProviderError("no", trouble=trouble), NOW) is None
    assert task.status == "running" and task.check_after is not None
    assert task.is_stale(NOW)


def test_not_found_is_believed_only_after_repeats(make_task: MakeTask) -> None:
    task = make_task(created_at=NOW - timedelta(minutes=5))
    assert task.miss(not_found(), NOW) is None
    assert task.miss(ProviderError("no", trouble=Trouble.SERVER), NOW) is None
    assert task.miss(not_found(), NOW) is None
    assert task.miss(not_found(), NOW) is None
    change = task.miss(not_found(), NOW)
    assert change and change.became == "lost"
    assert task.check_after is None


def test_a_task_still_being_entered_by_its_gateway_is_not_lost(make_task: MakeTask) -> None:
    task = make_task(created_at=NOW)
    for second in range(0, 100, 10):
        assert task.miss(not_found(), NOW + timedelta(seconds=second)) is None
    assert task.status == "running"


def test_a_finished_task_that_the_provider_forgot_keeps_its_ending(make_task: MakeTask) -> None:
    task = make_task(status=Status.SUCCEEDED, created_at=NOW - timedelta(days=8))
    for _ in range(5):
        assert task.miss(not_found(), NOW) is None
    assert task.status == "succeeded"


def test_a_lost_task_that_answers_again_is_found(make_task: MakeTask) -> None:
    task = make_task(status=Status.LOST, ended_at=NOW)
    change = task.hear(said(Status.RUNNING), "digest", NOW)
    assert change and (change.was, change.became) == ("lost", "running")
    assert task.ended_at is None and task.check_after is not None


def test_a_link_that_does_not_tell_its_end_is_given_a_day(make_task: MakeTask) -> None:
    task = make_task()
    link = "https://a.example/v.mp4"
    task.hear(said(Status.SUCCEEDED, video_url=link, updated_at=NOW), "1", NOW)
    assert task.link_ends_at == NOW + timedelta(hours=24)
    later = NOW + timedelta(hours=3)
    task.hear(said(Status.SUCCEEDED, video_url=link, updated_at=later), "2", later)
    assert task.link_ends_at == NOW + timedelta(hours=24)


def test_a_link_and_what_belongs_to_it_change_together(make_task: MakeTask) -> None:
    task = make_task()
    own_door = "https://gateway.example/v1/videos/task_1/content"
    remote = said(Status.SUCCEEDED, video_url=own_door, video_needs_key=True)
    task.hear(remote, "1", NOW)
    task.hear(said(Status.SUCCEEDED), "2", NOW)
    assert (task.video_url, task.video_needs_key, task.link_ends_at) == (own_door, True, None)


def test_an_answer_ends_the_trouble(make_task: MakeTask) -> None:
    task = make_task()
    task.miss(ProviderError("no", trouble=Trouble.SERVER), NOW)
    task.hear(said(Status.RUNNING), "digest", NOW)
    assert (task.trouble, task.troubles_in_a_row, task.is_stale(NOW)) == ("", 0, False)


def test_a_live_task_nobody_asked_about_for_a_minute_is_stale(make_task: MakeTask) -> None:
    task = make_task(check_after=NOW - timedelta(seconds=61))
    assert task.is_stale(NOW)
    task.check_after = NOW + timedelta(seconds=5)
    assert not task.is_stale(NOW)
