"""The timeline of a task: its creation and every change of its status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web.presenters.badges import STATUS_BADGES, Badge
from tasks.web.presenters.facts import clock


@dataclass(frozen=True)
class TimelineEntry:
    """One entry; `after` is the time since the entry before, as a stopwatch shows it."""

    word: str
    badge: Badge
    at: datetime
    after: str = ""


def timeline_of(task: Task) -> list[TimelineEntry]:
    """The creation, as the provider dates it, and every change that we saw."""
    entries = [TimelineEntry(_("Created"), Badge("plus", "grey"), task.born_at)]
    for change in task.changes.all():
        waited = clock((change.at - entries[-1].at).total_seconds())
        badge = STATUS_BADGES[Status(change.became)]
        entries.append(TimelineEntry(change.get_became_display(), badge, change.at, waited))
    return entries
