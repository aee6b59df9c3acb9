"""An unconfirmed create: its page tells the truth, and a person decides."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Submission, SubmissionState, Task
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.submission.place import record_outcome
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf

__all__ = ["ark", "desk"]

UNCONFIRMED = SubmissionState.UNCONFIRMED


@pytest.fixture
def lost(desk: Client) -> Task:
    """An unconfirmed task: nobody knows whether the provider made it."""
    desk.post("/tasks/new/", filled())
    row = Submission.objects.get()
    Submission.objects.begin(row.pk, timezone.now())
    error = ProviderError("No answer in time.", trouble=Trouble.TIMEOUT)
    record_outcome(row, UNCONFIRMED, timezone.now(), error)
    return row.task


def test_an_unconfirmed_create_is_put_to_a_person_with_the_cost_in_view(
    desk: Client, lost: Task
) -> None:
    page = desk.get(lost.get_absolute_url()).content.decode()
    assert "Unconfirmed: this may or may not have been created" in page
    assert "No answer in time." in page
    assert "send again and pay for it" in page


def test_the_id_that_a_person_gives_is_tracked(desk: Client, lost: Task) -> None:
    desk.post(f"/tasks/{lost.pk}/exists/", {"remote_id": " cgt-20261120120000-found "})
    lost.refresh_from_db()
    assert (lost.remote_id, lost.status) == ("cgt-20261120120000-found", Status.QUEUED)
    assert lost.check_after is not None


def test_text_that_cannot_be_an_id_is_refused(desk: Client, lost: Task) -> None:
    page = desk.post(f"/tasks/{lost.pk}/exists/", {"remote_id": "../x"}, follow=True)
    assert "a task id of this provider" in page.content.decode()
    lost.refresh_from_db()
    assert lost.status == Status.UNCONFIRMED


def test_it_is_sent_again_once_however_often_it_is_pressed(desk: Client, lost: Task) -> None:
    for _ in range(3):
        desk.post(f"/tasks/{lost.pk}/again/")
    lost.refresh_from_db()
    assert lost.status == Status.LOST
    assert Submission.objects.filter(state=SubmissionState.WAITING).count() == 1


def test_a_viewer_is_not_asked(client_of: ClientOf, viewer: User, lost: Task) -> None:
    desk = client_of(viewer)
    page = desk.get(lost.get_absolute_url()).content.decode()
    assert "Unconfirmed: this may or may not have been created" in page
    assert "send again" not in page
    for what in ("exists", "again"):
        assert desk.post(f"/tasks/{lost.pk}/{what}/").status_code == 404


def test_there_is_nothing_to_refresh_before_the_provider_has_named_it(
    desk: Client, lost: Task
) -> None:
    page = desk.get(lost.get_absolute_url()).content.decode()
    assert "data-refresh" not in page and "data-save-now" not in page
    assert desk.post(f"/tasks/{lost.pk}/refresh/").status_code == 404
    lost.refresh_from_db()
    assert lost.check_after is None


def test_the_list_shows_no_id_that_the_provider_has_not_given(desk: Client, lost: Task) -> None:
    assert f"{lost.remote_id}</span>" not in desk.get("/").content.decode()
    rows = Task.objects.filter(pk=lost.pk)
    rows.mark_changed()
    rows.update(remote_id="cgt-20261120120000-named")
    assert "cgt-20261120120000-named</span>" in desk.get("/").content.decode()
