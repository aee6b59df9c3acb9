"""What would be made, told before it is: how many of what, which ones, and what is left out."""

from __future__ import annotations

from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks.making.matrix import Combination, Omission, Plan
from tasks.making.words import seconds, sentence
from tasks.providers.catalog import ADAPTIVE
from tasks.providers.wish import Wish

MOST_TOLD = 100


def product_of(plan: Plan, takes: int) -> str:
    """ "2 prompts × 3 ratios × 2 takes"; of what there is one of nothing is said."""
    axes = plan.axes
    lengths = len(axes.durations) * len(axes.frames)
    counts = (
        (axes.number_of_prompts, lambda n: ngettext("%(n)s prompt", "%(n)s prompts", n)),
        (len(axes.models), lambda n: ngettext("%(n)s model", "%(n)s models", n)),
        (len(axes.ratios), lambda n: ngettext("%(n)s ratio", "%(n)s ratios", n)),
        (len(axes.resolutions), lambda n: ngettext("%(n)s resolution", "%(n)s resolutions", n)),
        (lengths, lambda n: ngettext("%(n)s length", "%(n)s lengths", n)),
        (takes, lambda n: ngettext("%(n)s take", "%(n)s takes", n)),
    )
    return " × ".join(words(number) % {"n": number} for number, words in counts if number > 1)


def lines(plan: Plan) -> list[str]:
    """Each combination by what tells it from the others."""
    return [_line(each, plan) for each in plan.possible[:MOST_TOLD]]


def _line(each: Combination, plan: Plan) -> str:
    axes, wish = plan.axes, each.wish
    parts = (
        (len(axes.models), each.model.label),
        (len(axes.ratios), ratio(wish.ratio)),
        (len(axes.resolutions), wish.resolution),
        (len(axes.durations) * len(axes.frames), length(wish)),
        (len(axes.prompts), Truncator(wish.prompt).chars(80)),
    )
    return " · ".join(str(words) for number, words in parts if number > 1 and words)


def ratio(name: str | None) -> Any:
    return _("as the input") if name == ADAPTIVE else name


def length(wish: Wish) -> str:
    if wish.frames:
        return _("%(number)s frames") % {"number": wish.frames}
    return str(seconds(wish.duration)) if wish.duration else ""


def omission(each: Omission, label: Any) -> str:
    """`label` is the field's own name on the page."""
    words = {"model": each.model.label, "setting": label, "why": sentence(each.objection)}
    told = _("%(model)s, %(setting)s: %(why)s") if label else _("%(model)s: %(why)s")
    return f"{told % words} ({each.number})"
