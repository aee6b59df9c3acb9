"""Estimates in the form, sums on a task's page, budgets, price lists, and their rights."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tasks.billing import ledger
from tasks.models import (
    AuditAction,
    AuditEntry,
    Budget,
    Charge,
    Credential,
    Membership,
    Price,
    Project,
    Role,
    Submission,
    SubmissionState,
    TakeLimits,
    Task,
)
from tasks.models.charge import day_of
from tests.conftest import MakeTask
from tests.web.composing import filled
from tests.web.conftest import ClientOf

V20 = "seedance-2-0-260128"
ONE = 108_900


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("sk-of-the-tests-0123456789")
    row.save()
    return row


@pytest.fixture
def price(ark: Credential) -> Price:
    return Price.objects.create(
        credential=ark, model=V20, amount=Decimal(46), currency="CNY", valid_from=date(2026, 10, 1)
    )


@pytest.fixture
def desk(client_of: ClientOf, member: User, ark: Credential) -> Client:
    return client_of(member)


@pytest.fixture
def office(client_of: ClientOf, manager: User, ark: Credential) -> Client:
    return client_of(manager)


def words(answer: Any) -> str:
    """The text of a page without its tags."""
    html = re.sub(r"<script.*?</script>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").split())


def look(desk: Client, **more: Any) -> str:
    return words(desk.post("/tasks/new/preview/", filled(**more)))


# The form


def test_the_form_tells_tokens_and_money_of_all_takes(desk: Client, price: Price) -> None:
    text = look(desk, takes="3")
    assert "About 326,700 tokens · about ¥15.03 by the price since 2026-10-01" in text
    assert "for all 3 takes" in text
    assert "billed what the provider counts" in text


def test_without_a_price_the_form_says_so(desk: Client) -> None:
    text = look(desk)
    assert "About 108,900 tokens" in text and "no known price" in text and "¥" not in text


def test_given_videos_are_said_to_count_from_two_seconds_each(desk: Client, price: Price) -> None:
    text = look(desk, mode="reference", reference_video="https://x.example.com/a.mp4")
    assert "152,100 tokens to 432,900 tokens" in text and "from 2 s each" in text
    assert "¥7.00 to ¥19.91" in text


def test_a_press_that_does_not_fit_keeps_the_form_and_says_why(
    desk: Client, project: Project
) -> None:
    Budget.objects.create(project=project, limit=ONE)
    desk.post("/tasks/new/", filled())
    answer = desk.post("/tasks/new/", filled(prompt="A second boat"))
    assert answer.status_code == 200
    assert "budget is used up" in words(answer) and "A second boat" in answer.content.decode()
    assert Task.objects.count() == 1


def test_takes_are_limited_to_what_the_project_says(desk: Client, project: Project) -> None:
    TakeLimits.objects.create(project=project, most_takes=3)
    page = desk.get("/tasks/new/")
    assert 'max="3"' in str(page.context["form"]["takes"])
    refused = desk.post("/tasks/new/", filled(takes="4"))
    assert "at most 3 takes per request" in words(refused)
    assert not Task.objects.exists()


def test_a_person_who_is_too_fast_is_told_when_to_go_on(desk: Client, settings: Any) -> None:
    settings.TAKES_PER_MINUTE = 1
    desk.post("/tasks/new/", filled())
    assert "You can continue at" in words(desk.post("/tasks/new/", filled()))
    assert Task.objects.count() == 1


def test_sending_again_passes_the_same_gate_or_stays_unconfirmed(
    desk: Client, project: Project
) -> None:
    desk.post("/tasks/new/", filled())
    task = Task.objects.get()
    Submission.objects.update(state=SubmissionState.UNCONFIRMED)
    Budget.objects.create(project=project, limit=0)
    answer = desk.post(f"/tasks/{task.pk}/again/", follow=True)
    assert "budget" in words(answer)
    assert Submission.objects.get().state == SubmissionState.UNCONFIRMED
    Budget.objects.update(limit=ONE)
    desk.post(f"/tasks/{task.pk}/again/")
    assert Submission.objects.count() == 2
    assert sum(c.tokens for c in Charge.objects.filter(state="reserved")) == ONE


def test_the_same_once_more_passes_the_same_gate(desk: Client, project: Project) -> None:
    desk.post("/tasks/new/", filled())
    task = Task.objects.get()
    Task.objects.update(status="succeeded")
    Budget.objects.create(project=project, limit=ONE)
    url = reverse("run_again", args=[task.pk])
    assert "budget is used up" in words(desk.post(url, {"key": str(uuid.uuid4())}, follow=True))
    assert Task.objects.count() == 1


# A task's page


def test_a_tasks_page_keeps_estimate_tokens_and_cost_apart(desk: Client, price: Price) -> None:
    desk.post("/tasks/new/", filled(ratio="adaptive"))
    task = Task.objects.get()
    text = words(desk.get(f"/tasks/{task.pk}/"))
    assert "108,900 tokens to 109,586 tokens · ¥5.01 to ¥5.04" in text
    assert "not an invoice" not in text
    Task.objects.update(status="succeeded", total_tokens=109_000)
    ledger.settle([Task.objects.get()])
    text = words(desk.get(f"/tasks/{task.pk}/"))
    assert "based on your price list, not an invoice" in text
    assert "¥5.01 (¥46 per million tokens, from 2026-10-01)" in text
    assert "109,000" in text and "estimated before sending" in text


def test_a_gateways_own_charge_is_called_what_it_is(desk: Client, make_task: MakeTask) -> None:
    task = make_task(status="succeeded", total_tokens=ONE, quota=1_150_000)
    ledger.settle([task])
    text = words(desk.get(f"/tasks/{task.pk}/"))
    assert "1,150,000 units. 500,000 are one US dollar unless the operator changed it" in text
    assert "no known price" in text


def test_money_that_the_provider_named_is_shown_with_its_currency(
    desk: Client, make_task: MakeTask
) -> None:
    task = make_task(status="succeeded", cost_micros=762_300, cost_currency="USD")
    ledger.settle([task])
    text = words(desk.get(f"/tasks/{task.pk}/"))
    assert "what the provider charged $0.76" in text and "price list" not in text


@pytest.mark.parametrize(
    ("unit", "amount", "text"),
    [
        ("second", "0.24", "$1.20 ($0.24 per second, from 2026-10-01)"),
        ("video", "1.5", "$1.50 ($1.5 per video, from 2026-10-01)"),
    ],
)
def test_a_tasks_page_says_what_its_price_is_the_price_of(
    desk: Client, price: Price, unit: str, amount: str, text: str
) -> None:
    Price.objects.update(unit=unit, amount=Decimal(amount), currency="USD")
    desk.post("/tasks/new/", filled(duration="5"))
    Task.objects.update(status="succeeded")
    ledger.settle([Task.objects.get()])
    assert text in words(desk.get(f"/tasks/{Task.objects.get().pk}/"))


# Prices

ENTERED = {
    "model": V20,
    "amount": "46",
    "currency": "CNY",
    "unit": "tokens",
    "tier": "720p",
    "with_video": "False",
    "with_audio": "",
    "flex_percent": "50",
    "valid_from": "2026-10-01",
    "valid_until": "",
    "source": "Contract 7",
}


def test_a_manager_enters_a_price(office: Client, ark: Credential) -> None:
    answer = office.post(f"/credentials/{ark.pk}/prices/", ENTERED)
    assert answer.status_code == 302
    row = Price.objects.get()
    assert (row.amount, row.tier, row.with_video, row.with_audio) == (46, "720p", False, None)
    assert AuditEntry.objects.get(verb=AuditAction.PRICE_SET).changes == {
        "valid_from": "2026-10-01"
    }
    text = words(office.get(f"/credentials/{ark.pk}/prices/"))
    assert "¥46 per million tokens 480p and 720p · without a video given" in text
    assert "Contract 7" in text


@pytest.mark.parametrize(
    ("unit", "text"), [("second", "¥46 per second"), ("video", "¥46 per video")]
)
def test_a_price_of_another_unit_says_so(
    office: Client, ark: Credential, unit: str, text: str
) -> None:
    office.post(f"/credentials/{ark.pk}/prices/", ENTERED | {"unit": unit})
    assert Price.objects.get().unit == unit
    assert text in words(office.get(f"/credentials/{ark.pk}/prices/"))


def test_a_model_that_nobody_here_knows_is_priced_by_its_name(
    office: Client, ark: Credential
) -> None:
    unknown = ENTERED | {"model": "", "other_model": "seedance-3-0"}
    assert office.post(f"/credentials/{ark.pk}/prices/", unknown).status_code == 302
    assert Price.objects.get().model == "seedance-3-0"
    assert "seedance-3-0" in words(office.get(f"/credentials/{ark.pk}/prices/"))


def test_a_known_model_by_another_name_is_the_same_model(office: Client, ark: Credential) -> None:
    other = ENTERED | {"model": "", "other_model": "bytedance/seedance-2.0"}
    office.post(f"/credentials/{ark.pk}/prices/", other)
    assert Price.objects.get().model == V20


def test_the_name_of_another_model_counts_in_place_of_the_chosen_one(
    office: Client, ark: Credential
) -> None:
    office.post(f"/credentials/{ark.pk}/prices/", ENTERED | {"other_model": "seedance-3-0"})
    assert Price.objects.get().model == "seedance-3-0"


def test_a_price_is_of_some_model(office: Client, ark: Credential) -> None:
    answer = office.post(f"/credentials/{ark.pk}/prices/", ENTERED | {"model": ""})
    assert answer.context["form"].errors.keys() == {"model"}
    assert not Price.objects.exists()


def test_an_overlap_is_refused_and_names_the_other_price(
    office: Client, ark: Credential, price: Price
) -> None:
    answer = office.post(f"/credentials/{ark.pk}/prices/", ENTERED)
    assert "Some of these videos already have a price from 2026-10-01 on" in words(answer)
    assert Price.objects.count() == 1


def test_a_change_on_the_page_leaves_the_past_as_it_was(office: Client, price: Price) -> None:
    today = day_of(timezone.now())
    early = {"amount": "44", "first": f"{today - timedelta(days=1)}"}
    assert "Past prices can" in words(office.post(f"/prices/{price.pk}/", early))
    office.post(f"/prices/{price.pk}/", {"amount": "44", "first": f"{today}"})
    price.refresh_from_db()
    assert price.valid_until == today - timedelta(days=1)
    assert Price.objects.latest("pk").amount == Decimal(44)


def test_documented_prices_are_taken_over_with_their_source(
    office: Client, ark: Credential
) -> None:
    assert "Read on 2026-11-20" in words(office.get(f"/credentials/{ark.pk}/prices/"))
    office.post(f"/credentials/{ark.pk}/prices/documented/")
    assert Price.objects.count() == 17
    page = office.get(f"/credentials/{ark.pk}/prices/")
    assert "Read on" not in words(page)


def test_prices_are_for_managers_of_the_projects_that_use_the_account(
    client_of: ClientOf, manager: User, stranger: User, ark: Credential, price: Price
) -> None:
    """A manager of any project that may use the account sees them, and nobody else but staff."""
    Membership.objects.filter(user=stranger).update(role=Role.MANAGER)
    other = client_of(stranger)
    assert other.get(f"/credentials/{ark.pk}/prices/").status_code == 200
    ark.open_to_all = False
    ark.save()
    ark.projects.set([Membership.objects.get(user=manager).project])
    for path in (f"/credentials/{ark.pk}/prices/", f"/prices/{price.pk}/"):
        assert other.get(path).status_code == other.post(path).status_code == 404
    assert client_of(manager).get(f"/credentials/{ark.pk}/prices/").status_code == 200


def test_a_long_price_list_costs_no_more_questions(office: Client, ark: Credential) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            office.get(f"/credentials/{ark.pk}/prices/")
        return len(queries)

    asked()
    few = asked()
    office.post(f"/credentials/{ark.pk}/prices/documented/")
    office.get("/")  # takes the message away
    assert asked() <= few


def test_staff_add_and_remove_prices_in_the_admin(
    client_of: ClientOf, staff: User, ark: Credential
) -> None:
    office = client_of(staff)
    form = ENTERED | {"credential": ark.pk}
    assert office.post("/admin/tasks/price/add/", form).status_code == 302
    again = office.post("/admin/tasks/price/add/", form)
    assert "already have a price" in words(again)
    row = Price.objects.get()
    office.post(f"/admin/tasks/price/{row.pk}/delete/", {"post": "yes"})
    assert not Price.objects.exists()
    verbs = [entry.verb for entry in AuditEntry.objects.order_by("pk")]
    assert verbs == [AuditAction.PRICE_SET, AuditAction.PRICE_REMOVED]


def test_nothing_that_is_posted_beside_a_price_counts(
    office: Client, ark: Credential, credential: Credential
) -> None:
    office.post(f"/credentials/{ark.pk}/prices/", ENTERED | {"credential": credential.pk})
    assert Price.objects.get().credential == ark


def test_a_key_of_a_form_is_no_way_around_the_budget(desk: Client, project: Project) -> None:
    Budget.objects.create(project=project, limit=ONE)
    desk.post("/tasks/new/", filled(key=str(uuid.uuid4())))
    desk.post("/tasks/new/", filled(key=str(uuid.uuid4())))
    assert Task.objects.count() == 1
