"""What can be chosen above the list, and what has been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
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


def chips(filters: Filters, choices: list[Choice]) -> list[Chip]:
    found = [
        Chip(choice.label, choice.picked, filters.without(choice.name).query())
        for choice in choices
        if choice.value
    ]
    if filters.q:
        found.insert(0, Chip(_("Text"), filters.q, filters.without("q").query()))
    return found


def _s(number: int | None) -> str:
    return str(number or "")


def _credentials(user: Any) -> QuerySet[Credential]:
    """Their names are the whole team's; only somebody in no project at all sees none."""
    if user.is_staff:
        return Credential.objects.order_by("name")
    return Credential.objects.filter(Exists(Membership.objects.filter(user=user))).order_by("name")


def _people(user: Any) -> QuerySet[User]:
    """Staff may see everyone, others those they share a project with."""
    people = User.objects.only("username", "first_name", "last_name").order_by("username")
    if user.is_staff:
        return people
    shared = Membership.objects.filter(
        user=OuterRef("pk"), project__in=Project.objects.visible_to(user)
    )
    return people.filter(Exists(shared))
