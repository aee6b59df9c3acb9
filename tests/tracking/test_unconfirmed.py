"""An unconfirmed create is looked up in the provider's list, over real HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks.models import (
    Candidate,
    CreateLookup,
    Credential,
    ListOutcome,
    Project,
    Reconciliation,
    Submission,
    SubmissionState,
    Task,
    UntrackedTask,
)
from tasks.providers import provider
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission import send
from tasks.submission.place import (
    AlreadyTrackedError,
    confirm_created,
    mark_not_created,
    place_batch,
)
from tasks.submission.send import send_waiting
from tasks.tracking import refresh
from tasks.tracking.reconcile import adopting, comparisons, unconfirmed
from tasks.web.presenters.unconfirmed import UnconfirmedPresenter
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock, track
from tests.tracking.in_process import InProcess, Network

SEEDED = "doubao-seedance-1-0-pro-250528"
USUAL = "doubao-seedance-2-0-260128"

SendUnconfirmed = Callable[..., Submission]
Search = Callable[..., None]


@pytest.fixture(autouse=True)
def quick_lookups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A list a millisecond, for each test needs several."""
    monkeypatch.setattr(comparisons, "CHECK_SECONDS", 0.0)
    object.__setattr__(provider("volcengine"), "lists_per_second", 1000)
    yield
    object.__setattr__(provider("volcengine"), "lists_per_second", 1)


@pytest.fixture
def send_unconfirmed(
    project: Project, member: User, sim: Simulator, clock: Clock
) -> SendUnconfirmed:
    """send_unconfirmed(credential, seed=11): a create without an answer; usually created there."""

    def send_unconfirmed(
        credential: Credential, fault: str = "lost-create", **fields: Any
    ) -> Submission:
        key = credential.reveal_key()
        sim.fault(key, fault)
        whose: dict[str, Any] = {"project": project, "credential": credential}
        asked = generation(fields.pop("model", USUAL), **fields)
        batch = place_batch([asked], key=uuid.uuid4(), **whose, created_by=member, now=clock.now)
        send_waiting(10, clock=clock)
        sim.fault(key, "")
        return batch.submissions.select_related("task__credential").get()

    return send_unconfirmed


@pytest.fixture
def search(clock: Clock) -> Search:
    """search(after=10): let so many seconds pass, and sweep until no lookup is due."""

    def search(after: float = 10) -> None:
        clock.go_on(after)
        for _ in range(100):
            refresh.sweep(0.02, clock=clock)
            waiting = CreateLookup.objects.due(clock.now).exists()
            if not (waiting or Reconciliation.objects.open().exists()):
                return
        raise AssertionError("a lookup is still due")

    return search


def offered(submission: Submission, clock: Clock) -> list[str]:
    """The ids that its page offers, the likeliest first."""
    presented = UnconfirmedPresenter(Submission.objects.get(pk=submission.pk), clock.now)
    return [each.candidate.remote_id for each in presented.candidates]


def test_a_created_task_is_found_and_offered_and_never_taken_by_itself(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account(), resolution="720p", generate_audio=True)
    before = submission.task.change
    search()
    [made] = sim.tasks
    assert offered(submission, clock) == [made.id]
    lookup = CreateLookup.objects.get()
    assert (lookup.outcome, lookup.attempts) == (ListOutcome.COMPARED, 1)
    assert lookup.candidates.get().agreed == ["generate_audio"]
    submission.refresh_from_db()
    assert (submission.state, submission.task.status) == (
        SubmissionState.UNCONFIRMED,
        Status.UNCONFIRMED,
    )
    assert submission.task.change > before  # so open pages show it


def test_a_candidate_that_a_person_confirms_is_tracked(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account())
    search()
    assert confirm_created(submission, offered(submission, clock)[0], clock.now)
    assert not CreateLookup.objects.exists() and not Candidate.objects.exists()
    refresh.sweep(0.3, clock=clock)
    task = Task.objects.get()
    assert task.is_named and task.answer_digest
    assert sum(sim.counts.creates.values()) == 1


@pytest.mark.parametrize("fault", ["dropped-create", "500;on=create"])
def test_a_task_that_was_not_created_is_not_found_in_the_whole_list(
    fault: str,
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account(), fault)
    search()
    lookup = CreateLookup.objects.get()
    assert (lookup.outcome, sim.tasks, offered(submission, clock)) == (ListOutcome.EMPTY, [], [])
    search(after=300)
    lookup.refresh_from_db()
    assert (lookup.attempts, lookup.due_at) == (2, None)


def test_a_lookup_runs_soon_and_again_some_minutes_later(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    """A list may lag behind."""
    submission, sent_at = send_unconfirmed(account(), "dropped-create"), clock.now
    lookup = CreateLookup.objects.get()
    assert lookup.due_at == sent_at + timedelta(seconds=10)
    search()
    late = sim.create(ago=8)
    lookup.refresh_from_db()
    assert lookup.due_at == sent_at + timedelta(minutes=5)
    assert offered(submission, clock) == []
    search(after=290)
    assert offered(submission, clock) == [late]


def test_a_failed_list_is_distinguished_from_one_without_candidates(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account())
    sim.fault("sim-test", "500;on=list")
    search()
    lookup = CreateLookup.objects.get()
    assert (lookup.outcome, lookup.trouble, lookup.attempts) == (ListOutcome.FAILED, "server", 0)
    assert lookup.due_at == clock.now + timedelta(minutes=5)
    sim.fault("sim-test", "")
    search(after=300)
    assert len(offered(submission, clock)) == 1


def test_a_list_that_fails_for_hours_is_asked_for_no_more(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    send_unconfirmed(account())
    sim.fault("sim-test", "500;on=list")
    search(after=6 * 3600)
    lookup = CreateLookup.objects.get()
    assert (lookup.outcome, lookup.due_at) == (ListOutcome.FAILED, None)
    CreateLookup.objects.hasten(lookup.submission, clock.now)  # but a person may
    assert CreateLookup.objects.due(clock.now).exists()


def test_earlier_candidates_stay_offered_after_a_failed_list(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account())
    search()
    sim.fault("sim-test", "500;on=list")
    search(after=300)
    assert CreateLookup.objects.get().outcome == ListOutcome.FAILED
    assert len(offered(submission, clock)) == 1


def test_a_lookup_at_a_provider_without_a_list_ends(
    account: Account, send_unconfirmed: SendUnconfirmed, search: Search
) -> None:
    submission = send_unconfirmed(account("dataeyes"))
    search()
    lookup = CreateLookup.objects.get()
    assert (lookup.outcome, lookup.due_at) == (ListOutcome.CANNOT, None)
    assert not Reconciliation.objects.exists()
    assert not UnconfirmedPresenter(
        submission, submission.ended_at or submission.task.created_at
    ).can_list


def test_a_lookup_ends_where_the_credential_has_moved_to_another_address(
    account: Account, send_unconfirmed: SendUnconfirmed, search: Search, sim: Simulator
) -> None:
    credential = account()
    send_unconfirmed(credential)
    Credential.objects.update(base_url=sim.base_url("byteplus"), provider="byteplus")
    search()
    assert CreateLookup.objects.get().outcome == ListOutcome.CANNOT


def test_two_unconfirmed_takes_are_told_apart_by_their_seeds(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    credential = account()
    first = send_unconfirmed(credential, model=SEEDED, seed=11)
    second = send_unconfirmed(credential, model=SEEDED, seed=12)
    search()
    assert len(offered(first, clock)) == len(offered(second, clock)) == 2  # no list tells yet
    search(after=290)  # they have succeeded
    seeds = {record.id: record.order.seed for record in sim.tasks}
    assert [seeds[each] for each in offered(first, clock)] == [11]
    assert [seeds[each] for each in offered(second, clock)] == [12]
    assert Candidate.objects.first().agreed[0] == "seed"  # type: ignore[union-attr]
    assert Reconciliation.objects.count() == 2  # one list serves both


def test_of_two_that_compete_for_one_task_the_first_gets_it(
    account: Account, send_unconfirmed: SendUnconfirmed, search: Search, clock: Clock
) -> None:
    credential = account()
    made, dropped = send_unconfirmed(credential), send_unconfirmed(credential, "dropped-create")
    search()
    [only] = offered(made, clock)
    assert offered(dropped, clock) == [only]
    before = Task.objects.get(pk=dropped.task_id).change
    assert confirm_created(made, only, clock.now)
    assert offered(dropped, clock) == []
    assert Task.objects.get(pk=dropped.task_id).change > before  # its open page is told
    with pytest.raises(AlreadyTrackedError):
        confirm_created(dropped, only, clock.now)
    dropped.refresh_from_db()
    assert dropped.state == SubmissionState.UNCONFIRMED


def test_another_persons_tasks_on_the_account_are_offered_only_where_they_fit(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account(), "dropped-create", model=SEEDED, resolution="720p")
    alike = sim.create(model=SEEDED, resolution="720p")
    sim.create(model=USUAL)
    sim.create(model=SEEDED, service_tier="flex")
    sim.create(model=SEEDED, ago=3600)
    sim.create(model=SEEDED, resolution="480p")  # told once it has succeeded
    search(after=300)
    assert offered(submission, clock) == [alike]


def test_a_flex_take_is_found_in_the_list_of_flex_tasks(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account(), model=SEEDED, service_tier="flex")
    sim.create(model=SEEDED)
    search()
    [made] = [record.id for record in sim.tasks if record.order.service_tier == "flex"]
    assert offered(submission, clock) == [made]
    assert Candidate.objects.get().agreed == ["service_tier"]


def test_a_task_that_is_tracked_already_is_not_offered(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    sim: Simulator,
    clock: Clock,
    project: Project,
) -> None:
    credential = account()
    submission = send_unconfirmed(credential, "dropped-create")
    track(sim.create(), credential=credential, project=project, now=clock.now)
    search()
    assert offered(submission, clock) == []


@pytest.mark.parametrize("ahead", [-3600, 5, 7200])
def test_a_provider_with_another_clock_is_understood(
    ahead: float,
    project: Project,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    clock: Clock,
    network: Network,
    account: Account,
) -> None:
    with InProcess(network, clock=lambda: clock.unix() + ahead) as elsewhere:
        credential = account(key="sim-elsewhere")
        Credential.objects.update(base_url=elsewhere.base_url("volcengine"))
        credential.refresh_from_db()
        elsewhere.fault("sim-elsewhere", "lost-create")
        submission = send_unconfirmed(credential)
        elsewhere.fault("sim-elsewhere", "")
        elsewhere.create(key="sim-elsewhere", ago=ahead)  # fits only a clock like ours
        search()
        ours = next(iter(elsewhere.tasks))
        assert ours.id in offered(submission, clock)
        [found] = [c for c in Candidate.objects.all() if c.remote_id == ours.id]
        assert abs(found.seconds_after(clock.now)) <= 11
        assert len(offered(submission, clock)) == (1 if abs(ahead) > 120 else 2)


def test_a_candidate_that_was_adopted_meanwhile_takes_over_the_submission(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    project: Project,
    clock: Clock,
) -> None:
    submission = send_unconfirmed(account())
    search()
    [remote_id] = offered(submission, clock)
    [adopted] = adopting.adopt(
        UntrackedTask.objects.all(), project, clock.now, on_adopted=lambda tasks: None
    )
    assert offered(submission, clock) == []
    assert confirm_created(submission, remote_id, clock.now)
    submission.refresh_from_db()
    assert Task.objects.get() == adopted == submission.task


def test_a_task_tracked_in_another_project_cannot_be_confirmed(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    clock: Clock,
    sim: Simulator,
) -> None:
    credential = account()
    submission = send_unconfirmed(credential)
    [record] = sim.tasks
    theirs = Project.objects.create(name="Elsewhere")
    track(record.id, credential=credential, project=theirs, now=clock.now)
    with pytest.raises(AlreadyTrackedError):
        confirm_created(submission, record.id, clock.now)
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED
    assert Task.objects.count() == 2


def test_a_late_answer_that_names_another_submissions_task_is_left_to_people(
    account: Account, send_unconfirmed: SendUnconfirmed, clock: Clock, sim: Simulator
) -> None:
    credential = account()
    first = send_unconfirmed(credential)
    [record] = sim.tasks
    assert confirm_created(first, record.id, clock.now)
    second = send_unconfirmed(credential, "dropped-create")
    Submission.objects.filter(pk=second.pk).update(state=SubmissionState.SENDING)
    send.record(send.CreateOutcome(submission=second, remote_id=record.id), clock.now)
    second.refresh_from_db()
    assert (second.state, second.trouble) == (SubmissionState.UNCONFIRMED, "wrong_task")


def test_no_lookup_runs_once_a_person_has_decided(
    account: Account, send_unconfirmed: SendUnconfirmed, search: Search, clock: Clock
) -> None:
    submission = send_unconfirmed(account())
    assert mark_not_created(submission, clock.now)
    assert not CreateLookup.objects.exists()
    search()
    assert not Reconciliation.objects.exists()


def test_pressing_often_asks_for_one_list(
    account: Account, send_unconfirmed: SendUnconfirmed, search: Search, clock: Clock
) -> None:
    submission = send_unconfirmed(account())
    search()
    clock.go_on(1)
    for _ in range(5):
        CreateLookup.objects.hasten(submission, clock.now)
        refresh.sweep(0, clock=clock)
    assert Reconciliation.objects.count() == 1
    search(after=unconfirmed.GAP.total_seconds())
    assert Reconciliation.objects.count() == 2


def test_many_lookups_are_answered_by_one_list_in_portions(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    search: Search,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unconfirmed, "AT_ONCE", 2)
    ark = account()
    for _ in range(5):
        send_unconfirmed(ark)
    search()
    due = CreateLookup.objects.all()
    due.update(due_at=Reconciliation.objects.get().asked_at, attempts=0, outcome="")
    answered = []
    for _ in range(3):
        unconfirmed.advance_lookups(clock.now)
        answered.append(due.filter(outcome=ListOutcome.COMPARED).count())
    assert answered == [2, 4, 5]
    assert Reconciliation.objects.count() == 1


def test_an_odd_lookup_does_not_stop_the_sweep(
    account: Account,
    send_unconfirmed: SendUnconfirmed,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_unconfirmed(account())
    clock.go_on(10)
    monkeypatch.setattr(unconfirmed, "_advance", lambda now: 1 / 0)
    assert refresh.sweep(0, clock=clock)
