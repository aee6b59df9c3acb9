"""Errors of a compose form that no field finds by itself; a preview shows those coded "rule"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tasks.providers.catalog.rules import LARGEST_SEED
from tasks.web.compose.composition import MOST_COMBINATIONS, Composition
from tasks.web.compose.labels import is_shown_early, violation_sentence
from tasks.web.compose.model_options import FORM_NAMES, Seeding
from tasks.web.compose.plan import Plan

#: The name of the field that it belongs to, or None for the whole form; and the error.
Named = tuple[str | None, ValidationError]


def seed_errors(composition: Composition, seeds: Sequence[int] | None) -> Iterator[Named]:
    """Find what is wrong with the seeds that were given; None: they could not be read."""
    if composition.seeding == Seeding.LIST and seeds == []:
        yield "seeds", ValidationError(_("Enter at least one seed."), code="later")
    elif composition.seeding == Seeding.SAME and len(composition.seeds) > 1:
        yield "seeds", ValidationError(_("Enter one seed for all takes."), code="rule")
    if any(seed > LARGEST_SEED for seed in composition.seeds):
        largest = _("The largest seed is %(most)s.") % {"most": LARGEST_SEED}
        yield "seeds", ValidationError(largest, code="rule")


def plan_errors(plan: Plan, most_takes: int) -> Iterator[Named]:
    """Find the rules that all combinations break, and plans that are too large or empty.

    Some combinations may be left out, which the page reports; but not all of them.
    """
    for violation in plan.violations_of_all:
        code = "rule" if is_shown_early(violation) else "later"
        name = FORM_NAMES.get(violation.field, violation.field)
        yield name, ValidationError(violation_sentence(violation), code=code)
    most = min(most_takes, MOST_COMBINATIONS)
    if plan.number > most:
        message = _("This makes %(is)s videos. You can generate at most %(most)s at once.")
        numbers = {"is": plan.number, "most": most}
        yield None, ValidationError(message % numbers, code="rule")
    elif not plan.possible:
        yield None, ValidationError(_("None of these combinations is possible."), code="rule")
