"""Errors of the gate, told in the reader's language: what is left, and who can change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks.billing.amounts import sum_of
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


@dataclass(eq=False)
class BudgetExceededError(PlacementRefusedError):
    """The takes need more than is left; both in tokens, or millionths of the budget's currency."""

    needed: int
    left: int
    unit: str

    def __str__(self) -> str:
        sums = {"needed": sum_of(self.needed, self.unit), "left": sum_of(self.left, self.unit)}
        if self.left:
            reason = _(
                "This needs up to %(needed)s, but this month's budget has only %(left)s left."
            )
        else:
            reason = _("This month's budget is used up. This needs %(needed)s.")
        return prose(reason % sums, _("A project manager can raise it."))


@dataclass(eq=False)
class NoPriceError(PlacementRefusedError):
    """The budget is in money, and no price in its currency is known for the takes."""

    currency: str

    def __str__(self) -> str:
        return _(
            "The budget is in %(currency)s, but there's no price in %(currency)s for this. A "
            "project manager can enter one on the credential's page."
        ) % {"currency": self.currency}
