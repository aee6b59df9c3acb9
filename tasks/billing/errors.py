"""Errors of the gate, told in the reader's language: what is left, and who can change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks.billing.amounts import sum_of
from tasks.billing.budget_status import BudgetStatus
from tasks.models import ApiToken, Budget, Period, Scope
from tasks.models.period import midnight
from tasks.text import prose


class PlacementRefusedError(Exception):
    """Takes were refused: nothing was placed, and nothing will be sent."""


@dataclass(eq=False)
class TooManyTakesError(PlacementRefusedError):
    """A press asks for more takes than the project allows at once."""

    most: int

    def __str__(self) -> str:
        sentence = ngettext(
            "This project allows at most %(most)s take per request. A project manager can change "
            "that.",
            "This project allows at most %(most)s takes per request. A project manager can "
            "change that.",
            self.most,
        )
        return sentence % {"most": self.most}


@dataclass(eq=False)
class RateLimitError(PlacementRefusedError):
    """A person asks for too many takes in a minute or an hour.

    `again_at` is None if so many takes are never allowed at once.
    """

    most: int
    minutes: int
    again_at: datetime | None

    def __str__(self) -> str:
        if self.minutes == 1:
            limit = ngettext(
                "One person can request at most %(most)s take a minute.",
                "One person can request at most %(most)s takes a minute.",
                self.most,
            )
        else:
            limit = ngettext(
                "One person can request at most %(most)s take an hour.",
                "One person can request at most %(most)s takes an hour.",
                self.most,
            )
        if self.again_at is None:
            advice = _("Request fewer.")
        else:
            time = f"{timezone.localtime(self.again_at):%H:%M:%S %Z}"
            advice = _("You can continue at %(time)s.") % {"time": time}
        return prose(limit % {"most": self.most}, advice)


@dataclass(eq=False, kw_only=True)
class BudgetExceededError(PlacementRefusedError):
    """The takes need more than is left of a budget; in tokens, or millionths of its currency.

    `is_shown`: whether whoever asks may read the budget's numbers.
    """

    status: BudgetStatus
    needed: int
    is_shown: bool = True

    def __str__(self) -> str:
        return prose(self._reason, self._setter, self._renewal)

    @property
    def _reason(self) -> str:
        budget, left = self.status.budget, self.status.left
        words = {"budget": name_of(budget), "needed": sum_of(self.needed, budget.unit)}
        if not self.is_shown and left:
            return _("%(budget)s has too little left for this.") % {
                "budget": capfirst(name_of(budget))
            }
        if not self.is_shown:
            return _("%(budget)s is used up.") % {"budget": capfirst(name_of(budget))}
        if left:
            words["left"] = sum_of(left, budget.unit)
            return _("This needs up to %(needed)s, but %(budget)s has only %(left)s left.") % words
        words["budget"] = capfirst(words["budget"])
        return _("%(budget)s is used up. This needs %(needed)s.") % words

    @property
    def _setter(self) -> str:
        """The person who set it, and the people who can raise it."""
        budget = self.status.budget
        if budget.project_id:
            raising = _("The project's managers can raise it.")
        else:
            raising = _("An administrator can raise it.")
        if budget.set_by is None or not self.is_shown:
            return raising
        name = budget.set_by.get_full_name() or budget.set_by.get_username()
        return prose(_("%(name)s set it.") % {"name": name}, raising)

    @property
    def _renewal(self) -> str:
        day = date_format(self.status.following, "MONTH_DAY_FORMAT")
        return _("It resets on %(day)s.") % {"day": day}


@dataclass(eq=False, kw_only=True)
class TokenLimitError(PlacementRefusedError):
    """The takes need more than is left of the token's limit of a day; `needed` None: no price."""

    token: ApiToken
    needed: int | None
    used: int
    following: date

    @property
    def limit(self) -> int:
        return self.token.most or 0

    @property
    def renews_at(self) -> datetime:
        """The moment from which the limit counts anew."""
        return midnight(self.following)

    def __str__(self) -> str:
        unit = self.token.unit
        if self.needed is None:
            return _(
                "This token's limit is in %(currency)s, but there's no price in %(currency)s for "
                "this."
            ) % {"currency": unit}
        words = {
            "needed": sum_of(self.needed, unit),
            "used": sum_of(self.used, unit),
            "limit": sum_of(self.limit, unit),
        }
        sentence = _(
            "This needs up to %(needed)s, but the token has used %(used)s of its %(limit)s a day."
        )
        day = date_format(self.following, "MONTH_DAY_FORMAT")
        return prose(sentence % words, _("It resets on %(day)s.") % {"day": day})


#: Budgets in the middle of a sentence, by what they are for and the span they count in.
NAMES = {
    (Scope.PROJECT, Period.MONTH): gettext_lazy("this month's budget"),
    (Scope.PROJECT, Period.WEEK): gettext_lazy("this week's budget"),
    (Scope.PROJECT, Period.DAY): gettext_lazy("today's budget"),
    (Scope.MEMBER, Period.MONTH): gettext_lazy("your budget for this month in this project"),
    (Scope.MEMBER, Period.WEEK): gettext_lazy("your budget for this week in this project"),
    (Scope.MEMBER, Period.DAY): gettext_lazy("your budget for today in this project"),
    (Scope.PERSON, Period.MONTH): gettext_lazy("your budget for this month in all projects"),
    (Scope.PERSON, Period.WEEK): gettext_lazy("your budget for this week in all projects"),
    (Scope.PERSON, Period.DAY): gettext_lazy("your budget for today in all projects"),
    (Scope.CREDENTIAL, Period.MONTH): gettext_lazy("this credential's budget for this month"),
    (Scope.CREDENTIAL, Period.WEEK): gettext_lazy("this credential's budget for this week"),
    (Scope.CREDENTIAL, Period.DAY): gettext_lazy("this credential's budget for today"),
}


def name_of(budget: Budget) -> str:
    """Name a budget to whoever is placing takes, for the middle of a sentence."""
    return str(NAMES[budget.scope, budget.span])


@dataclass(eq=False)
class NoPriceError(PlacementRefusedError):
    """The budget is in money, and no price in its currency is known for the takes."""

    currency: str

    def __str__(self) -> str:
        return _(
            "The budget is in %(currency)s, but there's no price in %(currency)s for this. A "
            "project manager can enter one on the credential's page."
        ) % {"currency": self.currency}
