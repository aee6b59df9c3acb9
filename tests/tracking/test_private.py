"""A gateway inside a private network is asked where the engineer says so, and nowhere else."""

import pytest
from pytest_django import Settings

from tasks.models import Task
from tasks.providers import Trouble
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.tracking.connection_test import examine
from tasks.web.messages.connection_test import diagnose
from tests.tracking.conftest import Account, Clock, Follow, Look


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_is_not_allowed_gets_no_request(
    settings: Settings, account: Account, follow: Follow, sim: Simulator, clock: Clock
) -> None:
    credential = account()
    task = follow(credential)
    for n in range(20):
        follow(credential, f"Boat {n}")
    settings.PRIVATE_HOSTS = ["gateway.lan"]
    before = len(sim.requests_seen)
    refresh.sweep(0.3, clock=clock)
    task.refresh_from_db()
    credential.refresh_from_db()
    assert len(sim.requests_seen) == before
    assert (task.trouble, task.status) == (Trouble.PRIVATE_ADDRESS, Status.UNKNOWN)
    assert credential.trouble == Trouble.PRIVATE_ADDRESS
    assert credential.paused_until and credential.paused_until > clock.now


@pytest.mark.django_db(transaction=True)
def test_a_gateway_is_asked_again_once_it_is_allowed(
    settings: Settings, account: Account, follow: Follow, look: Look, sim: Simulator
) -> None:
    settings.PRIVATE_HOSTS = []
    task = look(follow(account()))
    assert task.trouble == Trouble.PRIVATE_ADDRESS
    settings.PRIVATE_HOSTS = [sim.url.removeprefix("http://")]
    task = look(task, after=700)
    assert (task.trouble, task.status) == ("", Status.SUCCEEDED)


@pytest.mark.django_db
def test_the_test_of_a_connection_says_what_to_do(
    settings: Settings, account: Account, clock: Clock
) -> None:
    settings.PRIVATE_HOSTS = []
    diagnosis = diagnose(examine(account(), now=clock.now))
    assert not diagnosis.ok and "DAILIES_PRIVATE_HOSTS" in str(diagnosis)
    assert Task.objects.count() == 0
