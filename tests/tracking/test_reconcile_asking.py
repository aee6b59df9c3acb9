"""Asking for a comparison: when, by whom, and at what cost to the sweep."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import Schedule

from tasks import jobs
from tasks.models import Credential, ListOutcome, Project, Reconciliation
from tasks.providers import provider
from tasks.tracking import refresh
from tests.tracking.comparing import LISTING, compare, lists, quick_lists, short_pages
from tests.tracking.conftest import Account, Clock, track
from tests.tracking.in_process import InProcess, Network

__all__ = ["compare", "quick_lists", "short_pages"]


def test_a_second_comparison_at_the_same_time_is_not_started(
    account: Account, clock: Clock
) -> None:
    credential = account()
    first = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    assert Reconciliation.objects.ask(credential, asked_by=None, now=clock.now) == first
    assert Reconciliation.objects.count() == 1


def test_daily_each_listing_credential_is_compared_once_and_a_failed_one_hourly(
    account: Account, clock: Clock
) -> None:
    lists, _gateway = account(), account("dataeyes")
    off = account(key="sim-off", active=False)
    ask = Reconciliation.objects.ask_daily
    assert [row.credential for row in ask(clock.now)] == [lists]
    assert ask(clock.now + timedelta(days=2)) == []  # it is still under way
    Reconciliation.objects.update(outcome=ListOutcome.FAILED)
    assert ask(clock.now + timedelta(minutes=59)) == []
    assert len(ask(clock.now + timedelta(minutes=61))) == 1
    Reconciliation.objects.update(outcome=ListOutcome.COMPARED)
    assert ask(clock.now + timedelta(hours=24)) == []
    assert len(ask(clock.now + timedelta(hours=26))) == 1
    assert not off.reconciliations.exists()


def test_the_schedule_asks_hourly(account: Account) -> None:
    credential = account()
    jobs.reconcile()
    assert credential.reconciliations.get().asked_by is None
    schedule = Schedule.objects.get(name="reconcile")
    assert (schedule.func, schedule.schedule_type, schedule.minutes) == (
        "tasks.jobs.reconcile",
        "I",
        60,
    )


def test_the_person_who_asked_is_recorded(account: Account, staff: User, clock: Clock) -> None:
    row = Reconciliation.objects.ask(account(), asked_by=staff, now=clock.now)
    assert Reconciliation.objects.newest_of([row.credential]) == {row.credential_id: row}
    assert row.asked_by == staff


def test_a_sweep_without_any_comparison_costs_one_more_query(account: Account) -> None:
    account()
    with CaptureQueriesContext(connection) as asked:
        refresh.sweep(0)
    about = [query["sql"] for query in asked if "reconciliation" in query["sql"]]
    assert len(about) == 2  # at its begin and, as the looks are not 2 s apart here, at its end


def test_pages_and_the_sweeps_own_lists_share_one_list_a_second(
    credential: Credential, project: Project, network: Network
) -> None:
    clock = network.time.clock
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1)
    with InProcess(network, limits=True, clock=network.time.unix) as sim:
        credential.provider, credential.check_seconds = "volcengine", 0.05
        credential.base_url = sim.base_url("volcengine")
        credential.replace_key("sim-test")
        credential.save()
        for number in range(5):
            made = sim.create("sim:stuck", ago=60 * number)
            track(made, credential=credential, project=project, now=clock())
        for _ in range(3):
            sim.create("sim:stuck")
        Reconciliation.objects.ask(credential, asked_by=None, now=clock())
        for seconds in (3.2, 0.3, 3.2):
            refresh.sweep(seconds, clock=clock)
        assert {seen.status for seen in sim.requests_seen} == {200}
        by_page = len(lists(sim))
        assert by_page >= 2
        assert sim.counts.operations["list"] - by_page >= 2
