"""Retention: some rows go once a day, and the others stay."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.models import Task as Job

from tasks import jobs
from tasks.management.doctor import database_checks
from tasks.models import Copy, Task
from tasks.monitoring import retention
from tests.conftest import MakeTask

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)


def session(key: str, days: int) -> Session:
    ends = timezone.now() + days * DAY
    return Session.objects.create(session_key=key, session_data="", expire_date=ends)


def note(user: User, key: str, *, days_old: int) -> None:
    about = UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1", user_agent="")
    UserSession.objects.filter(pk=about.pk).update(created_at=timezone.now() - days_old * DAY)


def failure(days_old: int) -> None:
    at = timezone.now() - days_old * DAY
    known = {"func": "tasks.jobs.sweep", "started": at, "stopped": at, "success": False}
    Job.objects.create(id=uuid.uuid4().hex, name=f"{days_old} days", **known)


def answered(make_task: MakeTask, days_ago: int, **fields: Any) -> Task:
    ended = timezone.now() - days_ago * DAY
    usual = {"ended_at": ended, "check_after": None, "raw": '{"id": 1}', "answer_digest": "d1"}
    return make_task(status="succeeded", **usual | fields)


def test_expired_sessions_go_and_what_was_shown_of_them(db: None, member: User) -> None:
    session("expired", -1)
    session("alive", 1)
    for key in ("expired", "alive", "long gone"):
        note(member, key, days_old=3)
    note(member, "signing in just now", days_old=0)
    jobs.tidy()
    assert [each.session_key for each in Session.objects.all()] == ["alive"]
    left = set(UserSession.objects.values_list("session_key", flat=True))
    assert left == {"alive", "signing in just now"}


def test_failed_jobs_go_after_the_days_that_are_set(db: None, settings: Any) -> None:
    failure(31)
    failure(29)
    settings.KEEP_FAILURES = 0
    jobs.tidy()
    assert Job.objects.count() == 2
    settings.KEEP_FAILURES = 30
    jobs.tidy()
    assert [job.name for job in Job.objects.all()] == ["29 days"]


def test_raw_answers_stay_unless_a_team_says_otherwise(make_task: MakeTask, settings: Any) -> None:
    task = answered(make_task, 3650)
    jobs.tidy()
    assert Task.objects.get(pk=task.pk).raw
    settings.KEEP_ANSWERS = 90
    jobs.tidy()
    assert Task.objects.get(pk=task.pk).raw == ""


def test_only_answers_go_that_nothing_is_read_from_any_more(
    make_task: MakeTask, settings: Any
) -> None:
    settings.KEEP_ANSWERS = 90
    now = timezone.now()
    kept = [
        answered(make_task, 89),
        answered(make_task, 91, check_after=now),  # it is being asked about
        answered(make_task, 91, ended_at=None),
    ]
    waiting = answered(make_task, 91)
    Copy.objects.create(task=waiting, kind="video", state="waiting", created_at=now, due_at=now)
    gone = answered(make_task, 91, answer_digest="")  # asked anew once, and not answered
    facts = Task.objects.filter(pk=gone.pk).values("status", "total_tokens", "prompt", "error_code")
    before = list(facts)
    jobs.tidy()
    assert all(Task.objects.get(pk=task.pk).raw for task in [*kept, waiting])
    assert Task.objects.get(pk=gone.pk).raw == ""
    assert list(facts) == before


def test_few_rows_go_in_a_transaction(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    for number in range(7):
        session(f"s{number}", -1)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert retention.tidy(timezone.now(), 10) is False
    deletes = [q["sql"] for q in seen if q["sql"].startswith('DELETE FROM "django_session"')]
    assert len(deletes) == 3
    assert not Session.objects.exists()


def test_what_does_not_fit_into_one_job_is_left_to_the_next(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    monkeypatch.setattr(jobs, "TIDY_SECONDS", -1.0)
    session("one", -1)
    session("two", -1)
    jobs.tidy()
    assert Session.objects.count() == 1
    assert [row.task["func"] for row in OrmQ.objects.all()] == ["tasks.jobs.tidy"]


def test_it_runs_once_a_day(db: None) -> None:
    row = Schedule.objects.get(name="tidy")
    assert (row.func, row.schedule_type) == (jobs.TIDY, Schedule.DAILY)


def test_the_doctor_tells_how_long_things_are_kept(db: None, settings: Any) -> None:
    settings.KEEP_ANSWERS = 365
    [told] = database_checks.kept()
    assert told.text == (
        "expired sessions a day at most, failed jobs 30 days, raw answers of ended tasks 365 days, "
        "files of bills 30 days, exported files 7 days"
    )
