"""Reservations and billed tokens, along every way that a task can go."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks.billing import ledger
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
from tasks.providers import ProviderError, Trouble
from tasks.providers.status import Status
from tasks.submission.place import mark_created, mark_not_created, record_outcome
from tasks.submission.send import CreateOutcome, record
from tests.billing.conftest import NOW, ONE, V20, Place, SetPrice, sums, tokens
from tests.conftest import MakeTask

LOST_ANSWER = ProviderError("No answer.", trouble=Trouble.TIMEOUT)
REFUSAL = ProviderError("No.", trouble=Trouble.FORBIDDEN, status_code=403)


def only() -> Submission:
    return Submission.objects.select_related("task").get()


def attempted(outcome: SubmissionState, error: ProviderError | None = None) -> Submission:
    row = only()
    Submission.objects.begin(row.pk, NOW)
    if outcome == SubmissionState.CREATED:
        mark_created(row, "cgt-20261120120000-made1", NOW)
    else:
        record_outcome(row, outcome, NOW, error)
    return only()


def answered(task: Task, status: str, **fields: Any) -> None:
    """Update a task and settle its charge, as the sweep does."""
    Task.objects.filter(pk=task.pk).update(status=status, **fields)
    ledger.settle([Task.objects.get(pk=task.pk)])


def test_an_open_take_is_reserved_and_an_ended_one_is_billed(
    place: Place, project: Project
) -> None:
    place()
    assert tokens(project) == (0, ONE)
    task = attempted(SubmissionState.CREATED).task
    assert tokens(project) == (0, ONE)
    answered(task, "succeeded", total_tokens=ONE + 5)
    assert tokens(project) == (ONE + 5, 0)


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_a_task_that_did_not_succeed_releases_its_reservation(
    place: Place, project: Project, status: str
) -> None:
    place()
    answered(attempted(SubmissionState.CREATED).task, status)
    assert tokens(project) == (0, 0)
    assert Charge.objects.get().state == ChargeState.FREE


def test_a_refusal_releases_the_reservation(place: Place, project: Project) -> None:
    place()
    attempted(SubmissionState.REFUSED, REFUSAL)
    assert tokens(project) == (0, 0)


def test_an_unconfirmed_create_stays_reserved_until_a_person_decides(
    place: Place, project: Project
) -> None:
    place()
    row = attempted(SubmissionState.UNCONFIRMED, LOST_ANSWER)
    assert tokens(project) == (0, ONE)
    assert mark_not_created(row, NOW)
    assert tokens(project) == (0, 0)
    mark_created(only(), "cgt-20261120120000-later", NOW)  # an answer that came late
    assert tokens(project) == (0, ONE)


def test_a_task_that_its_provider_has_lost_stays_reserved(place: Place, project: Project) -> None:
    """Keep the reservation: the video may have been billed before it was forgotten."""
    place()
    answered(attempted(SubmissionState.CREATED).task, Status.LOST)
    assert tokens(project) == (0, ONE)


def test_a_video_whose_tokens_are_never_known_stays_reserved(
    place: Place, project: Project
) -> None:
    place()
    answered(attempted(SubmissionState.CREATED).task, "succeeded")
    assert tokens(project) == (0, ONE)


def test_a_task_adopted_from_the_list_meanwhile_is_billed_once(
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
    answered(found, "succeeded", total_tokens=ONE, model=V20)
    assert tokens(project) == (ONE, ONE)
    outcome = CreateOutcome(submission=row, remote_id="cgt-20261120120000-found")
    record(outcome, NOW)
    assert tokens(project) == (ONE, 0)
    assert Charge.objects.get().task == found


def test_tracked_tasks_are_billed_in_the_month_of_their_creation(
    make_task: MakeTask, project: Project
) -> None:
    october = datetime(2026, 10, 3, tzinfo=UTC)
    live = make_task(created_at=NOW)
    answered(live, "running")
    assert tokens(project) == (0, 0)
    answered(live, "succeeded", total_tokens=70)
    old = make_task(created_at=NOW, remote_created_at=october)
    answered(old, "succeeded", total_tokens=500)
    assert (tokens(project), tokens(project, october)) == ((70, 0), (500, 0))


def test_purging_refunds_nothing(place: Place, project: Project) -> None:
    place()
    answered(attempted(SubmissionState.CREATED).task, "succeeded", total_tokens=ONE)
    Task.objects.all().delete()
    assert tokens(project) == (ONE, 0)
    assert Charge.objects.get().task is None


def test_an_absurd_number_of_tokens_is_limited(make_task: MakeTask, project: Project) -> None:
    answered(make_task(created_at=NOW), "succeeded", total_tokens=2**62)
    assert tokens(project)[0] == ledger.MOST_TOKENS


def test_money_is_computed_from_the_price_of_the_day(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("40", valid_until=date(2026, 11, 20))
    set_price("46", valid_from=date(2026, 11, 21))
    place()
    answered(attempted(SubmissionState.CREATED).task, "succeeded", total_tokens=ONE)
    assert sums(project).money["CNY"].counted == ONE * 40


def test_the_actual_resolution_decides_the_price(
    place: Place, set_price: SetPrice, project: Project
) -> None:
    set_price("46", tier="720p")
    set_price("51", tier="1080p")
    place()
    task = attempted(SubmissionState.CREATED).task
    answered(task, "succeeded", total_tokens=1_000, resolution="1080p")
    assert sums(project).money["CNY"].counted == 51_000


def test_a_price_that_is_entered_later_applies_to_the_charges_since_its_first_day(
    make_task: MakeTask, set_price: SetPrice, project: Project, credential: Credential
) -> None:
    for day in (1, 10, 20):
        task = make_task(created_at=datetime(2026, 11, day, tzinfo=UTC))
        fields = {"resolution": "720p", "ratio": "16:9", "duration": 5, "model": f"doubao-{V20}"}
        answered(task, "succeeded", total_tokens=ONE, **fields)
    assert sums(project).unpriced == 3
    price = set_price("46.5", with_video=False, tier="720p", valid_from=date(2026, 11, 10))
    ledger.reprice(credential.pk, V20, price.valid_from)
    found = sums(project)
    assert (found.unpriced, found.money["CNY"].counted) == (1, 2 * (ONE * 465 // 10))
    assert {charge.price for charge in Charge.objects.filter(day__gte="2026-11-10")} == {price}


def test_flex_is_what_the_provider_says(
    make_task: MakeTask, set_price: SetPrice, project: Project, credential: Credential
) -> None:
    model = "seedance-1-0-pro-250528"
    price = set_price("15", model=model)
    task = make_task(created_at=NOW)
    answered(task, "succeeded", total_tokens=1_000, model=model, service_tier="flex")
    assert sums(project).money["CNY"].counted == 7_500
    ledger.reprice(credential.pk, model, price.valid_from)
    assert sums(project).money["CNY"].counted == 7_500


def test_a_month_is_in_the_sites_time_zone(
    place: Place, project: Project, settings: Any, set_budget: Any
) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    turn = datetime(2026, 11, 30, 16, tzinfo=UTC)  # midnight there
    place(now=turn - timedelta(seconds=1))
    place(now=turn)
    place(now=turn)
    assert tokens(project, turn - timedelta(seconds=1)) == (0, ONE)
    assert tokens(project, turn) == (0, 2 * ONE)


def test_the_sums_follow_every_writer_of_charges(
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
    Charge.objects.filter(state="free").update(state="reserved")
    Charge.objects.filter(person=manager.pk).update(day=date(2026, 12, 1))
    rows = Spending.objects.order_by("day", "currency", "person")
    columns = "day person currency takes tokens reserved_tokens micros".split()
    assert list(rows.values_list(*columns)) == [
        (NOW.date(), member.pk, "", 1, 0, 10, 0),
        (NOW.date(), manager.pk, "", 0, 0, 0, 0),
        (NOW.date(), member.pk, "CNY", 1, 10, 0, 7),
        (date(2026, 12, 1), manager.pk, "", 1, 0, 10, 0),
    ]
    Charge.objects.all().delete()
    assert {(r.takes, r.tokens, r.reserved_tokens, r.micros) for r in rows.all()} == {(0, 0, 0, 0)}
