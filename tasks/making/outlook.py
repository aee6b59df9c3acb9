"""What a press of the button would take, said before it: tokens, money, what the budget leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from tasks.models import Credential, Project
from tasks.models.charge import day_of
from tasks.money.estimates import Total, estimates_of
from tasks.money.gate import would_refuse
from tasks.money.refusals import Refused
from tasks.money.standing import Standing
from tasks.providers.wish import Part, Wish
from tasks.showing.money import StandingShown, TotalShown


@dataclass(frozen=True, kw_only=True)
class Outlook:
    total: TotalShown
    month: StandingShown
    refusal: Refused | None  # what `submit.place` would say now
    has_video: bool  # whose length nobody has measured here

    @property
    def is_near(self) -> bool:
        return self.month.standing.is_near


def outlook(wishes: Sequence[Wish], project: Project, credential: Credential) -> Outlook:
    """Three queries, however many wishes there are."""
    day = day_of(timezone.now())
    total = Total(estimates_of(wishes, credential, day))
    standing = Standing.of(project, day)
    return Outlook(
        total=TotalShown(total),
        month=StandingShown(project, standing),
        refusal=would_refuse(standing, total),
        has_video=any(wish.count(Part.REFERENCE_VIDEO) for wish in wishes),
    )
