"""The expected cost of a plan: tokens, money, and whether the budget allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from tasks.billing.budget_status import BudgetStatus
from tasks.billing.errors import PlacementRefusedError
from tasks.billing.estimates import Total, estimates_of
from tasks.billing.gate import would_refuse
from tasks.models import Credential, Project
from tasks.models.charge import day_of
from tasks.providers.catalog.request import GenerationRequest, MediaRole
from tasks.web.presenters.billing import BudgetPresenter, TotalPresenter


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """The cost of a plan's requests, and the month's budget that it would be charged to."""

    total: TotalPresenter
    month: BudgetPresenter
    refusal: PlacementRefusedError | None  # the error that placing them now would raise
    is_unknown: bool  # for a model without a price that the catalog does not know: a guess
    has_video: bool  # with a reference video whose length is not known here

    @property
    def is_near(self) -> bool:
        return self.month.budget_status.is_near

    @property
    def is_exact_money(self) -> bool:
        return all(each.least == each.most for each in self.total.total.money)

    @classmethod
    def of(
        cls, requests: Sequence[GenerationRequest], project: Project, credential: Credential
    ) -> CostEstimate:
        """Estimate the cost in three queries, however many requests there are."""
        day = day_of(timezone.now())
        total = Total(estimates_of(requests, credential, day))
        budget_status = BudgetStatus.of(project, day)
        return cls(
            total=TotalPresenter(total),
            month=BudgetPresenter(project, budget_status),
            refusal=would_refuse(budget_status, total),
            is_unknown=any(e.request.catalogued is None and not e.price for e in total.estimates),
            has_video=any(_has_unknown_video(request) for request in requests),
        )


def _has_unknown_video(request: GenerationRequest) -> bool:
    """Whether the length of an input video is not known here."""
    known = [each for each in request.seconds_of(MediaRole.REFERENCE_VIDEO) if each is not None]
    return request.videos > len(known)
