"""Presses at once against budgets of every kind together: none is exceeded, and nobody waits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from tasks.billing import gate, ledger
from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import BudgetExceededError, PlacementRefusedError, TokenLimitError
from tasks.billing.spending import wrong_sums
from tasks.billing.token_limits import used_by
from tasks.models import (
    ApiToken,
    Budget,
    ChangeCounter,
    Charge,
    Credential,
    Membership,
    Period,
    Price,
    Project,
    Scope,
    Submission,
    SubmissionState,
    Task,
)
from tasks.models.charge import day_of
from tasks.submission.place import mark_not_created, place_batch
from tests.billing.conftest import NOW, ONE, V20
from tests.providers.generations import generation
from tests.tokens import token_of

PRESSES = 24
UNITS = {"tokens": 1, "CNY": 46}  # of the price; a take is ONE of these


@dataclass(frozen=True)
class World:
    """Projects, people who may press in all of them, and credentials that all of them use."""

    projects: list[Project]
    people: list[User]
    credentials: list[Credential]

    def subjects(self) -> list[dict[str, Any]]:
        """The subjects of all budgets that there can be here."""
        of_projects = [{"project": each} for each in self.projects]
        members = product(self.projects, self.people)
        of_members = [{"project": project, "person": person} for project, person in members]
        of_people = [{"person": each} for each in self.people]
        of_credentials = [{"credential": each} for each in self.credentials]
        return of_projects + of_members + of_people + of_credentials


@pytest.fixture
def world(project: Project, member: User, manager: User, settings: Any) -> World:
    settings.TAKES_PER_MINUTE = settings.TAKES_PER_HOUR = 0
    other = Project.objects.create(name="Other")
    for person in (member, manager):
        Membership.objects.create(project=other, user=person)
    credentials = []
    for name in ("First", "Second"):
        row = Credential(name=name, provider="volcengine", base_url=f"https://{name}.example")
        row.replace_key("sim-test")
        row.save()
        price = {"model": V20, "amount": 46, "currency": "CNY", "valid_from": date(2026, 10, 1)}
        Price.objects.create(credential=row, **price)
        credentials.append(row)
    return World([project, other], [member, manager], credentials)


@dataclass(frozen=True)
class Press:
    """One press of the button: who asks for how many takes, where, with which credential."""

    project: Project
    person: User
    credential: Credential
    takes: int
    token: ApiToken | None = None

    def place(self) -> None:
        request = generation(f"doubao-{V20}", resolution="720p", ratio="16:9", duration=5)
        place_batch(
            [request] * self.takes,
            key=uuid.uuid4(),
            project=self.project,
            credential=self.credential,
            created_by=self.person,
            now=NOW,
            token=self.token,
        )

    def fits(self) -> bool:
        """Whether every budget that counts it has room for it now."""
        budgets = Budget.objects.applying_to(self.project, self.credential, self.person)
        statuses = BudgetStatus.of_all(budgets, day_of(NOW))
        if self.token and self.takes * ONE > left_of(self.token):
            return False
        return all(self.takes * ONE * rate(each) <= each.left for each in statuses)


def rate(status: BudgetStatus) -> int:
    return UNITS[status.budget.unit]


def left_of(token: ApiToken) -> int:
    return (token.most or 0) - used_by([token], day_of(NOW))[token.pk].together


def set_budgets(world: World, chance: Random) -> None:
    """A budget or two for each that can have one, of any period and unit, for a few takes."""
    for subject in world.subjects():
        for span in chance.sample(list(Period), k=chance.choice([1, 1, 2])):
            unit, takes = chance.choice(list(UNITS)), chance.randint(3, 16)
            most = takes * ONE * UNITS[unit]
            limit = most if unit == "tokens" else f"{most / 1_000_000:.2f}"
            Budget.objects.create(**subject, period=span, unit=unit, limit=limit)


def at_once(*acts: Callable[[], None]) -> dict[int, PlacementRefusedError]:
    """Run all at once, each over a connection of its own; return the refusals by place."""
    refusals: dict[int, PlacementRefusedError] = {}
    failures: list[Exception] = []
    start = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], None]) -> None:
        start.wait()
        try:
            act()
        except PlacementRefusedError as error:
            refusals[number] = error
        except Exception as error:  # a deadlock, above all
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return refusals


def assert_within_all_budgets() -> None:
    statuses = BudgetStatus.of_all(Budget.objects.all(), day_of(NOW))
    assert statuses
    assert [each for each in statuses if each.used.together > each.limit] == []
    assert wrong_sums() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_no_budget_is_exceeded_and_whoever_is_refused_would_not_have_fitted(
    world: World, seed: int
) -> None:
    chance = Random(seed)
    set_budgets(world, chance)
    assert {each.scope for each in Budget.objects.all()} == set(Scope)
    tokens: dict[User, list[ApiToken | None]] = {
        person: [None, token_of(person, day_limit=Decimal(chance.randint(1, 6) * ONE))[0]]
        for person in world.people
    }
    presses = []
    for _ in range(PRESSES):
        person, project = chance.choice(world.people), chance.choice(world.projects)
        account, takes = chance.choice(world.credentials), chance.randint(1, 3)
        presses.append(Press(project, person, account, takes, chance.choice(tokens[person])))
    refusals = at_once(*(press.place for press in presses))
    assert {type(error) for error in refusals.values()} <= {BudgetExceededError, TokenLimitError}
    assert refusals and all(left_of(each) >= 0 for _, each in tokens.values() if each)
    placed = [press for number, press in enumerate(presses) if number not in refusals]
    assert placed and Task.objects.count() == sum(press.takes for press in placed)
    assert_within_all_budgets()
    assert not any(presses[number].fits() for number in refusals)


@pytest.mark.django_db(transaction=True)
def test_one_take_is_left_of_each_kind_and_exactly_one_of_twenty_gets_it(world: World) -> None:
    for subject in world.subjects():
        Budget.objects.create(**subject, limit=ONE)
    press = Press(world.projects[0], world.people[0], world.credentials[0], 1)
    assert len(at_once(*[press.place] * 20)) == 19
    assert Task.objects.count() == 1
    assert_within_all_budgets()


@pytest.mark.django_db(transaction=True)
def test_answers_and_second_sendings_go_on_between_the_presses_without_a_deadlock(
    world: World,
) -> None:
    """Settling takes the change counter's lock first, the gate takes it last."""
    for subject in world.subjects():
        Budget.objects.create(**subject, limit=40 * ONE)
    presses = [Press(*each, 1) for each in product(world.projects, world.people, world.credentials)]
    for press in presses:
        press.place()
    rows = list(Submission.objects.select_related("task__project", "task__credential"))
    settled, lost = rows[:4], rows[4:]
    Submission.objects.filter(pk__in=[row.pk for row in lost]).update(
        state=SubmissionState.UNCONFIRMED
    )
    sent_again = [lambda row=row: send_again(row, world.people[0]) for row in lost]
    answers = [lambda row=row: settle(row.task) for row in settled]
    others = [presses[number].place for number in range(8)]
    assert not at_once(*sent_again, *answers, *others)
    assert Charge.objects.exclude(state="free").count() == 4 + 4 + 8
    assert_within_all_budgets()


def settle(task: Task) -> None:
    with transaction.atomic():
        ChangeCounter.objects.next()
        Task.objects.filter(pk=task.pk).update(status="succeeded", total_tokens=ONE - 1)
        ledger.settle([Task.objects.get(pk=task.pk)])


def send_again(row: Submission, person: User) -> None:
    task = row.task
    assert task.credential
    with transaction.atomic():
        gate.lock(task.project, task.credential, person)
        assert mark_not_created(row, NOW)
        Press(task.project, person, task.credential, 1).place()
