"""The things that charges are grouped by, and the sums that the database keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from tasks.billing import cost_sums
from tasks.management.doctor import cost_checks
from tasks.management.doctor.report import Level
from tasks.models import (
    BatchSum,
    Charge,
    CostSum,
    Credential,
    Outcome,
    Project,
    SubmissionState,
    Task,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tasks.submission.place import mark_created, mark_not_created, withdraw
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh.recording import record
from tests.billing.conftest import NOW, ONE, V20, Place, SetPrice
from tests.billing.sums import assert_sums_hold
from tests.billing.test_ledger import LOST_ANSWER, REFUSAL, answered, attempted, only
from tests.conftest import MakeTask


def test_a_new_take_carries_what_it_is_grouped_by(
    place: Place, project: Project, credential: Credential
) -> None:
    batch = place(resolution="1080p")
    charge = Charge.objects.get()
    assert (charge.project, charge.credential) == (project, credential)
    assert (charge.provider, charge.batch) == (credential.provider, batch.pk)
    assert (charge.mode, charge.resolution, charge.tier) == ("text", "1080p", "1080p")
    assert (charge.outcome, charge.made_seconds) == (Outcome.OPEN, None)
    assert_sums_hold()


def test_480p_is_told_from_720p_although_both_cost_the_same(place: Place) -> None:
    place(resolution="480p")
    place(resolution="720p")
    assert set(Charge.objects.values_list("resolution", "tier")) == {
        ("480p", "720p"),
        ("720p", "720p"),
    }


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "succeeded", Status.LOST])
def test_the_end_of_a_task_outlives_it(place: Place, status: str) -> None:
    place()
    task = attempted(SubmissionState.CREATED).task
    ended = NOW + timedelta(minutes=3)
    answered(task, status, error_code="Why", running_at=NOW + timedelta(seconds=9), ended_at=ended)
    Task.objects.all().delete()
    charge = Charge.objects.get()
    assert (charge.task, charge.outcome) == (None, status)
    assert (charge.queue_seconds, charge.finish_seconds) == (9, 180)
    assert charge.error_code == ("Why" if status == "failed" else "")
    assert charge.made_seconds == (5 if status == "succeeded" else None)
    assert_sums_hold()


def test_creates_that_were_refused_withdrawn_or_never_made_say_so(place: Place) -> None:
    place()
    attempted(SubmissionState.REFUSED, REFUSAL)
    assert Charge.objects.get().outcome == Outcome.FAILED
    Charge.objects.all().delete()
    Task.objects.all().delete()
    place()
    withdraw(only().task, NOW)
    assert Charge.objects.get().outcome == Outcome.CANCELLED
    Charge.objects.all().delete()
    Task.objects.all().delete()
    place()
    row = attempted(SubmissionState.UNCONFIRMED, LOST_ANSWER)
    assert Charge.objects.get().outcome == Outcome.OPEN
    mark_not_created(row, NOW)
    assert Charge.objects.get().outcome == Outcome.NOT_CREATED
    mark_created(only(), "cgt-20261120120000-later", NOW)
    assert Charge.objects.get().outcome == Outcome.OPEN
    assert_sums_hold()


def test_a_task_that_was_lost_and_found_again_is_open_again(place: Place) -> None:
    place()
    task = attempted(SubmissionState.CREATED).task
    answered(task, Status.LOST)
    assert CostSum.objects.get().estimated_tokens == ONE
    running = RemoteTask(id=task.remote_id, status=Status.RUNNING, status_word="running", raw={})
    record([PollResult(pk=task.pk, remote=running, digest="new")], NOW, {task.credential_id: None})
    row = CostSum.objects.get()
    assert (row.outcome, row.reserved_tokens, row.estimated_tokens) == ("open", ONE, 0)


def test_a_tracked_task_is_grouped_as_far_as_its_provider_says(make_task: MakeTask) -> None:
    task = make_task(created_at=NOW)
    answered(task, "succeeded", total_tokens=70, resolution="1080p", duration=8, model=V20)
    charge = Charge.objects.get()
    assert (charge.batch, charge.mode, charge.resolution) == (None, "", "1080p")
    assert (charge.outcome, charge.is_counted, charge.made_seconds) == ("succeeded", True, 8)
    assert not BatchSum.objects.exists()
    assert_sums_hold()


def test_a_word_of_a_provider_that_is_no_resolution_is_not_grouped_by(make_task: MakeTask) -> None:
    answered(make_task(created_at=NOW), "succeeded", total_tokens=7, resolution="ask|the sales")
    assert Charge.objects.get().resolution == ""


def test_billed_reserved_estimated_and_unknown_are_kept_apart(
    place: Place, set_price: SetPrice
) -> None:
    set_price("40")
    place()
    [row] = CostSum.objects.all()
    assert (row.reserved_takes, row.reserved_tokens, row.reserved_micros) == (1, ONE, ONE * 40)
    assert (row.tokens, row.micros, row.estimated_tokens, row.unpriced_takes) == (0, 0, 0, 0)
    task = attempted(SubmissionState.CREATED).task
    answered(task, "succeeded")  # and nobody said what it took
    [row] = CostSum.objects.all()
    assert (row.estimated_takes, row.estimated_tokens, row.estimated_micros) == (1, ONE, ONE * 40)
    assert (row.uncounted_takes, row.seconds, row.tokens, row.reserved_tokens) == (1, 5, 0, 0)
    answered(task, "succeeded", total_tokens=ONE + 7)
    [row] = CostSum.objects.all()
    assert (row.tokens, row.micros) == (ONE + 7, (ONE + 7) * 40)
    assert (row.estimated_tokens, row.estimated_micros, row.uncounted_takes) == (0, 0, 0)
    assert_sums_hold()


def test_tokens_that_nobody_counted_are_not_billed_though_the_money_is(
    place: Place, set_price: SetPrice
) -> None:
    set_price("2", unit="second")
    place()
    answered(attempted(SubmissionState.CREATED).task, "succeeded", duration=5)
    [row] = CostSum.objects.all()
    assert (row.micros, row.tokens, row.estimated_tokens) == (10_000_000, 0, ONE)


def test_a_batch_has_its_own_sums(place: Place) -> None:
    first, second = place(takes=3), place()
    rows = dict(BatchSum.objects.values_list("batch", "takes"))
    assert rows == {first.pk: 3, second.pk: 1}
    Task.objects.filter(submission__batch=first).delete()
    assert dict(BatchSum.objects.values_list("batch", "takes")) == rows
    Charge.objects.all().delete()
    assert not BatchSum.objects.exists() and not CostSum.objects.exists()


def test_sums_follow_every_writer_of_charges(project: Project) -> None:
    common: dict[str, Any] = {"project": project, "day": NOW.date(), "tokens": 10}
    Charge.objects.bulk_create(
        [
            Charge(**common, person=1),
            Charge(**common, person=1, state="billed", currency="CNY", micros=7, is_counted=True),
            Charge(**common, person=2, state="free", outcome="failed", batch=4),
        ]
    )
    assert_sums_hold()
    Charge.objects.filter(state="free").update(state="reserved", batch=5)
    Charge.objects.filter(person=2).update(day=NOW.date() + timedelta(days=40), model="a|b")
    assert_sums_hold()
    Charge.objects.filter(person=1).update(credential=None, provider="ark", made_seconds=3)
    assert_sums_hold()
    project.delete()
    assert not CostSum.objects.exists()


def test_sums_are_made_anew_by_a_command(place: Place, set_price: SetPrice) -> None:
    set_price("46")
    place(takes=2)
    place(resolution="1080p")
    CostSum.objects.filter(resolution="1080p").update(tokens=1)
    BatchSum.objects.all().delete()
    assert cost_sums.days_that_differ() == [NOW.date()]
    call_command("rebuild_costs", verbosity=0)
    assert cost_sums.days_that_differ() == []
    assert_sums_hold()


def test_a_charge_moves_to_its_day_where_the_time_zone_of_the_site_has_changed(
    place: Place, make_task: MakeTask, settings: Any
) -> None:
    late = datetime(2026, 11, 30, 22, tzinfo=UTC)
    place(now=late)
    answered(make_task(created_at=late), "succeeded", total_tokens=7)
    assert set(Charge.objects.values_list("day", flat=True)) == {date(2026, 11, 30)}
    settings.TIME_ZONE = "Asia/Shanghai"
    assert not cost_sums.days_are_the_sites()
    call_command("rebuild_costs", verbosity=0)
    assert set(Charge.objects.values_list("day", flat=True)) == {date(2026, 12, 1)}
    assert cost_sums.days_are_the_sites()
    assert_sums_hold()


def test_doctor_tells_of_sums_that_do_not_hold(place: Place) -> None:
    place()
    assert [each.level for each in cost_checks.costs()] == [Level.OK]
    CostSum.objects.update(tokens=1)
    assert [each.level for each in cost_checks.costs()] == [Level.BROKEN]
