"""A name server that swallows questions: it delays nobody else, and what was not sent is known."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.models import Credential, Project, SubmissionState, Task
from tasks.providers import Trouble
from tasks.submission.place import place_batch
from tasks.submission.send import send_waiting
from tasks.tracking import refresh
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock, Follow
from tests.tracking.in_process import Network

pytestmark = pytest.mark.django_db

SILENT = "swallowed.example"
SWEEPS = 5


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The look-ups that no answer has come to."""
    begun: list[str] = []
    over = threading.Event()
    look_up = socket.getaddrinfo

    def swallow(host: Any, *more: Any, **options: Any) -> Any:
        if host == SILENT:
            begun.append(host)
            over.wait(60)
            raise socket.gaierror("Temporary failure in name resolution")
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", swallow)
    yield begun
    over.set()


@pytest.fixture
def silent(db: None) -> Credential:
    row = Credential(name="Silent", provider="volcengine", base_url=f"https://{SILENT}/api/v3")
    row.replace_key("sk-of-the-silent-0123456789")
    row.save()
    return row


def test_a_name_that_nobody_answers_for_delays_no_other_provider(
    lookups: list[str],
    silent: Credential,
    account: Account,
    follow: Follow,
    network: Network,
    clock: Clock,
    project: Project,
) -> None:
    answers = account("dataeyes")
    answered = [follow(answers, "sim:queue=0 sim:run=9999").pk for _ in range(3)]
    ids = [f"cgt-20261120120000-s{n:04}" for n in range(40)]
    unheard = Task.objects.track(
        ids, credential=silent, project=project, created_by=None, now=clock.now
    )
    for _ in range(SWEEPS):
        Task.objects.filter(pk__in=answered).update(check_after=clock.now, asked_at=None)
        began = network.time.now
        refresh.sweep(3, clock=clock)
        assert network.time.now < began + 3 + refresh.DRAIN_SECONDS + refresh.BUSY_SLICE
        heard = Task.objects.filter(pk__in=answered, trouble="", asked_at=clock.now)
        assert heard.exclude(status="unknown").count() == 3
        clock.go_on(5)
    assert len(lookups) <= SWEEPS, "one a sweep, however many tasks wait for it"
    refresh.sweep(60, clock=clock)
    silent.refresh_from_db()
    assert silent.trouble == Trouble.TIMEOUT and silent.paused_until
    assert {task.status for task in unheard} == {"unknown"}


def test_a_create_whose_name_is_not_answered_for_was_not_made(
    lookups: list[str], silent: Credential, project: Project, clock: Clock
) -> None:
    """A person may send it again without a doubt, for nothing has left."""
    batch = place_batch(
        [generation("doubao-seedance-2-0-260128")],
        key=uuid.uuid4(),
        project=project,
        credential=silent,
        created_by=None,
        now=clock.now,
    )
    send_waiting(10, clock=clock)
    submission = batch.submissions.get()
    assert submission.state == SubmissionState.REFUSED
    assert lookups == [SILENT]
