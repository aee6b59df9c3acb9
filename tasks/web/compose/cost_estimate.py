"""The expected cost of a plan: tokens, money, and whether the budgets allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from tasks.billing.amounts import sum_of
from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import PlacementRefusedError, name_of
from tasks.billing.estimates import Total, estimates_of
from tasks.billing.gate import would_refuse
from tasks.models import Budget, Credential, Project, Scope
from tasks.models.access import sees_budgets_of_credentials
from tasks.models.charge import day_of
from tasks.providers.catalog.request import GenerationRequest, MediaRole
from tasks.web.presenters import forecasts
from tasks.web.presenters.billing import TotalPresenter


@dataclass(frozen=True, kw_only=True)
class BudgetWarning:
    """The fullest budget that a create is about to use, where it has reached a level of its own."""

    percent: int
    budget: str  # its name in the middle of a sentence
    used: str
    limit: str
    forecast: str  # where its pace leads

    @classmethod
    def of(cls, statuses: Sequence[BudgetStatus], now: datetime) -> BudgetWarning | None:
        """Warn of the fullest of these that is near its limit, or whose pace leads there."""
        near = [each for each in statuses if each.is_near or each.is_foretold(now)]
        if not near:
            return None
        fullest = max(near, key=lambda each: (each.is_near, each.percent))
        unit = fullest.budget.unit
        return cls(
            percent=fullest.percent,
            budget=name_of(fullest.budget),
            used=sum_of(fullest.used.together, unit),
            limit=sum_of(fullest.limit, unit),
            forecast=forecasts.sentence(fullest, now) if fullest.is_foretold(now) else "",
        )


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """The cost of a plan's requests, and what the budgets that they count in say to it."""

    total: TotalPresenter
    warning: BudgetWarning | None
    refusal: PlacementRefusedError | None  # the error that placing them now would raise
    is_unknown: bool  # for a model without a price that the catalog does not know: a guess
    has_video: bool  # with a reference video whose length is not known here

    @property
    def is_exact_money(self) -> bool:
        return all(each.least == each.most for each in self.total.total.money)

    @classmethod
    def of(
        cls,
        requests: Sequence[GenerationRequest],
        project: Project,
        credential: Credential,
        person: Any,
    ) -> CostEstimate:
        """Estimate the cost in three queries, however many requests there are."""
        now = timezone.now()
        day = day_of(now)
        total = Total(estimates_of(requests, credential, day))
        budgets = Budget.objects.applying_to(project, credential, person)
        statuses = BudgetStatus.of_all(budgets, day)
        sees_all = sees_budgets_of_credentials(person)
        shown = [each for each in statuses if sees_all or each.budget.scope != Scope.CREDENTIAL]
        return cls(
            total=TotalPresenter(total),
            warning=BudgetWarning.of(shown, now),
            refusal=would_refuse(statuses, total, person),
            is_unknown=any(e.request.catalogued is None and not e.price for e in total.estimates),
            has_video=any(_has_unknown_video(request) for request in requests),
        )


def _has_unknown_video(request: GenerationRequest) -> bool:
    """Whether the length of an input video is not known here."""
    known = [each for each in request.seconds_of(MediaRole.REFERENCE_VIDEO) if each is not None]
    return request.videos > len(known)
