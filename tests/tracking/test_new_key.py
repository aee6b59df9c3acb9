"""Replacing a key while tasks are in flight: nothing is lost, and the old key is gone."""

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Credential, Task
from tasks.providers import Trouble
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.tracking.refresh import _Sweep
from tests.tracking.conftest import Account, Clock, Follow

OLD, NEW = "sim-old-0123456789", "sim-new-0123456789"


@pytest.fixture
def office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def give(sim: Simulator, key: str) -> None:
    """The account's tasks, whichever of its keys asks."""
    for task in sim.world.tasks:
        sim.world.tasks.change(task, key=key)  # type: ignore[arg-type]


def by_key(sim: Simulator) -> dict[str, Counter[str]]:
    return {key: Counter(counts) for key, counts in sim.counts.by_key.items()}


def test_a_running_task_is_asked_about_with_the_new_key_and_ends_as_it_would_have(
    sim: Simulator, account: Account, follow: Follow, clock: Clock, office: Client
) -> None:
    credential = account("dataeyes", OLD, requests_per_second=1_000)
    tasks = [follow(credential, "sim:ok sim:queue=10 sim:run=600") for _ in range(5)]
    clock.go_on(60)
    refresh.sweep(0, clock=clock)
    assert Task.objects.filter(status="running").count() == 5
    before = by_key(sim)[OLD]["get"]
    office.post(f"/credentials/{credential.pk}/key/", {"new-key": NEW})
    give(sim, NEW)
    clock.go_on(3600)
    refresh.sweep(0, clock=clock)
    assert Task.objects.filter(status="succeeded").count() == len(tasks)
    assert by_key(sim)[OLD]["get"] == before and by_key(sim)[NEW]["get"] == 5
    credential.refresh_from_db()
    assert credential.reveal_key() == NEW


def test_a_sweep_that_runs_meanwhile_goes_on_with_the_new_key(
    sim: Simulator,
    account: Account,
    follow: Follow,
    clock: Clock,
    office: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The key is replaced between two turns of one sweep, as it happens to a worker."""
    credential = account("dataeyes", OLD, requests_per_second=1_000)
    task = follow(credential, "sim:stuck")
    clock.go_on(60)
    turns: list[int] = []
    claim = _Sweep._claim

    def between_turns(sweep: _Sweep) -> None:
        turns.append(1)
        if len(turns) == 2:
            office.post(f"/credentials/{credential.pk}/key/", {"new-key": NEW})
            give(sim, NEW)
        Task.objects.update(check_after=clock.now)
        claim(sweep)

    monkeypatch.setattr(_Sweep, "_claim", between_turns)
    refresh.sweep(0.6, clock=clock)
    task.refresh_from_db()
    assert len(turns) >= 2
    assert by_key(sim)[OLD]["get"] == 1 and by_key(sim)[NEW]["get"] >= 1
    assert (task.status, task.trouble) == ("running", "")


def test_tasks_that_waited_for_a_better_key_are_asked_about_at_once(
    sim: Simulator, account: Account, follow: Follow, clock: Clock, office: Client
) -> None:
    credential = account("dataeyes", OLD, requests_per_second=1_000)
    task = follow(credential, "sim:stuck")
    refused = Credential.objects.get()
    refused.replace_key("refused-0123456789")
    refused.save()
    clock.go_on(60)
    refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert task.trouble == Trouble.UNAUTHORIZED
    Task.objects.update(check_after=task.created_at.replace(year=2099))
    office.post(f"/credentials/{credential.pk}/key/", {"new-key": NEW})
    give(sim, NEW)
    Task.objects.filter(check_after__year__lt=2099).update(check_after=clock.now)
    refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert (task.status, task.trouble) == ("running", "")


def settings_of(credential: Credential, **fields: Any) -> dict[str, Any]:
    kept = {name: getattr(credential, name) for name in ("provider", "name", "base_url")}
    return kept | fields


def test_a_task_that_has_been_answered_keeps_its_address_and_no_key_is_sent_elsewhere(
    sim: Simulator, account: Account, follow: Follow, clock: Clock, office: Client
) -> None:
    credential = account("dataeyes", OLD, requests_per_second=1_000)
    task = follow(credential, "sim:stuck")
    clock.go_on(60)
    refresh.sweep(0, clock=clock)
    elsewhere = sim.base_url("dataeyes").replace("127.0.0.1", "localhost")
    sent = settings_of(credential, base_url=elsewhere, key=NEW)
    office.post(f"/credentials/{credential.pk}/", sent)
    credential.refresh_from_db()
    assert (credential.base_url, credential.reveal_key()) == (elsewhere, NEW)
    before = by_key(sim)
    clock.go_on(600)
    Task.objects.update(check_after=clock.now)
    refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert task.base_url == sim.base_url("dataeyes")
    assert (task.status, task.trouble) == ("running", Trouble.WRONG_HOST)
    assert by_key(sim) == before
