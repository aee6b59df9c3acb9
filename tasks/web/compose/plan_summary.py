"""The summary of a plan before it is placed: the videos, their number, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks.providers.catalog.models import ADAPTIVE
from tasks.web.compose.labels import seconds, violation_sentence
from tasks.web.compose.model_options import FORM_NAMES
from tasks.web.compose.plan import Combination, Omission, Plan

MOST_LINES = 100


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """The summary of a plan in words."""

    number: int  # of videos
    factors: str  # "2 prompts × 3 ratios × 2 takes"
    lines: list[str]  # one for each combination, if there are several
    omissions: list[str]
    without_sound: str  # labels of models that make no sound, where it is requested
    without_seeds: str  # labels of models that take no seeds, where seeds are given

    @classmethod
    def of(cls, plan: Plan, field_labels: Mapping[str, Any]) -> PlanSummary:
        """Summarize a plan; `field_labels` are the labels of the form's fields, by their names."""
        composition = plan.composition
        silent = plan.models_without("has_audio") if composition.shared.generate_audio else []
        seedless = plan.models_without("has_seed") if composition.seeding else []
        several = plan.possible[:MOST_LINES] if composition.number > 1 else []
        return cls(
            number=plan.number,
            factors=_factors(plan),
            lines=[_line(each, plan) for each in several],
            omissions=[_omission(each, field_labels) for each in plan.omissions],
            without_sound=", ".join(silent),
            without_seeds=", ".join(seedless),
        )


def _factors(plan: Plan) -> str:
    """The factors of the number of videos, leaving out those that are 1."""
    tried = plan.composition
    lengths = len(tried.durations) * len(tried.frames)
    counts = (
        (tried.number_of_prompts, lambda n: ngettext("%(n)s prompt", "%(n)s prompts", n)),
        (len(tried.models), lambda n: ngettext("%(n)s model", "%(n)s models", n)),
        (len(tried.ratios), lambda n: ngettext("%(n)s ratio", "%(n)s ratios", n)),
        (
            len(tried.resolutions),
            lambda n: ngettext("%(n)s resolution", "%(n)s resolutions", n),
        ),
        (lengths, lambda n: ngettext("%(n)s length", "%(n)s lengths", n)),
        (tried.takes_of_each, lambda n: ngettext("%(n)s take", "%(n)s takes", n)),
    )
    return " × ".join(words(number) % {"n": number} for number, words in counts if number > 1)


def _line(each: Combination, plan: Plan) -> str:
    """The values that distinguish a combination from the others."""
    tried, request = plan.composition, each.request
    length = str(seconds(request.duration)) if request.duration else ""
    if request.frames:
        length = _("%(number)s frames") % {"number": request.frames}
    parts = (
        (len(tried.models), each.model.label),
        (
            len(tried.ratios),
            _("Same as input") if request.ratio == ADAPTIVE else request.ratio,
        ),
        (len(tried.resolutions), request.resolution),
        (len(tried.durations) * len(tried.frames), length),
        (len(tried.prompts), Truncator(request.prompt).chars(80)),
    )
    return " · ".join(str(words) for number, words in parts if number > 1 and words)


def _omission(each: Omission, field_labels: Mapping[str, Any]) -> str:
    name = each.violation.field
    label = field_labels.get(FORM_NAMES.get(name, name), "")
    words = {"model": each.model.label, "setting": label}
    words["why"] = violation_sentence(each.violation)
    sentence = _("%(model)s, %(setting)s: %(why)s") if label else _("%(model)s: %(why)s")
    return f"{sentence % words} ({each.number})"
