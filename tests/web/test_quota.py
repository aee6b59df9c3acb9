"""A create that waits for the quota of its account's plan, on its task's page."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import AuditEntry, Credential, Submission, SubmissionState, Task
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.submission.place import put_back
from tests.web.composing import ark, desk, filled, preview
from tests.web.conftest import ClientOf

__all__ = ["ark", "desk"]

WORDS = "You have exceeded the monthly usage quota."


def held(desk: Client) -> Task:
    """A task of the form whose create was refused for an hour."""
    desk.post("/tasks/new/", filled())
    now = timezone.now()
    submission = Submission.objects.select_related("task__credential").get()
    assert Submission.objects.begin(submission.pk, now)
    error = ProviderError(WORDS, trouble=Trouble.QUOTA_USED_UP, status_code=429)
    assert put_back(submission, now + timedelta(hours=1), error, now)
    return submission.task


def page_of(desk: Client, task: Task) -> str:
    return desk.get(f"/tasks/{task.pk}/").content.decode()


def test_the_page_tells_until_when_it_waits_and_what_the_provider_said(
    desk: Client, ark: Credential
) -> None:
    task = held(desk)
    page = page_of(desk, task)
    assert 'data-waits="quota"' in page and WORDS in page
    until = Credential.objects.get(pk=ark.pk).creates_wait_until
    assert until and until.isoformat()[:13] in page
    Credential.objects.update(creates_wait_until=timezone.now())
    assert 'data-waits="quota"' not in page_of(desk, task)


def test_the_form_and_the_credentials_page_tell_it_as_well(
    desk: Client, ark: Credential, client_of: ClientOf, manager: User
) -> None:
    for is_held in (False, True):
        if is_held:
            held(desk)
        assert ('data-waits="quota"' in preview(desk).content.decode()) == is_held
        page = client_of(manager).get(f"/credentials/{ark.pk}/").content.decode()
        assert ('data-waits="quota"' in page) == is_held


def test_a_credential_whose_polls_meet_the_quota_rests_until_its_reset(ark: Credential) -> None:
    now, days = timezone.now(), timedelta(days=3)
    error = ProviderError(
        WORDS, trouble=Trouble.QUOTA_USED_UP, status_code=429, retry_after=days.total_seconds()
    )
    ark.record_error(error, now)
    assert ark.paused_until == now + days
    ark.clear_error()
    error.trouble = Trouble.RATE_LIMITED  # a plain 429 rests a day at most
    ark.record_error(error, now)
    assert ark.paused_until == now + timedelta(days=1)


def test_it_can_be_withdrawn_from_the_page(desk: Client, ark: Credential) -> None:
    task = held(desk)
    desk.post(f"/tasks/{task.pk}/cancel/")
    task.refresh_from_db()
    assert (task.status, task.submission.state) == (Status.CANCELLED, SubmissionState.WITHDRAWN)
    assert AuditEntry.objects.filter(verb="cancelled").exists()
    assert 'data-waits="quota"' not in page_of(desk, task)


def test_nobody_else_withdraws_it(
    desk: Client, ark: Credential, client_of: ClientOf, viewer: User
) -> None:
    task = held(desk)
    assert client_of(viewer).post(f"/tasks/{task.pk}/cancel/").status_code == 404
    assert Submission.objects.get().state == SubmissionState.WAITING
