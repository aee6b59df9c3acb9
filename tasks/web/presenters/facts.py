"""The facts of a task in words, in groups with a heading each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks.models import Task
from tasks.providers import PROVIDERS
from tasks.providers.dialects.shapes import read_echo

PROVIDER_LABELS = {known.slug: gettext_lazy(known.label) for known in PROVIDERS}
LINK_LIVES = {known.slug: known.promised_link_life for known in PROVIDERS}


@dataclass(frozen=True)
class Fact:
    """A labelled value on a task's page; `kind` says how it is drawn."""

    label: str
    value: Any
    kind: str = "text"  # text, code, time, link
    name: str = ""


#: Names of the task's fields, by the group in which they are shown.
OUTPUT = (
    "resolution ratio duration frames framespersecond generate_audio output_format seed draft "
    "draft_task_id"
).split()
ORDER = (
    "model action service_tier priority execution_expires_after tools safety_identifier"
).split()
USAGE = "total_tokens completion_tokens web_searches quota".split()
WHERE = "credential base_url remote_id request_id project created_by".split()
NOTED = "credential remote_id project created_by created_at".split()
TIMES = (
    "queue_seconds run_seconds remote_created_at remote_started_at remote_finished_at "
    "remote_updated_at created_at queued_at running_at ended_at asked_at last_heard_at "
    "check_after link_ends_at"
).split()
#: Facts that tell of money, of the account, or of our questions to the provider. All others say
#: what was made, from what and when.
DETAILS = frozenset(USAGE) | {"credential", "base_url", "request_id", "safety_identifier"}
DETAILS |= {"remote_updated_at", "asked_at", "last_heard_at", "check_after", "link_ends_at"}
#: Labels of values that are no fields, or whose field says it otherwise.
OWN_LABELS = {
    "last_heard_at": gettext_lazy("last answer"),
    "queue_seconds": gettext_lazy("time in queue"),
    "run_seconds": gettext_lazy("time generating"),
}
#: Fields whose numbers are written in groups of three digits.
COUNTED = {"total_tokens", "completion_tokens", "web_searches", "quota"}
#: Fields that are drawn as code, to be copied.
COPIED = {"model", "seed", "base_url", "remote_id", "request_id", "draft_task_id"}
COPIED |= {"safety_identifier"}


def fact_groups(task: Task, cost: list[Fact]) -> list[tuple[str, list[Fact]]]:
    """Headings and their facts, empty groups left out; `cost` comes from billing.cost_of."""
    echoed: list[Fact] = []
    provider: list[Fact] = []
    link_life: list[Fact] = []
    if task.shows_details:
        echoed, link_life = _echoed(task), _promised_link_life(task)
        provider = [Fact(_("provider"), provider_label(task.provider))]
    groups = [
        (_("Output"), _facts(task, *OUTPUT)),
        (_("Request"), [*_facts(task, *ORDER), *echoed]),
        (_("Usage"), _facts(task, *USAGE)),
        (_("Cost"), cost),
        (_("Source"), [*provider, *_facts(task, *WHERE)]),
        (_("Times"), [*_facts(task, *TIMES), *link_life]),
    ]
    return [(heading, facts) for heading, facts in groups if facts]


def note_groups(task: Task) -> list[tuple[str, list[Fact]]]:
    """Facts of an id that belongs to another project: what was typed here, by whom and when."""
    typed = [fact_of(task, name) for name in NOTED if getattr(task, name) not in (None, "")]
    return [(_("Source"), [Fact(_("provider"), provider_label(task.provider)), *typed])]


def provider_label(slug: str) -> str:
    """The provider's name; its slug where we do not know it any more."""
    return str(PROVIDER_LABELS.get(slug, slug))


def _echoed(task: Task) -> list[Fact]:
    """Details of the order that the stored answer repeats, and no column keeps."""
    echo = read_echo(task.raw)
    facts = [Fact(_("input picture"), url, "link", "input_picture") for url in echo.input_pictures]
    if echo.origin_model not in ("", task.model):
        label = _("model name requested from the gateway")
        facts.insert(0, Fact(label, echo.origin_model, "code", "origin_model"))
    return facts


def _promised_link_life(task: Task) -> list[Fact]:
    """The life of links as the provider promises it, beside what we go by."""
    promised = LINK_LIVES.get(task.provider)
    if not promised or not task.video_url:
        return []
    hours = int(promised.total_seconds() // 3600)
    days = ngettext("%(number)s day", "%(number)s days", hours // 24) % {"number": hours // 24}
    life = days if hours > 24 else _("%(number)s hours") % {"number": hours}
    beside = _("%(life)s. We use the link's signature instead, or 24 hours if it has none.")
    label = _("link lifetime, according to the provider")
    return [Fact(label, beside % {"life": life}, name="link_life")]


def _facts(task: Task, *names: str) -> list[Fact]:
    hidden = {"remote_id"} if not task.is_named else set()
    hidden |= set() if task.shows_details else DETAILS
    facts = [fact_of(task, name) for name in names if name not in hidden]
    return [fact for fact in facts if fact.value not in (None, "")]


def fact_of(task: Task, name: str) -> Fact:
    """The fact of one of the task's fields, or of a value in OWN_LABELS."""
    value = getattr(task, name)
    label: Any = OWN_LABELS.get(name)
    if label is None:
        label = getattr(Task._meta.get_field(name), "verbose_name", name)
    kind = "code" if name in COPIED else "text"
    return Fact(
        label=str(label),
        value=_in_words(name, value),
        kind="time" if isinstance(value, datetime) else kind,
        name=name,
    )


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
    """The number in groups of three digits: 1,234,567."""
    return f"{number:,}"  # correct in both our languages; Django's Chinese would not group at all


def clock(seconds: float) -> str:
    """The time as a stopwatch shows it: 0:07, 12:03, 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"
