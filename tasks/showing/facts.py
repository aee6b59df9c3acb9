"""All that is known of a task, in words, under a heading each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Task
from tasks.providers import PROVIDERS

PROVIDER_LABELS = {known.slug: gettext_lazy(known.label) for known in PROVIDERS}


@dataclass(frozen=True)
class Fact:
    """One line of a task's page; `kind` is how it is drawn."""

    label: str
    value: Any
    kind: str = "text"  # text, code, time
    name: str = ""


OUTPUT = (
    "resolution ratio duration frames framespersecond generate_audio output_format seed draft "
    "draft_task_id"
).split()
ORDER = (
    "model action service_tier priority execution_expires_after tools safety_identifier"
).split()
USAGE = "total_tokens completion_tokens web_searches quota".split()
WHERE = "credential base_url remote_id request_id project created_by".split()
TIMES = (
    "queue_seconds run_seconds remote_created_at remote_started_at remote_finished_at "
    "remote_updated_at created_at queued_at running_at ended_at asked_at last_heard_at "
    "check_after link_ends_at"
).split()
OF_OUR_OWN = {
    "last_heard_at": gettext_lazy("last answer"),
    "queue_seconds": gettext_lazy("time in the queue"),
    "run_seconds": gettext_lazy("time at work"),
}
COUNTED = {"total_tokens", "completion_tokens", "web_searches", "quota"}
COPIED = {"model", "seed", "base_url", "remote_id", "request_id", "draft_task_id"}
COPIED |= {"safety_identifier"}


def groups(task: Task, cost: list[Fact]) -> list[tuple[str, list[Fact]]]:
    """A group without facts is left out; `cost` is what showing/money.py knows."""
    found = [
        (_("Output"), _facts(task, *OUTPUT)),
        (_("Order"), _facts(task, *ORDER)),
        (_("Usage"), _facts(task, *USAGE)),
        (_("Cost"), cost),
        (_("Where"), [Fact(_("provider"), provider(task)), *_facts(task, *WHERE)]),
        (_("Times"), _facts(task, *TIMES)),
    ]
    return [(heading, facts) for heading, facts in found if facts]


def provider(task: Task) -> str:
    return str(PROVIDER_LABELS.get(task.provider, task.provider))


def _facts(task: Task, *names: str) -> list[Fact]:
    facts = [fact_of(task, name) for name in names if name != "remote_id" or task.is_named]
    return [fact for fact in facts if fact.value not in (None, "")]


def fact_of(task: Task, name: str) -> Fact:
    value = getattr(task, name)
    return Fact(_label(name), _in_words(name, value), _kind(name, value), name)


def _label(name: str) -> str:
    if name in OF_OUR_OWN:
        return str(OF_OUR_OWN[name])
    return str(getattr(Task._meta.get_field(name), "verbose_name", name))


def _kind(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return "time"
    return "code" if name in COPIED else "text"


def _in_words(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in ("duration", "execution_expires_after") and value is not None:
        return _("%(number)s s") % {"number": value}
    if isinstance(value, float):
        return clock(value)
    if name in COUNTED and value is not None:
        return grouped(value)
    return value


def grouped(number: int) -> str:
    return f"{number:,}"  # so in both our languages; Django's Chinese would not group at all


def clock(seconds: float) -> str:
    """A stopwatch: 0:07, 12:03, 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"
