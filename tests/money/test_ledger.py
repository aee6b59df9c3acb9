"""What is held and what is counted: through every way that a task can go."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks import sending, submit
from tasks.models import (
    Charge,
    ChargeState,
    Credential,
    Project,
    Spending,
    Submission,
    SubmissionState,
    Task,
)
from tasks.models.charge import month_of
from tasks.money import ledger
from tasks.providers import ProviderError, Trouble
from tasks.status import Status
from tests.conftest import MakeTask
from tests.money.conftest import NOW, ONE, V20, Place, SetPrice, standing, tokens

LOST_ANSWER = ProviderError("No answer.", trouble=Trouble.TIMEOUT)
REFUSAL = ProviderError("No.", trouble=Trouble.FORBIDDEN, status_code=403)


def only() -> Submission:
    return Submission.objects.select_related("task").get()


def sent(outcome: SubmissionState, error: ProviderError | None = None) -> Submission:
    row = only()
    Submission.objects.begin(row.pk, NOW)
    if outcome == SubmissionState.MADE:
        submit.made(row, "cgt-20261120120000-made1", NOW)
    else:
        submit.end(row, outcome, NOW, error)
    return only()


def told(task: Task, status: str, **fields: Any) -> None:
    """As the sweep writes it down."""
    Task.objects.filter(pk=task.pk).update(status=status, **fields)
    ledger.settle([Task.objects.get(pk=task.pk)])


def test_an_open_take_is_held_and_a_finished_one_counted(place: Place, project: Project) -> None:
    place()
    assert tokens(project) == (0, ONE)
    task = sent(SubmissionState.MADE).task
    assert tokens(project) == (0, ONE)
    told(task, "succeeded", total_tokens=ONE + 5)
    assert tokens(project) == (ONE + 5, 0)


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_what_was_not_made_is_given_back(place: Place, project: Project, status: str) -> None:
    place()
    told(sent(SubmissionState.MADE).task, status)
    assert tokens(project) == (0, 0)
    assert Charge.objects.get().state == ChargeState.FREE


def test_a_refusal_gives_back(place: Place, project: Project) -> None:
    place()
    sent(SubmissionState.REFUSED, REFUSAL)
    assert tokens(project) == (0, 0)


def test_what_nobody_knows_stays_held_until_a_person_says(place: Place, project: Project) -> None:
    place()
    row = sent(SubmissionState.UNCONFIRMED, LOST_ANSWER)
    assert tokens(project) == (0, ONE)
    assert submit.give_up(row, NOW)
    assert tokens(project) == (0, 0)
    submit.made(only(), "cgt-20261120120000-later", NOW)  # an answer that came late
    assert tokens(project) == (0, ONE)


def test_a_task_that_its_provider_has_lost_stays_held(place: Place, project: Project) -> None:
    """It may have been made and billed before it was forgotten."""
    place()
    told(sent(SubmissionState.MADE).task, Status.LOST)
    assert tokens(project) == (0, ONE)


def test_a_video_whose_tokens_are_never_told_counts_as_estimated(
    place: Place, project: Project
) -> None:
    place()
    told(sent(SubmissionState.MADE).task, "succeeded")
    assert tokens(project) == (0, ONE)


def test_what_was_found_in_the_list_meanwhile_is_counted_once(
    place: Place, project: Project, credential: Credential
) -> None:
    place()
    row = only()
    Submission.objects.begin(row.pk, NOW)
    whose: dict[str, Any] = {
        "credential": credential,
        "project": project,
        "created_by": None,
        "now": NOW,
    }
    [found] = Task.objects.track(["cgt-20261120120000-found"], **whose)
    told(found, "succeeded", total_tokens=ONE, model=V20)
    assert tokens(project) == (ONE, ONE)
    outcome = sending.Outcome(submission=row, remote_id="cgt-20261120120000-found")
    sending.record(outcome, NOW)
    assert tokens(project) == (ONE, 0)
    assert Charge.objects.get().task == found


def test_tracked_tasks_count_once_counted_in_the_month_they_were_made(
    make_task: MakeTask, project: Project
) -> None:
    october = datetime(2026, 10, 3, tzinfo=UTC)
    live = make_task(created_at=NOW)
    told(live, "running")
    assert tokens(project) == (0, 0)
    told(live, "succeeded", total_tokens=70)
    old = make_task(created_at=NOW, remote_created_at=october)
    told(old, "succeeded", total_tokens=500)
    assert (tokens(project), tokens(project, october)) == ((70, 0), (500, 0))


def test_deleting_for_good_brings_nothing_back(place: Place, project: Project) -> None:
    place()
    told(sent(SubmissionState.MADE).task, "succeeded", total_tokens=ONE)
    Task.objects.all().delete()
    assert tokens(project) == (ONE, 0)
    assert Charge.objects.get().task is None


def test_an_absurd_answer_is_counted_within_bounds(make_task: MakeTask, project: Project) -> None:
    told(make_task(created_at=NOW), "succeeded", total_tokens=2**62)
    assert tokens(project)[0] == ledger.MOST_TOKENS


def test_money_is_by_the_price_of_the_day_it_was_made(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("40", valid_until=date(2026, 11, 20))
    set_price("46", valid_from=date(2026, 11, 21))
    place()
    told(sent(SubmissionState.MADE).task, "succeeded", total_tokens=ONE)
    assert standing(project).money["CNY"].counted == ONE * 40


def test_what_was_really_made_decides_about_the_price(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("46", tier="720p")
    set_price("51", tier="1080p")
    place()
    task = sent(SubmissionState.MADE).task
    told(task, "succeeded", total_tokens=1_000, resolution="1080p")
    assert standing(project).money["CNY"].counted == 51_000


def test_a_price_that_is_entered_later_tells_what_was_made_since(
    make_task: MakeTask, set_price: SetPrice, project: Project, credential: Credential
) -> None:
    for day in (1, 10, 20):
        task = make_task(created_at=datetime(2026, 11, day, tzinfo=UTC))
        said = {"resolution": "720p", "ratio": "16:9", "duration": 5, "model": f"doubao-{V20}"}
        told(task, "succeeded", total_tokens=ONE, **said)
    assert standing(project).unpriced == 3
    price = set_price("46.5", with_video=False, tier="720p", valid_from=date(2026, 11, 10))
    ledger.reprice(credential.pk, V20, price.valid_from)
    found = standing(project)
    assert (found.unpriced, found.money["CNY"].counted) == (1, 2 * (ONE * 465 // 10))
    assert {charge.price for charge in Charge.objects.filter(day__gte="2026-11-10")} == {price}


def test_flex_is_told_by_what_the_provider_says(
    make_task: MakeTask, set_price: SetPrice, project: Project, credential: Credential
) -> None:
    model = "seedance-1-0-pro-250528"
    price = set_price("15", model=model)
    task = make_task(created_at=NOW)
    told(task, "succeeded", total_tokens=1_000, model=model, service_tier="flex")
    assert standing(project).money["CNY"].counted == 7_500
    ledger.reprice(credential.pk, model, price.valid_from)
    assert standing(project).money["CNY"].counted == 7_500


def test_a_month_is_one_of_the_sites_time_zone(
    place: Place, project: Project, settings: Any, set_budget: Any
) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    turn = datetime(2026, 11, 30, 16, tzinfo=UTC)  # midnight there
    place(now=turn - timedelta(seconds=1))
    place(now=turn)
    place(now=turn)
    assert tokens(project, turn - timedelta(seconds=1)) == (0, ONE)
    assert tokens(project, turn) == (0, 2 * ONE)


def test_a_month_is_named_by_its_year() -> None:
    assert month_of(date(2026, 1, 31)) == "2026-01"


def test_whoever_writes_charges_the_sums_follow(
    project: Project, member: User, manager: User
) -> None:
    common = {"project": project, "day": NOW.date(), "tokens": 10}
    Charge.objects.bulk_create(
        [
            Charge(**common, person=member.pk),
            Charge(**common, person=member.pk, state="billed", currency="CNY", micros=7),
            Charge(**common, person=manager.pk, state="free"),
        ]
    )
    Charge.objects.filter(state="free").update(state="held")
    Charge.objects.filter(person=manager.pk).update(day=date(2026, 12, 1))
    rows = Spending.objects.order_by("month", "currency", "person")
    said = "month person currency takes tokens held_tokens micros".split()
    assert list(rows.values_list(*said)) == [
        ("2026-11", member.pk, "", 1, 0, 10, 0),
        ("2026-11", manager.pk, "", 0, 0, 0, 0),
        ("2026-11", member.pk, "CNY", 1, 10, 0, 7),
        ("2026-12", manager.pk, "", 1, 0, 10, 0),
    ]
    Charge.objects.all().delete()
    assert {(r.takes, r.tokens, r.held_tokens, r.micros) for r in rows.all()} == {(0, 0, 0, 0)}
