"""The few facts beside a clip; all others are folded under "Details"."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tasks.billing.amounts import money
from tasks.models import Charge, Submission, Task
from tasks.providers.catalog.models import find_model, is_catalogued
from tasks.web.presenters.facts import Fact, grouped
from tasks.web.presenters.task_files import TaskFiles

LONG = 300  # characters of a prompt


def key_facts(task: Task, files: TaskFiles) -> list[Fact]:
    """Model, size, length, seed and cost, as far as they are known and for this reader."""
    if task.is_foreign:
        return []
    facts = [
        Fact(_("Model"), model_label(task), name="model"),
        Fact(_("Size"), _joined(_pixels(task, files), task.ratio), name="size"),
        Fact(_("Length"), _joined(_length(task), _rate(task)), name="length"),
        Fact(_("Seed"), "" if task.seed is None else str(task.seed), name="seed"),
        Fact(_("Cost"), _cost(task) if task.shows_details else "", name="cost"),
    ]
    return [fact for fact in facts if fact.value]


def is_long(prompt: str) -> bool:
    """Whether a prompt would push what is below it out of sight."""
    return len(prompt) > LONG or prompt.count("\n") > 6


def model_label(task: Task) -> str:
    """The model's name in the catalog; the provider's name for one that is not in it."""
    submission: Submission | None = getattr(task, "submission", None)
    model = submission.generation.catalogued if submission else None
    if model is None and is_catalogued(task.model):
        model = find_model(task.model)
    return model.label if model else task.model


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))


def _pixels(task: Task, files: TaskFiles) -> str:
    """The size of our file; while there is none, the resolution that was asked for."""
    return (files.video.pixels if files.video and files.is_saved else "") or task.resolution


def _length(task: Task) -> str:
    if task.duration:
        return _("%(number)s s") % {"number": task.duration}
    return _("%(number)s frames") % {"number": task.frames} if task.frames else ""


def _rate(task: Task) -> str:
    return _("%(number)s fps") % {"number": task.framespersecond} if task.framespersecond else ""


def _cost(task: Task) -> str:
    """What the provider charged, or the sum by our price list, and the tokens that it counted."""
    charge: Charge | None = getattr(task, "charge", None)
    paid = ""
    if task.cost_micros is not None and task.cost_currency:
        paid = money(task.cost_micros, task.cost_currency)
    elif charge and charge.is_billed and charge.price:
        paid = money(charge.micros, charge.currency)
    counted = task.total_tokens if task.total_tokens is not None else task.completion_tokens
    tokens = _("%(number)s tokens") % {"number": grouped(counted)} if counted is not None else ""
    return _joined(paid, tokens)
