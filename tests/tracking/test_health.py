"""Counts of how providers answered, minute by minute."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Credential, HealthMinute, Task, latency
from tasks.models.health import AnswerTally, HealthNotes
from tasks.providers import Trouble
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh import note_health
from tests.tracking.conftest import Account, Clock, Follow


def sweep_all(clock: Clock) -> None:
    Task.objects.exclude(check_after=None).update(check_after=clock.now)
    Credential.objects.update(paused_until=None)
    refresh.sweep(0, clock=clock)


def heard(answers: int = 0, **troubles: int) -> AnswerTally:
    found = AnswerTally()
    for _ in range(answers):
        found.record_answer(0.1)
    found.troubles.update(troubles)
    return found


def test_answers_and_troubles_are_counted_by_the_minute(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("dataeyes", requests_per_second=1_000)
    for _ in range(4):
        follow(credential, "sim:stuck")
    sweep_all(clock)
    first = HealthMinute.objects.get()
    assert (first.credential, first.minute) == (credential, clock.now)
    assert (first.answers, first.troubles) == (4, {})
    assert sum(first.latencies.values()) == 4
    assert latency.percentile(first.latencies, 0.5)
    clock.go_on(60)
    sim.fault("sim-test", "500")
    sweep_all(clock)
    second = HealthMinute.objects.exclude(pk=first.pk).get()
    assert (second.answers, second.latencies) == (0, {})
    assert second.troubles == {Trouble.SERVER: 4}


def test_later_answers_of_a_minute_are_added_to_it(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    follow(account("dataeyes"), "sim:stuck")
    for fault in ("", "429", "429", "500", ""):
        sim.fault("sim-test", fault)
        sweep_all(clock)
        clock.go_on(10)
    minute = HealthMinute.objects.get()
    assert minute.answers == sum(minute.latencies.values()) == 2
    assert minute.troubles == {Trouble.RATE_LIMITED: 2, Trouble.SERVER: 1}


def test_a_list_of_many_tasks_is_one_answer(account: Account, follow: Follow, clock: Clock) -> None:
    credential = account("volcengine")
    for _ in range(30):
        follow(credential, "sim:stuck")
    sweep_all(clock)
    assert HealthMinute.objects.get().answers == 1


def test_no_such_task_is_a_proper_answer(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    task = follow(account("dataeyes"))
    Task.objects.filter(pk=task.pk).update(remote_id="cgt-20260101000000-zzzzz")
    sweep_all(clock)
    minute = HealthMinute.objects.get()
    assert (minute.answers, minute.troubles) == (1, {})


def test_a_request_that_was_never_sent_is_not_counted(
    account: Account, follow: Follow, clock: Clock
) -> None:
    task = follow(account("dataeyes"))
    Task.objects.filter(pk=task.pk).update(base_url="https://elsewhere.example")
    sweep_all(clock)
    task.refresh_from_db()
    assert task.trouble == Trouble.WRONG_HOST
    assert not HealthMinute.objects.exists()


def test_counting_costs_one_statement_however_many_credentials(
    account: Account, follow: Follow, clock: Clock
) -> None:
    clock.go_on(60)  # old minutes are forgotten with the hour
    for preset in ("dataeyes", "tokenhot", "volcengine"):
        credential = account(preset, f"sim-{preset}")
        for _ in range(5):
            follow(credential, "sim:stuck")
    with CaptureQueriesContext(connection) as queries:
        refresh.sweep(0, clock=clock)
    assert HealthMinute.objects.count() == 3
    assert sum("tasks_healthminute" in query["sql"] for query in queries) == 1


def test_a_kill_loses_only_what_was_not_written_yet(
    account: Account, follow: Follow, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between two turns: what the first turns wrote stays."""
    follow(account("dataeyes"), "sim:stuck")
    turns: list[int] = []
    claim = refresh._Sweep._claim

    def dies_in_the_third(self: refresh._Sweep) -> None:
        turns.append(1)
        if len(turns) == 3:
            raise SystemExit
        Task.objects.update(check_after=clock.now)
        claim(self)

    monkeypatch.setattr(refresh._Sweep, "_claim", dies_in_the_third)
    monkeypatch.setattr(refresh, "HEALTH_SECONDS", 0.0)
    with pytest.raises(SystemExit):
        refresh.sweep(60, clock=clock)
    assert HealthMinute.objects.get().answers == 2


def test_minutes_older_than_two_days_are_removed_each_hour(account: Account, clock: Clock) -> None:
    credential = account("dataeyes")
    for hours in (1, 47, 49):
        at = clock.now - timedelta(hours=hours)
        HealthMinute.objects.create(credential=credential, minute=at)
    refresh.sweep(0, clock=clock)
    assert HealthMinute.objects.count() == 2


def test_a_credential_that_was_deleted_meanwhile_is_no_trouble(
    account: Account, clock: Clock
) -> None:
    gone, there = account("dataeyes", "sim-gone"), account("tokenhot", "sim-there")
    notes = HealthNotes()
    for credential in (gone, there):
        notes.take(credential, heard(1), clock.now)
    Credential.objects.filter(pk=gone.pk).delete()
    notes.write()
    assert [minute.credential for minute in HealthMinute.objects.all()] == [there]


@pytest.mark.sockets
@pytest.mark.django_db(transaction=True)
def test_two_clusters_at_once_add_and_do_not_overwrite(
    credential: Credential, clock: Clock
) -> None:
    start = threading.Barrier(3)

    def cluster() -> None:
        start.wait()
        for _ in range(20):
            notes = HealthNotes()
            notes.take(credential, heard(2, rate_limited=1), clock.now)
            notes.take(credential, heard(1, server=3), clock.now + timedelta(minutes=1))
            notes.write()
        connection.close()

    clusters = [threading.Thread(target=cluster) for _ in range(3)]
    for each in clusters:
        each.start()
    for each in clusters:
        each.join()
    first, second = HealthMinute.objects.order_by("minute")
    assert (first.answers, first.troubles) == (120, {"rate_limited": 60})
    assert (second.answers, second.troubles) == (60, {"server": 180})
    assert first.latencies == {latency.bin_of(0.1): 120}


def test_the_trouble_of_an_old_key_is_not_written_to_the_new_one(
    account: Account, clock: Clock
) -> None:
    asked_with = account("dataeyes")
    now = Credential.objects.get()
    now.replace_key("sim-another-0123456789")
    now.save()
    refusal = refresh._cannot_ask(KeyError("refused"))
    note_health(asked_with, [PollResult(pk=1, error=refusal)], clock.now)
    now.refresh_from_db()
    assert (now.trouble, now.paused_until) == ("", None)
