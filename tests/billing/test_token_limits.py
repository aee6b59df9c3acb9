"""The limit of a day that a token has: it counts what was placed with the token, and no more."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from tasks.billing import ledger
from tasks.billing.errors import TokenLimitError
from tasks.billing.token_limits import used_by
from tasks.models import ApiToken, ChangeCounter, Charge, Credential, Project, Task
from tasks.models.charge import day_of
from tasks.submission.place import place_batch
from tests.billing.conftest import NOW, ONE, V20, Place, SetPrice
from tests.billing.test_race_of_all_kinds import at_once
from tests.providers.generations import generation
from tests.tokens import token_of

pytestmark = pytest.mark.django_db


def limited(person: User, limit: str | int, **fields: Any) -> ApiToken:
    return token_of(person, day_limit=Decimal(limit), **fields)[0]


@pytest.fixture
def press(project: Project, credential: Credential, member: User) -> Any:
    """press(token, takes=2): place takes with a token, or as on a page."""

    def press(token: ApiToken | None, *, takes: int = 1, now: datetime = NOW) -> None:
        request = generation(f"doubao-{V20}", resolution="720p", ratio="16:9", duration=5)
        place_batch(
            [request] * takes,
            key=uuid.uuid4(),
            project=project,
            credential=credential,
            created_by=member,
            now=now,
            token=token,
        )

    return press


def test_takes_pass_up_to_the_limit_and_no_further(member: User, press: Any) -> None:
    token = limited(member, 3 * ONE)
    press(token, takes=2)
    with pytest.raises(TokenLimitError) as refusal:
        press(token, takes=2)
    error = refusal.value
    assert (error.limit, error.used, error.needed) == (3 * ONE, 2 * ONE, 2 * ONE)
    assert error.following == date(2026, 11, 21)
    assert error.renews_at > NOW.astimezone(UTC)
    assert "217,800" in str(error) and "326,700" in str(error)
    assert Task.objects.count() == 2
    press(token)


def test_a_limit_begins_anew_the_next_day(member: User, press: Any) -> None:
    token = limited(member, ONE)
    press(token)
    with pytest.raises(TokenLimitError):
        press(token)
    press(token, now=NOW + timedelta(days=1))


def test_what_is_placed_otherwise_does_not_count(member: User, press: Any) -> None:
    token, other = limited(member, ONE), limited(member, ONE)
    press(None, takes=2)
    press(other)
    press(token)
    assert Charge.objects.filter(api_token=token.pk).count() == 1


def test_what_was_billed_counts_in_place_of_what_was_reserved(member: User, press: Any) -> None:
    token = limited(member, ONE + 10)
    press(token)
    with pytest.raises(TokenLimitError):
        press(token)
    settle(status="succeeded", total_tokens=5)
    press(token)
    assert used_by([token], day_of(NOW))[token.pk].counted == 5


def test_what_failed_counts_for_nothing(member: User, press: Any) -> None:
    token = limited(member, ONE)
    press(token)
    settle(status="failed")
    press(token)


def settle(**fields: Any) -> None:
    with transaction.atomic():
        ChangeCounter.objects.next()
        Task.objects.update(**fields)
        ledger.settle(list(Task.objects.all()))


def test_a_limit_in_money_needs_a_price_in_its_currency(
    member: User, press: Any, set_price: SetPrice
) -> None:
    token = limited(member, "5.01", unit="CNY")  # a take is 5.0094
    with pytest.raises(TokenLimitError) as refusal:
        press(token)
    assert refusal.value.needed is None and "CNY" in str(refusal.value)
    set_price("46")
    press(token)
    with pytest.raises(TokenLimitError) as refusal:
        press(token)
    assert refusal.value.used == 5_009_400


def test_a_limit_of_nothing_lets_nothing_pass(member: User, press: Any) -> None:
    with pytest.raises(TokenLimitError):
        press(limited(member, 0))


def test_the_charge_names_its_token_after_the_token_is_gone(
    member: User, press: Any, place: Place
) -> None:
    token, _text = token_of(member)
    press(token)
    pk, batch = token.pk, Task.objects.get().submission.batch
    assert batch.api_token == token
    token.delete()
    batch.refresh_from_db()
    assert batch.api_token is None and Charge.objects.get().api_token == pk


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_exactly_those_pass_that_fit(member: User, press: Any) -> None:
    token = limited(member, 3 * ONE)
    refusals = at_once(*[lambda: press(token)] * 8)
    assert {type(error) for error in refusals.values()} == {TokenLimitError}
    assert Task.objects.count() == 3
