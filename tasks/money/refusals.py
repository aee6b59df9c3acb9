"""Why takes were not placed, in the words of who reads it: what is left, and who can change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seedance_site.prose import prose
from tasks.money.words import sum_of


class Refused(Exception):
    """Nothing was placed, and nothing will be sent."""


@dataclass(eq=False)
class TooMany(Refused):
    most: int

    def __str__(self) -> str:
        sentence = ngettext(
            "At most %(most)s take at one press in this project. Its managers can change that.",
            "At most %(most)s takes at one press in this project. Its managers can change that.",
            self.most,
        )
        return sentence % {"most": self.most}


@dataclass(eq=False)
class TooFast(Refused):
    """`again_at` is None where so many would never do at once."""

    most: int
    minutes: int
    again_at: datetime | None

    def __str__(self) -> str:
        if self.minutes == 1:
            limit = ngettext(
                "One person may ask for %(most)s take a minute.",
                "One person may ask for %(most)s takes a minute.",
                self.most,
            )
        else:
            limit = ngettext(
                "One person may ask for %(most)s take an hour.",
                "One person may ask for %(most)s takes an hour.",
                self.most,
            )
        return prose(limit % {"most": self.most}, self._way_out)

    @property
    def _way_out(self) -> str:
        if self.again_at is None:
            return _("Ask for fewer.")
        return _("It can go on at %(time)s.") % {
            "time": f"{timezone.localtime(self.again_at):%H:%M:%S %Z}"
        }


@dataclass(eq=False)
class OverBudget(Refused):
    """Both in the budget's unit: tokens, or millionths of its currency."""

    needed: int
    left: int
    unit: str

    def __str__(self) -> str:
        said = {"needed": sum_of(self.needed, self.unit), "left": sum_of(self.left, self.unit)}
        if self.left:
            why = _("This would take up to %(needed)s; %(left)s are left of this month's budget.")
        else:
            why = _("This month's budget is used up; this would take %(needed)s.")
        return prose(why % said, _("The project's managers can raise it."))


@dataclass(eq=False)
class Unpriced(Refused):
    """The budget is in money, and what this would cost cannot be said in it."""

    currency: str

    def __str__(self) -> str:
        return _(
            "The budget is in %(currency)s, and no price in %(currency)s is known for this. "
            "The project's managers can enter one on the credential's page."
        ) % {"currency": self.currency}


@dataclass(eq=False)
class Unmeasured(Refused):
    """A budget is set, and nothing is known of the model."""

    def __str__(self) -> str:
        return _(
            "Nothing is known of this model, so it cannot be said whether the budget allows it."
        )
