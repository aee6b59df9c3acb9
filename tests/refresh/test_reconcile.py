"""Comparing a provider's list with ours: over real HTTP, page by page, beside the sweep."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from tasks import jobs, refresh
from tasks.models import (
    Credential,
    Difference,
    Found,
    Outcome,
    Project,
    Reconciliation,
    Stage,
    Task,
)
from tasks.providers import Trouble, provider
from tasks.reconcile import walk, walks
from tasks.simulator.server import Simulator
from tests.refresh.conftest import Account, Clock, Follow, Look, track

Compare = Callable[..., Reconciliation]
LISTING = ("volcengine", "byteplus")


@pytest.fixture(autouse=True)
def quick_lists() -> Iterator[None]:
    """A list a millisecond; the real pace has a test of its own."""
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1000)
    yield
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 3)
    monkeypatch.setattr(walks, "LOOK_SECONDS", 0.0)


@pytest.fixture
def compare(clock: Clock) -> Compare:
    """compare(credential): ask for a comparison and sweep until it has ended."""

    def compare(credential: Credential) -> Reconciliation:
        row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
        return swept(row, clock)

    return compare


def swept(row: Reconciliation, clock: Clock) -> Reconciliation:
    for _ in range(100):
        row.refresh_from_db()
        if not row.is_open:
            return row
        refresh.sweep(0.1, clock=clock)
    raise AssertionError(f"still {row.outcome} at {row.stage} {row.place}")


def lists(sim: Simulator) -> list[str]:
    """The lists that were asked for by page, in order."""
    seen = [each.path for each in sim.requests_seen if "page_num" in each.path]
    return [path.partition("?")[2] for path in seen if "task_ids" not in path]


def test_what_only_the_provider_has_is_found_on_three_pages_and_in_both_tiers(
    sim: Simulator, account: Account, compare: Compare, follow: Follow, clock: Clock
) -> None:
    credential = account()
    ours = [follow(credential).remote_id for _ in range(2)]
    made = {sim.create("sim:stuck", ago=60 * n) for n in range(6)}
    flex = sim.create("sim:stuck", model="doubao-seedance-1-0-pro-250528", service_tier="flex")
    row = compare(credential)
    assert (row.outcome, row.listed, row.missing_here) == (Outcome.COMPARED, 9, 7)
    assert set(Found.objects.values_list("remote_id", flat=True)) == {*made, flex}
    assert Found.objects.get(remote_id=flex).service_tier == "flex"
    assert not Found.objects.filter(remote_id__in=ours).exists()
    assert lists(sim) == [
        "page_num=1&page_size=3",
        "page_num=2&page_size=3",
        "page_num=3&page_size=3",
        "page_num=1&page_size=3&filter.service_tier=flex",
    ]


def test_an_empty_account_is_told_from_a_failed_list_and_from_none(
    sim: Simulator, account: Account, compare: Compare
) -> None:
    empty, broken, gateway = account(), account(key="sim-broken"), account("dataeyes")
    sim.fault("sim-broken", "500;on=list")
    outcomes = [compare(each).outcome for each in (empty, broken, gateway)]
    assert outcomes == [Outcome.EMPTY, Outcome.FAILED, Outcome.CANNOT]
    assert not Found.objects.exists()


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
    assert (row.outcome, row.trouble) == (Outcome.FAILED, trouble)
    assert row.message
    assert row.missing_there == 0 and not row.differences.exists()
    task.refresh_from_db()
    assert task.check_after is None


def test_a_wish_to_wait_holds_the_whole_credential(
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
    while not Found.objects.exists():
        refresh.sweep(0, clock=clock)
    sim.fault("sim-test", "500;on=list")
    row = swept(row, clock)
    assert (row.outcome, row.missing_here, row.missing_there) == (Outcome.FAILED, 3, 0)
    assert Found.objects.count() == 3
    assert not Difference.objects.exists()
    sim.fault("sim-test", "")
    again = compare(credential)
    assert (again.outcome, again.missing_here, again.missing_there) == (Outcome.COMPARED, 5, 1)
    assert again.differences.get().task == missing


def gone_there(credential: Credential, clock: Clock, **fields: object) -> Task:
    """A task of ours that the provider knows nothing of."""
    project = Project.objects.get_or_create(name="Dailies")[0]
    task = track(
        "cgt-20261120000000-gone1",
        credential=credential,
        project=project,
        now=clock.now - timedelta(hours=2),
    )
    usual = {"status": "succeeded", "check_after": None}
    Task.objects.filter(pk=task.pk).update(**usual | fields)
    return task


def test_ours_that_the_list_lacks_are_asked_for_again_and_not_lost_by_it(
    account: Account, compare: Compare, clock: Clock, project: Project
) -> None:
    credential = account()
    task = gone_there(credential, clock)
    row = compare(credential)
    assert (row.outcome, row.missing_there) == (Outcome.EMPTY, 1)
    assert row.differences.get().kind == Difference.Kind.MISSING
    while Task.objects.filter(trouble="").exists():
        refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert (task.status, task.trouble) == ("succeeded", Trouble.NOT_FOUND)


def test_what_ended_otherwise_or_is_old_or_elsewhere_is_not_expected_there(
    account: Account, compare: Compare, clock: Clock, project: Project
) -> None:
    credential = account()
    task = gone_there(credential, clock)
    for unexpected in (
        {"status": "cancelled"},
        {"status": "failed"},
        {"status": "lost"},
        {"status": "submitting"},
        {"deleted_at": clock.now},
        {"base_url": "https://elsewhere.example"},
        {"remote_created_at": clock.now - timedelta(days=7)},
        {"created_at": clock.now - timedelta(days=8)},
        {"credential": account("byteplus")},
    ):
        usual = {
            "status": "running",
            "deleted_at": None,
            "base_url": credential.base_url,
            "remote_created_at": None,
            "created_at": clock.now - timedelta(hours=2),
            "credential": credential,
            "check_after": clock.now + timedelta(days=1),
        }
        Task.objects.filter(pk=task.pk).update(**usual | unexpected)
        assert compare(credential).missing_there == 0, unexpected
    Task.objects.filter(pk=task.pk).update(**usual)
    assert compare(credential).missing_there == 1


def test_a_record_that_vanishes_between_two_pages_makes_no_other_one_missing(
    sim: Simulator, account: Account, follow: Follow, compare: Compare, clock: Clock
) -> None:
    """All behind it move up by one, the first of the next page onto the one already asked."""
    credential = account()
    newest = sim.create("sim:stuck")
    tasks = [follow(credential, "sim:stuck", ago=60 * n) for n in range(1, 6)]
    clock.go_on(1)
    Task.objects.update(status="queued", check_after=clock.now + timedelta(days=1))
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not Found.objects.exists():
        refresh.sweep(0, clock=clock)
    [record] = [each for each in sim.tasks if each.id == newest]
    sim.world.tasks.change(record, deleted_at=clock.unix())
    row = swept(row, clock)
    assert (row.outcome, row.missing_there) == (Outcome.COMPARED, 0)
    assert len(tasks) == Task.objects.count()
    assert any("page_size=1&filter.task_ids=" in each.path for each in sim.requests_seen)


def test_tasks_made_between_two_pages_move_others_but_make_none_missing(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account()
    stranger = sim.create("sim:stuck")
    for number in range(1, 6):
        follow(credential, "sim:stuck", ago=60 * number)
    clock.go_on(1)
    Task.objects.update(status="queued", check_after=clock.now + timedelta(days=1))
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not Found.objects.exists():
        refresh.sweep(0, clock=clock)
    for _ in range(2):
        sim.create("sim:stuck")
    row = swept(row, clock)
    assert (row.outcome, row.missing_there) == (Outcome.COMPARED, 0)
    assert Found.objects.filter(remote_id=stranger).count() == 1


def test_a_status_that_no_look_would_bring_soon_is_shown_and_asked_for(
    sim: Simulator, account: Account, follow: Follow, look: Look, compare: Compare, clock: Clock
) -> None:
    credential = account()
    task = follow(credential, "sim:stuck")
    Task.objects.update(status="lost", check_after=None)
    row = compare(credential)
    assert row.differing == 1
    told = row.differences.get()
    assert (told.kind, told.status_there) == (Difference.Kind.DIFFERS, "queued")
    assert look(task).status == "queued"
    assert compare(credential).differing == 0


def test_what_another_credential_of_the_account_follows_is_not_unknown(
    sim: Simulator, account: Account, follow: Follow, compare: Compare
) -> None:
    first = account()
    follow(first, "sim:stuck")
    second = Credential(name="The same account", provider="volcengine", base_url=first.base_url)
    second.replace_key("sim-test")
    second.save()
    row = compare(second)
    assert (row.outcome, row.missing_here) == (Outcome.COMPARED, 0)


def test_what_was_found_goes_when_it_is_followed_or_no_longer_listed(
    sim: Simulator, account: Account, compare: Compare, clock: Clock, project: Project
) -> None:
    credential = account()
    taken, old = sim.create("sim:stuck"), sim.create("sim:stuck", ago=6.9 * 86400)
    assert compare(credential).missing_here == 2
    track(taken, credential=credential, project=project, now=clock.now)
    assert [each.remote_id for each in Found.objects.unknown(clock.now)] == [old]
    clock.go_on(0.2 * 86400)
    assert not Found.objects.unknown(clock.now).exists()
    assert compare(credential).missing_here == 0
    assert not Found.objects.exists()


def test_a_cancelled_one_is_only_offered_for_a_day(
    sim: Simulator, account: Account, compare: Compare, clock: Clock
) -> None:
    credential = account()
    made = sim.create("sim:stuck")
    [record] = sim.tasks
    sim.world.tasks.change(record, cancelled_at=clock.unix())
    compare(credential)
    found = Found.objects.get(remote_id=made)
    assert found.ends_at == clock.now + timedelta(hours=24)
    assert not Found.objects.unknown(clock.now + timedelta(hours=24)).exists()


def test_a_second_one_at_a_time_is_not_started(account: Account, clock: Clock) -> None:
    credential = account()
    first = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    assert Reconciliation.objects.ask(credential, asked_by=None, now=clock.now) == first
    assert Reconciliation.objects.count() == 1


def test_a_new_sweep_goes_on_from_the_page_that_was_reached(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    for number in range(7):
        sim.create("sim:stuck", ago=60 * number)
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not Found.objects.exists():
        refresh.sweep(0, clock=clock)
    row.refresh_from_db()
    assert (row.outcome, row.stage, row.place > 1) == (Outcome.RUNNING, Stage.DEFAULT, True)
    asked = lists(sim)
    row = swept(row, clock)
    assert row.missing_here == 7
    assert lists(sim)[len(asked)] != "page_num=1&page_size=3"


def test_a_list_that_never_ends_is_given_up(
    sim: Simulator, account: Account, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MOST_PAGES", 2)
    for number in range(10):
        sim.create("sim:stuck", ago=60 * number)
    row = compare(account())
    assert row.outcome == Outcome.FAILED
    assert "more than 2 pages" in row.message


def test_a_credential_that_moves_to_another_address_is_compared_from_the_start(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    for number in range(5):
        sim.create("sim:stuck", ago=60 * number)
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    while not Found.objects.exists():
        refresh.sweep(0, clock=clock)
    credential.provider, credential.base_url = "byteplus", sim.base_url("byteplus")
    credential.save()
    row = swept(row, clock)
    assert (row.outcome, row.base_url) == (Outcome.EMPTY, sim.base_url("byteplus"))


def test_a_credential_that_becomes_one_without_a_list_says_so(
    sim: Simulator, account: Account, clock: Clock
) -> None:
    credential = account()
    row = Reconciliation.objects.ask(credential, asked_by=None, now=clock.now)
    credential.provider, credential.base_url = "native", sim.base_url("native")
    credential.save()
    assert swept(row, clock).outcome == Outcome.CANNOT


def test_an_unreadable_key_is_said(account: Account, compare: Compare) -> None:
    credential = account()
    Credential.objects.update(sealed_key="nonsense")
    row = compare(credential)
    assert (row.outcome, row.trouble) == (Outcome.FAILED, Trouble.UNAUTHORIZED)


def test_whatever_a_list_does_to_us_the_tasks_go_on(
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
        broken.setattr(Found, "RENEWED", ("no such field",))
        row = compare(credential)
    assert (row.outcome, row.trouble) == (Outcome.FAILED, Trouble.MALFORMED)
    assert look(task).status == "queued"


def test_daily_each_listing_credential_is_compared_once_and_a_failed_one_hourly(
    account: Account, clock: Clock
) -> None:
    lists, _gateway = account(), account("dataeyes")
    off = account(key="sim-off", active=False)
    ask = Reconciliation.objects.ask_daily
    assert [row.credential for row in ask(clock.now)] == [lists]
    assert ask(clock.now + timedelta(days=2)) == []  # it is still under way
    Reconciliation.objects.update(outcome=Outcome.FAILED)
    assert ask(clock.now + timedelta(minutes=59)) == []
    assert len(ask(clock.now + timedelta(minutes=61))) == 1
    Reconciliation.objects.update(outcome=Outcome.COMPARED)
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


def test_who_asked_is_kept(account: Account, staff: User, clock: Clock) -> None:
    row = Reconciliation.objects.ask(account(), asked_by=staff, now=clock.now)
    assert Reconciliation.objects.newest_of([row.credential]) == {row.credential_id: row}
    assert row.asked_by == staff


def test_a_sweep_without_any_comparison_asks_one_question_more(account: Account) -> None:
    account()
    with CaptureQueriesContext(connection) as asked:
        refresh.sweep(0)
    about = [query["sql"] for query in asked if "reconciliation" in query["sql"]]
    assert len(about) == 2  # at its begin and, as the looks are not 2 s apart here, at its end


def test_pages_and_the_sweeps_own_lists_share_one_list_a_second(
    credential: Credential, project: Project
) -> None:
    for slug in LISTING:
        object.__setattr__(provider(slug), "lists_per_second", 1)
    with Simulator(limits=True) as sim:
        credential.provider, credential.check_seconds = "volcengine", 0.05
        credential.base_url = sim.base_url("volcengine")
        credential.replace_key("sim-test")
        credential.save()
        for number in range(5):
            made = sim.create("sim:stuck", ago=60 * number)
            track(made, credential=credential, project=project, now=timezone.now())
        for _ in range(3):
            sim.create("sim:stuck")
        Reconciliation.objects.ask(credential, asked_by=None, now=timezone.now())
        for seconds in (3.2, 0.3, 3.2):
            refresh.sweep(seconds)
        assert {seen.status for seen in sim.requests_seen} == {200}
        by_page = len(lists(sim))
        assert by_page >= 2
        assert sim.counts.operations["list"] - by_page >= 2
