"""The comparison of billed tokens with the documented formula in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Charge, TokenCheck
from tasks.providers.catalog.token_formula import Doubt
from tasks.web.presenters.facts import Fact, grouped

#: Sentences about each reason why a bill cannot be compared.
DOUBTS: dict[str, Any] = {
    Doubt.NOT_TOKENS: gettext_lazy("It isn't billed in tokens."),
    Doubt.UNCOUNTED: gettext_lazy("The provider hasn't said how many tokens it took."),
    Doubt.NO_FILE: gettext_lazy("Its video isn't saved here."),
    Doubt.MODEL: gettext_lazy("No formula is documented for its model."),
    Doubt.UNMEASURED: gettext_lazy("Its file doesn't say how large or how long it is."),
    Doubt.DRAFT: gettext_lazy("What drafts of this model cost isn't documented."),
    Doubt.INPUT: gettext_lazy(
        "It isn't known how long its input videos are, or whether it had any."
    ),
    Doubt.MINIMUM: gettext_lazy(
        "Videos with input videos have a minimum that the documentation doesn't give."
    ),
    Doubt.ENLARGED: gettext_lazy("Its file was enlarged after the video was made."),
}


def by_formula(charge: Charge) -> str:
    """The formula's tokens, as a range where the documentation leaves it open; "" without."""
    least, most = charge.formula_least, charge.formula_tokens
    if least is None or most is None:
        return ""
    if least == most or charge.tokens == most:
        return grouped(most)
    return _("%(least)s to %(most)s") % {"least": grouped(least), "most": grouped(most)}


def difference(charge: Charge) -> str:
    """Tokens that were billed more or fewer; "" where they are equal or unknown."""
    number = charge.token_difference
    if not number:
        return ""
    words = _("%(number)s more") if number > 0 else _("%(number)s fewer")
    return words % {"number": grouped(abs(number))}


def doubt(charge: Charge) -> str:
    """The reason why its tokens cannot be compared, "" where they could be."""
    return str(DOUBTS.get(charge.token_doubt or "", ""))


def facts_of(charge: Charge | None) -> list[Fact]:
    """The comparison as a fact of a task's page; none while there is nothing to compare."""
    if charge is None or charge.token_check is None:
        return []
    label = _("tokens against the formula")
    if charge.token_check == TokenCheck.UNKNOWN:
        words = _("Can't be compared. %(reason)s") % {"reason": doubt(charge)}
        return [Fact(label, words, name="token_check")]
    words = _("Billed %(billed)s tokens; by the formula %(formula)s")
    values = {"billed": grouped(charge.tokens), "formula": by_formula(charge)}
    found = words % values
    if more := difference(charge):
        found = _("%(comparison)s: %(difference)s") % {"comparison": found, "difference": more}
    return [Fact(label, found, name="token_check")]
