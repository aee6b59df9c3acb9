"""Two workers that take the same create at the same moment send it once."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tasks.models import Credential, Project, Submission, SubmissionState, Task
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission.place import place_batch
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock

pytestmark = [pytest.mark.sockets, pytest.mark.django_db(transaction=True)]

WORKERS = 2


def place(credential: Credential, project: Project, person: User, clock: Clock) -> Submission:
    batch = place_batch(
        [generation()],
        key=uuid.uuid4(),
        project=project,
        credential=credential,
        created_by=person,
        now=clock.now,
    )
    return batch.submissions.get()


def at_once(work: Callable[[], None]) -> None:
    """Let each worker do it over a connection of its own; raise what one of them raises."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not errors, errors


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Let both workers read the waiting rows before either takes one; count what they read."""
    read, gate, rows = sending._next, threading.Barrier(WORKERS), Counter[str]()
    first_time = threading.local()

    def read_together(room: int, now: object) -> object:
        found = list(read(room, now))  # type: ignore[arg-type]
        if not hasattr(first_time, "is_over"):
            first_time.is_over = True
            rows["read"] += len(found)
            gate.wait(timeout=60)
        return found

    monkeypatch.setattr(sending, "_next", read_together)
    return rows


def test_a_raced_begin_leaves_exactly_one_create(
    account: Account,
    sim: Simulator,
    project: Project,
    member: User,
    clock: Clock,
    met: Counter[str],
) -> None:
    made = place(account(), project, member, clock)
    sent: list[int] = []
    at_once(lambda: sent.append(sending.send_waiting(10, clock=clock)))
    assert met["read"] == WORKERS, "both saw the same waiting row"
    assert sorted(sent) == [0, 1]
    assert sum(sim.counts.creates.values()) == 1
    assert sum(seen.method == "POST" for seen in sim.requests_seen) == 1
    made.refresh_from_db()
    assert made.state == SubmissionState.CREATED
    assert [task.remote_id for task in Task.objects.all()] == [
        record.public_id for record in sim.tasks
    ]


def test_of_two_that_begin_at_once_one_may(
    account: Account, project: Project, member: User, clock: Clock
) -> None:
    made = place(account(), project, member, clock)
    gate, taken = threading.Barrier(WORKERS), list[bool]()

    def begin() -> None:
        connection.ensure_connection()
        gate.wait(timeout=60)
        taken.append(Submission.objects.begin(made.pk, clock.now))

    at_once(begin)
    assert sorted(taken) == [False, True]
