"""The list of a credential's models: asked by jobs, once a day or on demand, and kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from tasks import jobs
from tasks.models import AvailableModel, Credential
from tasks.providers import Trouble
from tasks.providers.dialects.model_list import ListedModel
from tasks.simulator.server import Simulator
from tests.tracking.conftest import Account


def names(credential: Credential) -> list[str]:
    return list(credential.available_models.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("preset", "new"),
    [
        ("volcengine", "doubao-seedance-3-0-270115"),
        ("byteplus", "dreamina-seedance-3-0-270115"),
        ("newapi", "doubao-seedance-3-0-270115"),
        ("dataeyes", "doubao-seedance-3-0-270115"),
        ("anyfast", "doubao-seedance-3-0-270115"),
        ("openrouter", "bytedance/seedance-3-0-270115"),
    ],
)
def test_the_video_models_of_an_account_are_kept_with_its_credential(
    preset: str, new: str, account: Account
) -> None:
    credential = account(preset)
    jobs.list_models(credential.pk)
    credential.refresh_from_db()
    assert credential.models_listed_at and not credential.models_trouble
    assert {row.name for row in credential.available_models.all() if not row.is_known} == {new}
    assert not any("seedream" in name or "seed-2" in name for name in names(credential))


def test_a_model_that_ended_at_the_vendor_is_kept_as_ended(account: Account) -> None:
    credential = account("byteplus")
    jobs.list_models(credential.pk)
    ended = credential.available_models.filter(has_ended=True)
    assert "seedance-1-0-lite-t2v-250428" in ended.values_list("name", flat=True)


def test_a_list_that_does_not_come_leaves_the_one_before_and_the_credentials_health(
    account: Account, sim: Simulator
) -> None:
    credential = account()
    jobs.list_models(credential.pk)
    before = names(credential)
    sim.fault("sim-test", "500")
    jobs.list_models(credential.pk)
    credential.refresh_from_db()
    assert credential.models_trouble == Trouble.SERVER
    assert names(credential) == before
    assert not credential.trouble


def test_a_model_that_stays_keeps_its_first_day_and_one_that_left_is_gone(
    credential: Credential,
) -> None:
    day, later = timezone.now() - timedelta(days=9), timezone.now()
    rows = [ListedModel(name="seedance-2.0"), ListedModel(name="seedance-3.0")]
    AvailableModel.objects.replace(credential, rows, day)
    AvailableModel.objects.replace(
        credential, [rows[0], ListedModel(name="seedance-4.0", status="Active")], later
    )
    kept = {row.name: row.first_seen_at for row in credential.available_models.all()}
    assert kept == {"seedance-2.0": day, "seedance-4.0": later}


def test_a_key_that_was_replaced_meanwhile_keeps_nothing_of_the_old_accounts_models(
    credential: Credential,
) -> None:
    old = Credential.objects.get(pk=credential.pk)
    credential.replace_key("sk-another-0123456789")
    credential.save()
    old.keep_models([ListedModel(name="seedance-3.0")], timezone.now())
    assert names(credential) == []


def test_each_credential_is_asked_once_a_day(credential: Credential) -> None:
    for _ in range(2):
        jobs.models()
    asked = [row.task for row in OrmQ.objects.all()]
    assert [(each["func"], each["args"]) for each in asked] == [
        (jobs.LIST_MODELS, (credential.pk,))
    ]
    Credential.objects.update(models_asked_at=timezone.now() - timedelta(days=1, minutes=1))
    jobs.models()
    assert OrmQ.objects.count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": "yescale"},
        {"active": False},
        {"paused_until": timezone.now() + timedelta(hours=1)},
    ],
)
def test_a_credential_without_a_list_or_at_rest_is_not_asked(
    fields: dict[str, object], credential: Credential
) -> None:
    Credential.objects.update(**fields)
    jobs.models()
    assert not OrmQ.objects.exists()


def test_the_question_is_on_the_schedule(db: None) -> None:
    schedule = Schedule.objects.get(name="models")
    assert (schedule.func, schedule.minutes) == ("tasks.jobs.models", 60)
