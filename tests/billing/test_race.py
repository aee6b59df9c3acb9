"""Many presses at once: budget and pace admit exactly what they allow."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from tasks.billing import gate
from tasks.billing.errors import BudgetExceededError, PlacementRefusedError, RateLimitError
from tasks.models import (
    Budget,
    Credential,
    Membership,
    Project,
    Submission,
    SubmissionState,
    Task,
)
from tasks.simulator.server import Simulator
from tasks.submission.place import mark_not_created, place_batch
from tasks.submission.send import send_waiting
from tests.billing.conftest import NOW, ONE, tokens
from tests.providers.generations import generation

PRESSES = 20


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(clock=NOW.timestamp) as simulator:
        yield simulator


@pytest.fixture
def ark(db: None, sim: Simulator) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url=sim.base_url("volcengine"))
    row.replace_key("sim-test")
    row.save()
    return row


def five_seconds() -> Any:
    return generation(resolution="720p", ratio="16:9", duration=5)


def press(project: Project, credential: Credential, person: User) -> None:
    whose: dict[str, Any] = {"project": project, "credential": credential, "created_by": person}
    place_batch([five_seconds()], key=uuid.uuid4(), **whose, now=NOW)


def at_once(*presses: Callable[[], None]) -> list[PlacementRefusedError]:
    """Run all at once, each over a connection of its own; return the refusals."""
    refusals: list[PlacementRefusedError] = []
    gate = threading.Barrier(len(presses))

    def run(press: Callable[[], None]) -> None:
        gate.wait()
        try:
            press()
        except PlacementRefusedError as error:
            refusals.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def creates(sim: Simulator) -> int:
    return sum(sim.counts.creates.values())


@pytest.mark.django_db(transaction=True)
def test_of_twenty_presses_against_a_budget_of_one_exactly_one_is_created(
    sim: Simulator, ark: Credential, project: Project, member: User, manager: User
) -> None:
    Budget.objects.create(project=project, limit=ONE)
    people = [member, manager]
    refusals = at_once(
        *(lambda who=people[n % 2]: press(project, ark, who) for n in range(PRESSES))
    )
    assert len(refusals) == PRESSES - 1
    assert {type(each) for each in refusals} == {BudgetExceededError}
    assert send_waiting(10, clock=lambda: NOW) == 1
    assert creates(sim) == 1
    assert tokens(project) == (0, ONE)


@pytest.mark.django_db(transaction=True)
def test_one_person_in_many_projects_at_once_has_one_pace(
    ark: Credential, project: Project, member: User, settings: Any
) -> None:
    settings.TAKES_PER_MINUTE = 3
    projects = [Project.objects.create(name=f"Project {n}") for n in range(8)]
    for each in projects:
        Membership.objects.create(project=each, user=member)
    refusals = at_once(*(lambda where=each: press(where, ark, member) for each in projects))
    assert {type(each) for each in refusals} == {RateLimitError}
    assert Task.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_sending_again_takes_the_released_reservation_before_anybody_else(
    ark: Credential, project: Project, member: User, sim: Simulator
) -> None:
    for _ in range(2):
        press(project, ark, member)
    rows = list(Submission.objects.select_related("task"))
    Submission.objects.update(state=SubmissionState.UNCONFIRMED)
    Budget.objects.create(project=project, limit=2 * ONE)
    again = [lambda row=row: _again(row, project, ark, member) for row in rows]
    refusals = at_once(*again, *[lambda: press(project, ark, member)] * 5)
    assert len(refusals) == 5
    assert send_waiting(10, clock=lambda: NOW) == creates(sim) == 2
    assert tokens(project) == (0, 2 * ONE)


def _again(row: Submission, project: Project, ark: Credential, member: User) -> None:
    with transaction.atomic():
        gate.lock(project, ark, member)
        assert mark_not_created(row, NOW)
        press(project, ark, member)
