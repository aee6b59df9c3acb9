"""Where the answer to a create was lost: the truth of it, and a person's decision."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks import submit
from tasks.models import Submission, SubmissionState, Task
from tasks.providers import ProviderError, Trouble
from tasks.status import Status
from tests.web.conftest import ClientOf
from tests.web.making import ark, desk, filled

__all__ = ["ark", "desk"]

UNCONFIRMED = SubmissionState.UNCONFIRMED


@pytest.fixture
def lost(desk: Client) -> Task:
    """A task of which nobody knows whether it was made."""
    desk.post("/tasks/new/", filled())
    row = Submission.objects.get()
    Submission.objects.begin(row.pk, timezone.now())
    error = ProviderError("No answer in time.", trouble=Trouble.TIMEOUT)
    submit.end(row, UNCONFIRMED, timezone.now(), error)
    return row.task


def test_a_lost_answer_is_put_to_a_person_with_the_cost_in_view(desk: Client, lost: Task) -> None:
    page = desk.get(lost.get_absolute_url()).content.decode()
    assert "Nobody knows whether this was made" in page
    assert "No answer in time." in page
    assert "send again, and pay for it" in page


def test_the_id_that_was_found_is_followed(desk: Client, lost: Task) -> None:
    desk.post(f"/tasks/{lost.pk}/exists/", {"remote_id": " cgt-20261120120000-found "})
    lost.refresh_from_db()
    assert (lost.remote_id, lost.status) == ("cgt-20261120120000-found", Status.QUEUED)
    assert lost.check_after is not None


def test_what_cannot_be_an_id_is_not_taken_for_one(desk: Client, lost: Task) -> None:
    page = desk.post(f"/tasks/{lost.pk}/exists/", {"remote_id": "../x"}, follow=True)
    assert "not the form of this provider" in page.content.decode()
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
    assert "Nobody knows whether this was made" in page
    assert "send again" not in page
    for what in ("exists", "again"):
        assert desk.post(f"/tasks/{lost.pk}/{what}/").status_code == 404


def test_there_is_nothing_to_refresh_before_the_provider_has_named_it(
    desk: Client, lost: Task
) -> None:
    page = desk.get(lost.get_absolute_url()).content.decode()
    assert "data-unnamed" in page, "which hides the buttons until an answer names it"
    assert desk.post(f"/tasks/{lost.pk}/refresh/").status_code == 404
    lost.refresh_from_db()
    assert lost.check_after is None


def test_the_list_shows_no_id_that_the_provider_has_not_given(desk: Client, lost: Task) -> None:
    assert f"{lost.remote_id}</span>" not in desk.get("/").content.decode()
    Task.objects.filter(pk=lost.pk).update(remote_id="cgt-20261120120000-named")
    assert "cgt-20261120120000-named</span>" in desk.get("/").content.decode()
