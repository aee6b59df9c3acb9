"""A create whose answer was lost is looked for in the provider's list, over real HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks import refresh, sending, submit
from tasks.models import (
    Candidate,
    Credential,
    Found,
    Inquiry,
    Outcome,
    Project,
    Reconciliation,
    Submission,
    SubmissionState,
    Task,
)
from tasks.providers import provider
from tasks.reconcile import adopting, lost, walks
from tasks.showing.lost import Lost
from tasks.simulator.server import Simulator
from tasks.status import Status
from tests.providers.wishes import wish
from tests.refresh.conftest import Account, Clock, track

SEEDED = "doubao-seedance-1-0-pro-250528"
USUAL = "doubao-seedance-2-0-260128"

Lose = Callable[..., Submission]
Search = Callable[..., None]


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A list a millisecond, for everything here stands in one."""
    monkeypatch.setattr(walks, "LOOK_SECONDS", 0.0)
    object.__setattr__(provider("volcengine"), "lists_per_second", 1000)
    yield
    object.__setattr__(provider("volcengine"), "lists_per_second", 1)


@pytest.fixture
def lose(project: Project, member: User, sim: Simulator, clock: Clock) -> Lose:
    """lose(credential, seed=11): a create of which no answer came; made there, unless said."""

    def lose(credential: Credential, fault: str = "lost-create", **fields: Any) -> Submission:
        key = credential.reveal_key()
        sim.fault(key, fault)
        whose: dict[str, Any] = {"project": project, "credential": credential}
        asked = wish(fields.pop("model", USUAL), **fields)
        batch = submit.place([asked], key=uuid.uuid4(), **whose, created_by=member, now=clock.now)
        sending.send_waiting(10, clock=clock)
        sim.fault(key, "")
        return batch.submissions.select_related("task__credential").get()

    return lose


@pytest.fixture
def search(clock: Clock) -> Search:
    """search(after=10): let so many seconds pass, and sweep until nobody waits for a look."""

    def search(after: float = 10) -> None:
        clock.go_on(after)
        for _ in range(100):
            refresh.sweep(0.02, clock=clock)
            waiting = Inquiry.objects.due(clock.now).exists()
            if not (waiting or Reconciliation.objects.open().exists()):
                return
        raise AssertionError("it is still being looked for")

    return search


def offered(submission: Submission, clock: Clock) -> list[str]:
    """The ids that its page offers, the likeliest first."""
    shown = Lost(Submission.objects.get(pk=submission.pk), clock.now)
    return [each.candidate.remote_id for each in shown.candidates]


def test_what_was_made_is_found_and_offered_and_never_taken_by_itself(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account(), resolution="720p", generate_audio=True)
    before = submission.task.change
    search()
    [made] = sim.tasks
    assert offered(submission, clock) == [made.id]
    inquiry = Inquiry.objects.get()
    assert (inquiry.outcome, inquiry.looks) == (Outcome.COMPARED, 1)
    assert inquiry.candidates.get().agreed == ["generate_audio"]
    submission.refresh_from_db()
    assert (submission.state, submission.task.status) == (
        SubmissionState.UNCONFIRMED,
        Status.UNCONFIRMED,
    )
    assert submission.task.change > before  # so open pages show it


def test_a_person_takes_what_is_offered_and_it_is_followed(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account())
    search()
    assert submit.named(submission, offered(submission, clock)[0], clock.now)
    assert not Inquiry.objects.exists() and not Candidate.objects.exists()
    refresh.sweep(0.3, clock=clock)
    task = Task.objects.get()
    assert task.is_named and task.answer_digest
    assert sum(sim.counts.creates.values()) == 1


@pytest.mark.parametrize("fault", ["dropped-create", "500;on=create"])
def test_what_was_not_made_is_not_found_and_that_is_said_after_a_whole_list(
    fault: str, account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account(), fault)
    search()
    inquiry = Inquiry.objects.get()
    assert (inquiry.outcome, sim.tasks, offered(submission, clock)) == (Outcome.EMPTY, [], [])
    search(after=300)
    inquiry.refresh_from_db()
    assert (inquiry.looks, inquiry.due_at) == (2, None)


def test_it_is_looked_for_soon_and_again_some_minutes_later(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    """A list may lag behind."""
    submission, lost_at = lose(account(), "dropped-create"), clock.now
    inquiry = Inquiry.objects.get()
    assert inquiry.due_at == lost_at + timedelta(seconds=10)
    search()
    late = sim.create(ago=8)
    inquiry.refresh_from_db()
    assert inquiry.due_at == lost_at + timedelta(minutes=5)
    assert offered(submission, clock) == []
    search(after=290)
    assert offered(submission, clock) == [late]


def test_a_list_that_fails_is_told_from_one_in_which_nothing_fits(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account())
    sim.fault("sim-test", "500;on=list")
    search()
    inquiry = Inquiry.objects.get()
    assert (inquiry.outcome, inquiry.trouble, inquiry.looks) == (Outcome.FAILED, "server", 0)
    assert inquiry.due_at == clock.now + timedelta(minutes=5)
    sim.fault("sim-test", "")
    search(after=300)
    assert len(offered(submission, clock)) == 1


def test_a_list_that_fails_for_hours_is_asked_for_no_more(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    lose(account())
    sim.fault("sim-test", "500;on=list")
    search(after=6 * 3600)
    inquiry = Inquiry.objects.get()
    assert (inquiry.outcome, inquiry.due_at) == (Outcome.FAILED, None)
    Inquiry.objects.hasten(inquiry.submission, clock.now)  # but a person may
    assert Inquiry.objects.due(clock.now).exists()


def test_what_a_failed_list_had_seen_before_stays_offered(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account())
    search()
    sim.fault("sim-test", "500;on=list")
    search(after=300)
    assert Inquiry.objects.get().outcome == Outcome.FAILED
    assert len(offered(submission, clock)) == 1


def test_where_there_is_no_list_nobody_waits_for_one(
    account: Account, lose: Lose, search: Search
) -> None:
    submission = lose(account("dataeyes"))
    search()
    inquiry = Inquiry.objects.get()
    assert (inquiry.outcome, inquiry.due_at) == (Outcome.CANNOT, None)
    assert not Reconciliation.objects.exists()
    assert not Lost(submission, submission.ended_at or submission.task.created_at).can_list


def test_a_credential_that_has_moved_has_another_accounts_list(
    account: Account, lose: Lose, search: Search, sim: Simulator
) -> None:
    credential = account()
    lose(credential)
    Credential.objects.update(base_url=sim.base_url("byteplus"), provider="byteplus")
    search()
    assert Inquiry.objects.get().outcome == Outcome.CANNOT


def test_two_lost_takes_are_told_apart_by_their_seeds(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    credential = account()
    first = lose(credential, model=SEEDED, seed=11)
    second = lose(credential, model=SEEDED, seed=12)
    search()
    assert len(offered(first, clock)) == len(offered(second, clock)) == 2  # no list tells yet
    search(after=290)  # they have succeeded
    seeds = {record.id: record.order.seed for record in sim.tasks}
    assert [seeds[each] for each in offered(first, clock)] == [11]
    assert [seeds[each] for each in offered(second, clock)] == [12]
    assert Candidate.objects.first().agreed[0] == "seed"  # type: ignore[union-attr]
    assert Reconciliation.objects.count() == 2  # one list serves both


def test_of_two_that_compete_for_one_task_the_first_gets_it(
    account: Account, lose: Lose, search: Search, clock: Clock
) -> None:
    credential = account()
    made, dropped = lose(credential), lose(credential, "dropped-create")
    search()
    [only] = offered(made, clock)
    assert offered(dropped, clock) == [only]
    before = Task.objects.get(pk=dropped.task_id).change
    assert submit.named(made, only, clock.now)
    assert offered(dropped, clock) == []
    assert Task.objects.get(pk=dropped.task_id).change > before  # its open page is told
    with pytest.raises(submit.Taken):
        submit.named(dropped, only, clock.now)
    dropped.refresh_from_db()
    assert dropped.state == SubmissionState.UNCONFIRMED


def test_another_persons_tasks_on_the_account_are_offered_only_where_they_fit(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account(), "dropped-create", model=SEEDED, resolution="720p")
    alike = sim.create(model=SEEDED, resolution="720p")
    sim.create(model=USUAL)
    sim.create(model=SEEDED, service_tier="flex")
    sim.create(model=SEEDED, ago=3600)
    sim.create(model=SEEDED, resolution="480p")  # told once it has succeeded
    search(after=300)
    assert offered(submission, clock) == [alike]


def test_a_flex_take_is_found_in_the_list_of_flex_tasks(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock
) -> None:
    submission = lose(account(), model=SEEDED, service_tier="flex")
    sim.create(model=SEEDED)
    search()
    [made] = [record.id for record in sim.tasks if record.order.service_tier == "flex"]
    assert offered(submission, clock) == [made]
    assert Candidate.objects.get().agreed == ["service_tier"]


def test_what_is_ours_already_is_not_offered(
    account: Account, lose: Lose, search: Search, sim: Simulator, clock: Clock, project: Project
) -> None:
    credential = account()
    submission = lose(credential, "dropped-create")
    track(sim.create(), credential=credential, project=project, now=clock.now)
    search()
    assert offered(submission, clock) == []


@pytest.mark.parametrize("ahead", [-3600, 5, 7200])
def test_a_provider_with_another_clock_is_understood(
    ahead: float, project: Project, lose: Lose, search: Search, clock: Clock, account: Account
) -> None:
    with Simulator(clock=lambda: clock.unix() + ahead) as elsewhere:
        credential = account(key="sim-elsewhere")
        Credential.objects.update(base_url=elsewhere.base_url("volcengine"))
        credential.refresh_from_db()
        elsewhere.fault("sim-elsewhere", "lost-create")
        submission = lose(credential)
        elsewhere.fault("sim-elsewhere", "")
        elsewhere.create(key="sim-elsewhere", ago=ahead)  # fits only a clock like ours
        search()
        ours = next(iter(elsewhere.tasks))
        assert ours.id in offered(submission, clock)
        [found] = [c for c in Candidate.objects.all() if c.remote_id == ours.id]
        assert abs(found.seconds_after(clock.now)) <= 11
        assert len(offered(submission, clock)) == (1 if abs(ahead) > 120 else 2)


def test_what_was_adopted_meanwhile_takes_the_wish_over(
    account: Account, lose: Lose, search: Search, project: Project, clock: Clock
) -> None:
    submission = lose(account())
    search()
    [remote_id] = offered(submission, clock)
    [adopted] = adopting.adopt(Found.objects.all(), project, clock.now, tell=lambda tasks: None)
    assert offered(submission, clock) == []
    assert submit.named(submission, remote_id, clock.now)
    submission.refresh_from_db()
    assert Task.objects.get() == adopted == submission.task


def test_a_task_of_another_project_is_nobodys_to_give(
    account: Account, lose: Lose, search: Search, clock: Clock, sim: Simulator
) -> None:
    credential = account()
    submission = lose(credential)
    [record] = sim.tasks
    theirs = Project.objects.create(name="Elsewhere")
    track(record.id, credential=credential, project=theirs, now=clock.now)
    with pytest.raises(submit.Taken):
        submit.named(submission, record.id, clock.now)
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED
    assert Task.objects.count() == 2


def test_a_late_answer_that_names_another_wishs_task_is_left_to_people(
    account: Account, lose: Lose, clock: Clock, sim: Simulator
) -> None:
    credential = account()
    first = lose(credential)
    [record] = sim.tasks
    assert submit.named(first, record.id, clock.now)
    second = lose(credential, "dropped-create")
    Submission.objects.filter(pk=second.pk).update(state=SubmissionState.SENDING)
    sending.record(sending.Outcome(submission=second, remote_id=record.id), clock.now)
    second.refresh_from_db()
    assert (second.state, second.trouble) == (SubmissionState.UNCONFIRMED, "wrong_task")


def test_nothing_is_looked_for_any_more_once_it_is_decided(
    account: Account, lose: Lose, search: Search, clock: Clock
) -> None:
    submission = lose(account())
    assert submit.give_up(submission, clock.now)
    assert not Inquiry.objects.exists()
    search()
    assert not Reconciliation.objects.exists()


def test_whoever_presses_often_asks_for_one_list(
    account: Account, lose: Lose, search: Search, clock: Clock
) -> None:
    submission = lose(account())
    search()
    clock.go_on(1)
    for _ in range(5):
        Inquiry.objects.hasten(submission, clock.now)
        refresh.sweep(0, clock=clock)
    assert Reconciliation.objects.count() == 1
    search(after=lost.GAP.total_seconds())
    assert Reconciliation.objects.count() == 2


def test_a_strange_row_does_not_stop_the_sweep(
    account: Account, lose: Lose, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(account())
    clock.go_on(10)
    monkeypatch.setattr(lost, "_look", lambda now: 1 / 0)
    assert refresh.sweep(0, clock=clock)
