"""Fixtures that place takes and set prices and budgets; the sums of a month."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.sums import Sums, between, sums_by
from tasks.models import Batch, Budget, Credential, Period, Price, Project, TakeLimits
from tasks.models.charge import day_of
from tasks.submission.place import place_batch
from tests.providers.generations import generation

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
V20 = "seedance-2-0-260128"
ONE = 108_900  # tokens of five seconds of 720p

Place = Callable[..., Batch]
SetPrice = Callable[..., Price]
SetBudget = Callable[..., Budget]
SetTakeLimits = Callable[..., TakeLimits]


@pytest.fixture
def place(project: Project, credential: Credential, member: User) -> Place:
    """place(takes=3, duration=10): one press of the button; by default a take has ONE tokens."""

    def place(*, takes: int = 1, now: datetime = NOW, **fields: Any) -> Batch:
        whose = {
            "project": fields.pop("project", project),
            "credential": fields.pop("credential", credential),
            "created_by": fields.pop("created_by", member),
        }
        usual = {"resolution": "720p", "ratio": "16:9", "duration": 5}
        model = fields.pop("model", f"doubao-{V20}")
        key = fields.pop("key", None) or uuid.uuid4()
        requests = [generation(model, **usual | fields)] * takes
        return place_batch(requests, key=key, **whose, now=now)

    return place


@pytest.fixture
def set_price(credential: Credential) -> SetPrice:
    """set_price("46", tier="720p"): by default of Seedance 2.0 in CNY, from 1 October on."""

    def set_price(amount: str, **fields: Any) -> Price:
        usual = {
            "credential": credential,
            "model": V20,
            "currency": "CNY",
            "valid_from": date(2026, 10, 1),
        }
        return Price.objects.create(amount=Decimal(amount), **usual | fields)

    return set_price


@pytest.fixture
def set_budget(project: Project) -> SetBudget:
    """set_budget(ONE): by default the project's of a month, in tokens; `person=member`: theirs."""

    def set_budget(limit: int | str, unit: str = "tokens", **subject: Any) -> Budget:
        subject = {"project": project} | subject
        period = subject.pop("period", Period.MONTH)
        subject = {"person": None, "credential": None} | subject
        values = {"limit": limit, "unit": unit}
        row, _ = Budget.objects.update_or_create(**subject, period=period, defaults=values)
        row.refresh_from_db()
        return row

    return set_budget


@pytest.fixture
def set_take_limits(project: Project) -> SetTakeLimits:
    def set_take_limits(**limits: int) -> TakeLimits:
        return TakeLimits.objects.update_or_create(project=project, defaults=limits)[0]

    return set_take_limits


def status_of(budget: Budget, at: datetime = NOW) -> BudgetStatus:
    [status] = BudgetStatus.of_all([budget], day_of(at))
    return status


def sums(project: Project, at: datetime = NOW) -> Sums:
    """The sums of a project in a month."""
    first, following = Period.MONTH.first(day_of(at)), Period.MONTH.following(day_of(at))
    found = sums_by("project_id", between(first, following, project=project))
    return found.get(project.pk, Sums())


def tokens(project: Project, at: datetime = NOW) -> tuple[int, int]:
    """Tokens of a month: (counted, reserved)."""
    used = sums(project, at).tokens
    return used.counted, used.reserved
