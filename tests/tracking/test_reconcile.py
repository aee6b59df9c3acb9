"""Comparing a provider's list with ours: over real HTTP, what only one of them has."""

from datetime import timedelta

from tasks.models import (
    Credential,
    Difference,
    ListOutcome,
    Project,
    Reconciliation,
    Task,
    UntrackedTask,
)
from tasks.providers import Trouble
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.tracking.comparing import (
    Compare,
    compare,
    gone_there,
    lists,
    quick_lists,
    short_pages,
    swept,
)
from tests.tracking.conftest import Account, Clock, Follow, Look, track

__all__ = ["compare", "quick_lists", "short_pages"]


def test_tasks_that_only_the_provider_has_are_found_on_three_pages_and_in_both_tiers(
    sim: Simulator, account: Account, compare: Compare, follow: Follow, clock: Clock
) -> None:
    credential = account()
    ours = [follow(credential).remote_id for _ in range(2)]
    made = {sim.create("sim:stuck", ago=60 * n) for n in range(6)}
    flex = sim.create("sim:stuck", model="doubao-seedance-1-0-pro-250528", service_tier="flex")
    row = compare(credential)
    assert (row.outcome, row.listed, row.missing_here) == (ListOutcome.COMPARED, 9, 7)
    assert set(UntrackedTask.objects.values_list("remote_id", flat=True)) == {*made, flex}
    assert UntrackedTask.objects.get(remote_id=flex).service_tier == "flex"
    assert not UntrackedTask.objects.filter(remote_id__in=ours).exists()
    assert lists(sim) == [
        "page_num=1&page_size=3",
        "page_num=2&page_size=3",
        "page_num=3&page_size=3",
        "page_num=1&page_size=3&filter.service_tier=flex",
    ]


def test_a_task_missing_in_the_list_is_asked_about_again_and_not_lost(
    account: Account, compare: Compare, clock: Clock, project: Project
) -> None:
    credential = account()
    task = gone_there(credential, clock)
    row = compare(credential)
    assert (row.outcome, row.missing_there) == (ListOutcome.EMPTY, 1)
    assert row.differences.get().kind == Difference.Kind.MISSING
    while Task.objects.filter(trouble="").exists():
        refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert (task.status, task.trouble) == ("succeeded", Trouble.NOT_FOUND)


def test_failed_old_and_other_accounts_tasks_are_not_expected_in_the_list(
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
    while not UntrackedTask.objects.exists():
        refresh.sweep(0, clock=clock)
    [record] = [each for each in sim.tasks if each.id == newest]
    sim.world.tasks.change(record, deleted_at=clock.unix())
    row = swept(row, clock)
    assert (row.outcome, row.missing_there) == (ListOutcome.COMPARED, 0)
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
    while not UntrackedTask.objects.exists():
        refresh.sweep(0, clock=clock)
    for _ in range(2):
        sim.create("sim:stuck")
    row = swept(row, clock)
    assert (row.outcome, row.missing_there) == (ListOutcome.COMPARED, 0)
    assert UntrackedTask.objects.filter(remote_id=stranger).count() == 1


def test_a_status_that_no_check_would_find_soon_is_shown_and_asked_for(
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


def test_a_task_tracked_with_another_credential_of_the_account_is_not_untracked(
    sim: Simulator, account: Account, follow: Follow, compare: Compare
) -> None:
    first = account()
    follow(first, "sim:stuck")
    second = Credential(name="The same account", provider="volcengine", base_url=first.base_url)
    second.replace_key("sim-test")
    second.save()
    row = compare(second)
    assert (row.outcome, row.missing_here) == (ListOutcome.COMPARED, 0)


def test_an_untracked_task_goes_when_it_is_tracked_or_no_longer_listed(
    sim: Simulator, account: Account, compare: Compare, clock: Clock, project: Project
) -> None:
    credential = account()
    taken, old = sim.create("sim:stuck"), sim.create("sim:stuck", ago=6.9 * 86400)
    assert compare(credential).missing_here == 2
    track(taken, credential=credential, project=project, now=clock.now)
    assert [each.remote_id for each in UntrackedTask.objects.unknown(clock.now)] == [old]
    clock.go_on(0.2 * 86400)
    assert not UntrackedTask.objects.unknown(clock.now).exists()
    assert compare(credential).missing_here == 0
    assert not UntrackedTask.objects.exists()


def test_a_cancelled_untracked_task_is_only_offered_for_a_day(
    sim: Simulator, account: Account, compare: Compare, clock: Clock
) -> None:
    credential = account()
    made = sim.create("sim:stuck")
    [record] = sim.tasks
    sim.world.tasks.change(record, cancelled_at=clock.unix())
    compare(credential)
    found = UntrackedTask.objects.get(remote_id=made)
    assert found.ends_at == clock.now + timedelta(hours=24)
    assert not UntrackedTask.objects.unknown(clock.now + timedelta(hours=24)).exists()


def test_a_list_that_is_asked_for_by_post_has_no_tiers_and_names_no_tasks(
    sim: Simulator, account: Account, compare: Compare, follow: Follow, clock: Clock
) -> None:
    credential = account("wavespeed")
    ours = follow(credential, "sim:stuck")
    theirs = {sim.create("sim:stuck", preset="wavespeed", ago=60 * n) for n in range(1, 5)}
    gone = gone_there(credential, clock)
    row = compare(credential)
    assert (row.outcome, row.listed, row.missing_here) == (ListOutcome.COMPARED, 5, 4)
    assert set(UntrackedTask.objects.values_list("remote_id", flat=True)) == theirs
    assert row.differences.get(kind=Difference.Kind.MISSING).task == gone
    assert not row.differences.filter(task=ours).exists()
    asked = [seen.method for seen in sim.requests_seen if seen.path.endswith("/predictions")]
    assert asked == ["POST"] * 2


def test_many_tasks_of_a_list_without_ids_are_asked_about_one_by_one(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("wavespeed")
    for _ in range(6):
        follow(credential, "sim:stuck sim:queue=0", ago=60)
    refresh.sweep(2, clock=clock)
    assert Task.objects.filter(status="running").count() == 6
    assert (sim.counts.operations["list"], sim.counts.operations["get"]) == (0, 6)
