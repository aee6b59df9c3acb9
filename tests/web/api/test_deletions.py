"""Deletions over Ark's API while a create is on its way to the provider."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tasks.clients.ids import id_of_submission
from tasks.models import Cancellation, CancelOutcome, Submission, SubmissionState
from tasks.providers import ProviderError, Trouble
from tasks.submission.place import mark_created, record_outcome
from tasks.web.api import cancels
from tests.web.api.conftest import Program
from tests.web.api.test_ark import REMOTE_ID, made


def test_a_delete_waits_for_a_create_that_is_being_sent(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = made(program)
    Submission.objects.begin(submission.pk, timezone.now())

    def pass_time(_seconds: float) -> None:
        sent = Submission.objects.select_related("task").get()
        if sent.state == SubmissionState.SENDING:
            mark_created(sent, REMOTE_ID, timezone.now())
        else:
            Cancellation.objects.update(outcome=CancelOutcome.ACCEPTED)

    monkeypatch.setattr(cancels.time, "sleep", pass_time)
    assert program.delete(id_of_submission(submission)).json() == {}
    assert program.get(REMOTE_ID).json()["status"] == "cancelled"


def test_a_delete_of_a_create_that_is_refused_meanwhile_hides_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = made(program)
    Submission.objects.begin(submission.pk, timezone.now())

    def refuse(_seconds: float) -> None:
        error = ProviderError("No.", trouble=Trouble.BAD_REQUEST)
        sent = Submission.objects.select_related("task").get()
        record_outcome(sent, SubmissionState.REFUSED, timezone.now(), error)

    monkeypatch.setattr(cancels.time, "sleep", refuse)
    assert program.delete(id_of_submission(submission)).json() == {}
    assert program.get(id_of_submission(submission)).status_code == 404


def test_a_delete_while_a_create_is_being_sent_for_long_asks_for_patience(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_id = program.create().json()["id"]
    Submission.objects.begin(Submission.objects.get().pk, timezone.now())
    monkeypatch.setattr(cancels, "PATIENCE", 0)
    answer = program.delete(made_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ServerOverloaded")
    assert answer["Retry-After"] == "1"
    assert program.get(made_id).json()["status"] == "queued"
