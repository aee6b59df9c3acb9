"""What can be chosen above the list, and what has been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tasks.listing.counts import Count
from tasks.listing.filters import Filters
from tasks.models import Credential, Membership, Project
from tasks.models.status_change import STATUS_CHOICES
from tasks.showing.facts import PROVIDER_LABELS
from tasks.showing.looks import LOOKS, Look
from tasks.status import Status

#: Always offered, in the order of a task's life; the others after them, while there are some.
USUAL = (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED)
ORDER = (*USUAL, *(status for status in Status if status not in USUAL))
WORDS = dict(STATUS_CHOICES)


@dataclass(frozen=True)
class StatusChoice:
    status: str
    word: str
    look: Look
    count: Count
    chosen: bool
    url: str


def statuses(filters: Filters, counts: dict[str, Count]) -> list[StatusChoice]:
    return [
        StatusChoice(
            status=status,
            word=str(WORDS[status]),
            look=LOOKS[status],
            count=counts[status],
            chosen=status in filters.status,
            url=filters.toggled(status).query(),
        )
        for status in ORDER
        if status in USUAL or status in filters.status or counts[status].number
    ]


@dataclass(frozen=True)
class Choice:
    """One drop-down: the filter's name, its label, and what may be picked."""

    name: str
    label: str
    any: str
    options: list[tuple[str, str]]
    value: str

    @property
    def picked(self) -> str:
        return dict(self.options).get(self.value, self.value)


@dataclass(frozen=True)
class Chip:
    label: str
    value: str
    url: str


def drop_downs(user: Any, filters: Filters) -> list[Choice]:
    """Three queries, whoever asks; what offers no choice is left out unless it is in use."""
    credentials = list(_credentials(user).values_list("pk", "name", "provider"))
    known = {slug: str(PROVIDER_LABELS.get(slug, slug)) for _pk, _name, slug in credentials}
    projects = [(str(p.pk), p.name) for p in Project.objects.visible_to(user).order_by("name")]
    people = [(str(p.pk), p.get_full_name() or p.get_username()) for p in _people(user)]
    keys = [(str(pk), name) for pk, name, _slug in credentials]
    providers = sorted(known.items(), key=lambda item: item[1])
    offered = [
        Choice("provider", _("Provider"), _("All providers"), providers, filters.provider),
        Choice("credential", _("Credential"), _("All credentials"), keys, _s(filters.credential)),
        Choice("project", _("Project"), _("All projects"), projects, _s(filters.project)),
        Choice("person", _("Person"), _("Everyone"), people, _s(filters.person)),
    ]
    return [choice for choice in offered if len(choice.options) > 1 or choice.value]


@dataclass(frozen=True)
class DayChoice:
    word: str
    url: str
    chosen: bool


def days(filters: Filters) -> list[DayChoice]:
    """The last seven days by name, then all of them, then any."""
    today = timezone.localdate()
    last = [today - timedelta(days=ago) for ago in range(7)]
    spans: list[tuple[str, date | None, date | None]]
    spans = [(_day(day, today), day, day) for day in last]
    spans += [(_("Last 7 days"), last[-1], today), (_("Any day"), None, None)]
    now = (filters.since, filters.until)
    return [
        DayChoice(word, filters.of_days(since, until).query(), (since, until) == now)
        for word, since, until in spans
    ]


def days_picked(filters: Filters) -> str:
    """In words, "" where any day will do."""
    since, until = filters.since, filters.until
    if since and since == until:
        return f"{date_format(since, 'l')}, {date_format(since)}"
    if since and until:
        return f"{date_format(since)} – {date_format(until)}"
    if since:
        return _("since %(day)s") % {"day": date_format(since)}
    return _("until %(day)s") % {"day": date_format(until)} if until else ""


def _day(day: date, today: date) -> str:
    named = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}
    return named.get(day) or date_format(day, "l")


def chips(filters: Filters, choices: list[Choice]) -> list[Chip]:
    found = [
        Chip(choice.label, choice.picked, filters.without(choice.name).query())
        for choice in choices
        if choice.value
    ]
    if picked := days_picked(filters):
        found.append(Chip(_("Day"), picked, filters.of_days(None, None).query()))
    if filters.batch:
        found.append(Chip(_("Batch"), str(filters.batch), filters.without("batch").query()))
    if filters.starred:
        found.append(Chip(_("Only"), _("Starred"), filters.without("starred").query()))
    if filters.q:
        found.insert(0, Chip(_("Text"), filters.q, filters.without("q").query()))
    return found


def _s(number: int | None) -> str:
    return str(number or "")


def _credentials(user: Any) -> QuerySet[Credential]:
    return Credential.objects.visible_to(user).order_by("name")


def _people(user: Any) -> QuerySet[User]:
    """Staff may see everyone, others those they share a project with."""
    people = User.objects.only("username", "first_name", "last_name").order_by("username")
    if user.is_staff:
        return people
    shared = Membership.objects.filter(
        user=OuterRef("pk"), project__in=Project.objects.visible_to(user)
    )
    return people.filter(Exists(shared))
