"""What stands before every create: takes at once, pace, budget."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tasks import submit
from tasks.models import Batch, Charge, Membership, Project, Submission, SubmissionState, Task
from tasks.money.refusals import OverBudget, Refused, TooFast, TooMany, Unmeasured, Unpriced
from tasks.providers import ProviderError, Trouble
from tests.money.conftest import NOW, ONE, Place, SetBudget, SetPrice, standing, tokens


def refused(place: Place, why: type[Refused], **wanted: Any) -> str:
    """In the words of who reads it; nothing of it is left."""
    before = (Batch.objects.count(), Task.objects.count(), Charge.objects.count())
    with pytest.raises(why) as found:
        place(**wanted)
    assert (Batch.objects.count(), Task.objects.count(), Charge.objects.count()) == before
    return str(found.value)


def test_a_budget_lets_through_what_fits_and_no_more(
    place: Place, set_budget: SetBudget, project: Project
) -> None:
    set_budget(2 * ONE + 5)
    place(takes=2)
    said = refused(place, OverBudget)
    assert f"{ONE:,} tokens" in said and "5 tokens are left" in said and "managers" in said
    assert tokens(project) == (0, 2 * ONE)


def test_a_budget_that_is_reached_exactly_is_used_up(
    place: Place, set_budget: SetBudget, project: Project
) -> None:
    set_budget(ONE)
    place()
    assert "used up" in refused(place, OverBudget)
    assert (standing(project).percent, standing(project).is_used_up) == (100, True)


def test_what_is_given_back_can_be_used_again(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    place()
    row = Submission.objects.get()
    Submission.objects.begin(row.pk, NOW)
    error = ProviderError("No.", trouble=Trouble.FORBIDDEN, status_code=403)
    submit.end(row, SubmissionState.REFUSED, NOW, error)
    place()


def test_the_next_month_begins_anew(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    place()
    refused(place, OverBudget, now=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    place(now=datetime(2026, 12, 1, tzinfo=UTC))


def test_what_is_not_known_before_is_held_at_its_largest(
    place: Place, set_budget: SetBudget
) -> None:
    set_budget(2 * ONE)
    assert "This would take up to" in refused(place, OverBudget, duration=-1)
    set_budget(4 * ONE)
    place(duration=-1)


def test_a_budget_in_money_counts_by_the_price_list(
    place: Place, set_budget: SetBudget, set_price: SetPrice, project: Project
) -> None:
    set_price("46")
    set_budget("10.02", "CNY")
    place(takes=2)
    assert standing(project).used.held == 2 * ONE * 46
    assert "¥5.01" in refused(place, OverBudget)


@pytest.mark.parametrize("currency", [None, "USD"])
def test_a_budget_in_money_stops_what_has_no_price_in_it(
    place: Place, set_budget: SetBudget, set_price: SetPrice, currency: str | None
) -> None:
    if currency:
        set_price("7", currency=currency)
    set_budget("1000", "CNY")
    assert "no price in CNY" in refused(place, Unpriced)


def test_a_budget_stops_a_model_that_nobody_knows(place: Place, set_budget: SetBudget) -> None:
    place(model="kling-2")
    set_budget(10**9)
    refused(place, Unmeasured, model="kling-2")


def test_a_budget_of_nothing_lets_nothing_through(place: Place, set_budget: SetBudget) -> None:
    set_budget(0)
    refused(place, OverBudget)


def test_a_second_press_of_one_form_is_no_second_take(place: Place, set_budget: SetBudget) -> None:
    set_budget(ONE)
    key = uuid.uuid4()
    assert place(key=key) == place(key=key)


def test_another_projects_budget_is_its_own(
    place: Place, set_budget: SetBudget, member: User
) -> None:
    set_budget(ONE)
    place()
    other = Project.objects.create(name="Other")
    Membership.objects.create(project=other, user=member)
    place(project=other)


def test_takes_at_one_press_are_the_projects_own_setting(
    place: Place, set_budget: SetBudget
) -> None:
    place(takes=20)
    assert "At most 20 takes" in refused(place, TooMany, takes=21)
    set_budget(most_takes=1)
    assert "At most 1 take at one press" in refused(place, TooMany, takes=2)


def test_a_person_is_slowed_down_and_told_when_it_goes_on(
    place: Place, settings: Any, member: User, manager: User
) -> None:
    settings.TAKES_PER_MINUTE = 3
    place(takes=2)
    place(now=NOW + timedelta(seconds=20))
    said = refused(place, TooFast, takes=2, now=NOW + timedelta(seconds=30))
    assert "3 takes a minute" in said and "12:01:00 UTC" in said
    said = refused(place, TooFast, takes=3, now=NOW + timedelta(seconds=30))
    assert "12:01:20 UTC" in said
    place(created_by=manager, now=NOW + timedelta(seconds=30))
    place(takes=2, now=NOW + timedelta(seconds=60))
    assert "Ask for fewer" in refused(place, TooFast, takes=4)


def test_an_hour_has_a_limit_of_its_own_and_a_project_may_say_less(
    place: Place, settings: Any, set_budget: SetBudget
) -> None:
    settings.TAKES_PER_HOUR = 4
    set_budget(takes_per_hour=2)
    place(takes=2)
    assert "2 takes an hour" in refused(place, TooFast, now=NOW + timedelta(minutes=59))
    other = Project.objects.create(name="Other")
    place(takes=2, project=other)
    assert "4 takes an hour" in refused(place, TooFast, project=other)
    place(now=NOW + timedelta(hours=1))


def test_without_limits_of_the_site_nobody_is_slowed_down(place: Place, settings: Any) -> None:
    settings.TAKES_PER_MINUTE = settings.TAKES_PER_HOUR = 0
    for _ in range(4):
        place(takes=20)


def test_refusals_are_told_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert str(TooMany(3)) and str(Unpriced("CNY"))


def test_the_price_of_the_gate_does_not_grow(
    place: Place, set_budget: SetBudget, settings: Any
) -> None:
    settings.TAKES_PER_MINUTE = settings.TAKES_PER_HOUR = 10_000
    set_budget(10**9)
    place()
    with CaptureQueriesContext(connection) as few:
        place()
    for _ in range(5):
        place(takes=20)
    with CaptureQueriesContext(connection) as many:
        place()
    assert len(many) == len(few)
