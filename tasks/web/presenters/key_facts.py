"""The few facts beside a clip; all others are folded under "Details"."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tasks.models import Task
from tasks.web.presenters.facts import Fact
from tasks.web.presenters.task_files import TaskFiles

LONG = 300  # characters of a prompt


def key_facts(
    task: Task, files: TaskFiles, *, model: str, length: str, paid: str, tokens: str
) -> list[Fact]:
    """Model, size, length, seed and cost, as far as they are known; "" is what is not."""
    if task.is_foreign:
        return []
    counted = _("%(number)s tokens") % {"number": tokens} if tokens else ""
    facts = [
        Fact(_("Model"), model, name="model"),
        Fact(_("Size"), _joined(_pixels(task, files), task.ratio), name="size"),
        Fact(_("Length"), _joined(length, _rate(task)), name="length"),
        Fact(_("Seed"), "" if task.seed is None else str(task.seed), name="seed"),
        Fact(_("Cost"), _joined(paid, counted), name="cost"),
    ]
    return [fact for fact in facts if fact.value]


def is_long(prompt: str) -> bool:
    """Whether a prompt would push what is below it out of sight."""
    return len(prompt) > LONG or prompt.count("\n") > 6


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))


def _pixels(task: Task, files: TaskFiles) -> str:
    """The size of our file; while there is none, the resolution that was asked for."""
    return (files.video.pixels if files.video and files.is_saved else "") or task.resolution


def _rate(task: Task) -> str:
    return _("%(number)s fps") % {"number": task.framespersecond} if task.framespersecond else ""
