"""A comparison that fails or is interrupted: it says why, and calls no task missing."""

from datetime import timedelta

import pytest

from tasks.models import (
    Credential,
    Difference,
    ListOutcome,
    Reconciliation,
    Stage,
    Task,
    UntrackedTask,
)
from tasks.providers import Trouble
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tasks.tracking.reconcile import comparison
from tests.tracking.comparing import (
    Compare,
    compare,
    gone_there,
    lists,
    quick_lists,
    short_pages,
    swept,
)
from tests.tracking.conftest import Account, Clock, Follow, Look

__all__ = ["compare", "quick_lists", "short_pages"]


def test_an_empty_account_is_distinguished_from_a_failed_list_and_from_no_list(
    sim: Simulator, account: Account, compare: Compare
) -> None:
    empty, broken, gateway = account(), account(key="sim-broken"), account("dataeyes")
    sim.fault("sim-broken", "500;on=list")
    outcomes = [compare(each).outcome for each in (empty, broken, gateway)]
    assert outcomes == [ListOutcome.EMPTY, ListOutcome.FAILED, ListOutcome.CANNOT]
    assert not UntrackedTask.objects.exists()


@pytest.mark.parametrize(
    ("key", "fault", "trouble"),
    [
        ("sim-test", "500;on=list", Trouble.SERVER),
        ("sim-test", "html;on=list", Trouble.BAD_ADDRESS),
        ("sim-test", "empty;on=list", Trouble.EMPTY),
        ("sim-test", "truncated;on=list", Trouble.NOT_JSON),
        ("sim-test", "429;retry-after=30;on=list", Trouble.RATE_LIMITED),
        ("not-a-key-of-the-simulator", "", Trouble.UNAUTHORIZED),
    ],
)
def test_a_failed_list_says_why_and_calls_nothing_missing(
    key: str,
    fault: str,
    trouble: Trouble,
    sim: Simulator,
    account: Account,
    follow: Follow,
    compare: Compare,
) -> None:
    credential = account(key=key)
    task = follow(credential, "sim:stuck")
    Task.objects.update(check_after=None)
    sim.fault(key, fault)
    row = compare(credential)
    assert (row.outcome, row.trouble) == (ListOutcome.FAILED, trouble)
    assert row.message
    assert row.missing_there == 0 and not row.differences.exists()
    task.refresh_from_db()
    assert task.check_after is None


def test_a_retry_after_pauses_the_whole_credential(
    sim: Simulator, account: Account, compare: Compare, clock: Clock
) -> None:
    credential = account()
    sim.fault("sim-test", "429;retry-after=30;on=list")
    compare(credential)
    credential.refresh_from_db()
    assert credential.paused_until == clock.now + timedelta(seconds=30)


def test_a_list_that_breaks_off_keeps_what_it_had_and_the_next_one_goes_through(
    sim: Simulator, account: Account, compare: Compare, clock: Clock
) -> None:
    credential = account()
    missing = gone_there(credential, clock)
    for number in range(5):
        sim.create("sim:stuck", ago=60 * number)
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not UntrackedTask.objects.exists():
        refresh.sweep(0, clock=clock)
    sim.fault("sim-test", "500;on=list")
    row = swept(row, clock)
    assert (row.outcome, row.missing_here, row.missing_there) == (ListOutcome.FAILED, 3, 0)
    assert UntrackedTask.objects.count() == 3
    assert not Difference.objects.exists()
    sim.fault("sim-test", "")
    again = compare(credential)
    assert (again.outcome, again.missing_here, again.missing_there) == (ListOutcome.COMPARED, 5, 1)
    assert again.differences.get().task == missing


def test_a_new_sweep_goes_on_from_the_page_that_was_reached(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    for number in range(7):
        sim.create("sim:stuck", ago=60 * number)
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not UntrackedTask.objects.exists():
        refresh.sweep(0, clock=clock)
    row.refresh_from_db()
    assert (row.outcome, row.stage, row.place > 1) == (ListOutcome.RUNNING, Stage.DEFAULT, True)
    asked = lists(sim)
    row = swept(row, clock)
    assert row.missing_here == 7
    assert lists(sim)[len(asked)] != "page_num=1&page_size=3"


def test_a_list_that_never_ends_is_given_up(
    sim: Simulator, account: Account, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "MOST_PAGES", 2)
    for number in range(10):
        sim.create("sim:stuck", ago=60 * number)
    row = compare(account())
    assert row.outcome == ListOutcome.FAILED
    assert "more than 2 pages" in row.message


def test_a_credential_that_moves_to_another_address_is_compared_from_the_start(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    for number in range(5):
        sim.create("sim:stuck", ago=60 * number)
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not UntrackedTask.objects.exists():
        refresh.sweep(0, clock=clock)
    credential.provider, credential.base_url = "byteplus", sim.base_url("byteplus")
    credential.save()
    row = swept(row, clock)
    assert (row.outcome, row.base_url) == (ListOutcome.EMPTY, sim.base_url("byteplus"))


def test_a_credential_that_becomes_one_without_a_list_says_so(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    credential.provider, credential.base_url = "native", sim.base_url("native")
    credential.save()
    assert swept(row, clock).outcome == ListOutcome.CANNOT


def test_an_unreadable_key_is_the_reason_of_the_failure(account: Account, compare: Compare) -> None:
    credential = account()
    Credential.objects.update(sealed_key="nonsense")
    row = compare(credential)
    assert (row.outcome, row.trouble) == (ListOutcome.FAILED, Trouble.UNAUTHORIZED)


def test_an_odd_list_does_not_stop_the_sweep(
    sim: Simulator,
    account: Account,
    follow: Follow,
    look: Look,
    compare: Compare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credential = account()
    task = follow(credential, "sim:stuck")
    sim.create("sim:stuck")
    with monkeypatch.context() as broken:
        broken.setattr(UntrackedTask, "RENEWED", ("no such field",))
        row = compare(credential)
    assert (row.outcome, row.trouble) == (ListOutcome.FAILED, Trouble.MALFORMED)
    assert look(task).status == "queued"
