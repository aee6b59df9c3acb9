"""The page of failures: rates, reasons, times and stars, of the takes that were made here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.billing import failures
from tasks.billing.costs import Span
from tasks.models import Charge, Project, Star
from tests.conftest import MakeTask
from tests.web.cost_pages import NOW, behind, november, numbers, office, page

__all__ = ["november", "office"]  # fixtures

NOVEMBER = Span(first=date(2026, 11, 1), last=date(2026, 11, 30))
MakeCharge = Callable[..., Charge]

pytestmark = pytest.mark.usefixtures("november")


@pytest.fixture
def charge(project: Project) -> MakeCharge:
    """charge("failed", model="a"): a take that was made here, and billed if it succeeded."""

    def charge(outcome: str, **fields: Any) -> Charge:
        state = "billed" if outcome == "succeeded" else "free"
        usual = {"project": project, "day": NOW.date(), "mode": "text", "state": state}
        return Charge.objects.create(**usual | {"outcome": outcome} | fields)

    return charge


def test_a_rate_is_of_takes_that_ended_and_were_made_here(charge: MakeCharge) -> None:
    for outcome in ("succeeded", "succeeded", "failed", "lost", "expired"):
        charge(outcome, model="a")
    for outcome in ("open", "cancelled", "not_created", "unknown"):
        charge(outcome, model="a")
    charge("succeeded", model="a", mode="")  # made elsewhere
    charge("succeeded", model="b")
    found = failures.rates(NOVEMBER, "model")
    assert {value: (each.ended, each.failed) for value, each in found.items()} == {
        "a": (5, 3),
        "b": (1, 0),
    }


def test_money_that_failures_took_is_told_by_currency(charge: MakeCharge) -> None:
    paid = {"state": "billed", "is_counted": True, "seconds": 5}
    charge("failed", **paid, currency="CNY", micros=3_000_000)
    charge("failed", **paid, currency="USD", micros=1_000_000)
    charge("failed", seconds=10)
    charge("succeeded", currency="CNY", micros=9_000_000)
    money = {"CNY": 3_000_000, "USD": 1_000_000}
    assert failures.spent_on_failures(NOVEMBER) == (money, 20)
    assert failures.rates(NOVEMBER, "mode")["text"].money == money


def test_times_are_the_median_and_the_95th_percentile(charge: MakeCharge) -> None:
    for seconds in range(1, 22):
        charge("succeeded", model="a", finish_seconds=seconds * 10, queue_seconds=seconds)
    charge("succeeded", model="b", finish_seconds=7)
    charge("failed", model="a", finish_seconds=9_999)
    found = failures.times(NOVEMBER, "model")
    assert (found["a"].takes, found["a"].finish, found["a"].queue) == (21, (110, 200), (11, 20))
    assert (found["b"].finish, found["b"].queue) == ((7, 7), None)


def test_hours_are_those_of_the_sites_time_zone(charge: MakeCharge, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    at = datetime(2026, 11, 3, 22, 30, tzinfo=UTC)
    charge("succeeded", placed_at=at, finish_seconds=60)
    assert set(failures.times(NOVEMBER, "hour")) == {6}


def test_a_star_of_anyone_counts_once_and_names_nobody(
    charge: MakeCharge, make_task: MakeTask, member: User, manager: User, office: Client
) -> None:
    task = make_task()
    for person in (member, manager):
        Star.objects.create(task=task, user=person, created_at=NOW)
    paid = {"currency": "CNY", "micros": 4_000_000}
    charge("succeeded", task=task, **paid)
    charge("succeeded", task=make_task(), **paid)
    found = failures.used(NOVEMBER)
    assert (found.succeeded, found.starred, found.takes_each) == (2, 1, 2.0)
    shown = office.get("/costs/failures/").context["page"]
    assert shown.used_words == ("2.0", "¥8.00")


def test_errors_are_told_by_their_families(charge: MakeCharge, office: Client) -> None:
    charge("failed", error_code="InputTextSensitiveContentDetected")
    charge("failed", error_code="InputTextSensitiveContentDetected.Other")
    charge("failed", error_code="NobodyKnowsThis")
    reasons = office.get("/costs/failures/").context["page"].reasons
    assert [takes for _words, takes in reasons] == [2, 1]
    assert reasons[1][0] == "NobodyKnowsThis"


def test_what_expired_or_was_lost_is_among_the_reasons(charge: MakeCharge, office: Client) -> None:
    for outcome in ("expired", "expired", "expired", "lost", "lost", "failed"):
        charge(outcome)
    page = office.get("/costs/failures/").context["page"]
    assert sum(takes for _words, takes in page.reasons) == page.whole.failed == 6
    assert page.reasons[0] == ("The task didn't finish in the time allowed.", 3)
    assert page.reasons[1] == ("The provider no longer knows this task.", 2)


def test_every_number_of_failures_leads_to_them(
    charge: MakeCharge, office: Client, project: Project
) -> None:
    for outcome in ("succeeded", "failed", "failed", "lost", "cancelled"):
        charge(outcome, person=3, model="a", provider="volcengine")
    charge("failed", mode="", person=3)
    found = [each for each in numbers(page(office, "/costs/failures/")) if each[1] == "failed"]
    assert len(found) == 5
    for url, _part, value in found:
        assert behind(url, (project.pk,))[1] == value == 3, url


def test_a_period_without_takes_shows_a_page(office: Client) -> None:
    assert office.get("/costs/failures/?period=day").status_code == 200
