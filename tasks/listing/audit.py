"""Who did what: which entries an address asks for, paged by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.listing.choices import Chip, Choice
from tasks.listing.days import read_day
from tasks.models import AuditEntry, Membership, Project, Verb
from tasks.models.audit import AuditQuerySet

ROWS = 100
AT_ONCE = 2_000  # rows of an export that are in memory

#: Verbs that are looked for together.
GROUPS: dict[str, tuple[Any, tuple[Verb, ...]]] = {
    "sign-ins": (
        gettext_lazy("Sign-ins"),
        (
            Verb.SIGNED_IN,
            Verb.SIGN_IN_FAILED,
            Verb.SIGNED_OUT,
            Verb.SESSIONS_ENDED,
            Verb.PASSWORD_CHANGED,
            Verb.FACTOR_ADDED,
            Verb.FACTOR_REMOVED,
        ),
    ),
    "people": (
        gettext_lazy("People and projects"),
        (
            Verb.INVITED,
            Verb.INVITATION_WITHDRAWN,
            Verb.JOINED,
            Verb.ROLE_CHANGED,
            Verb.PERSON_REMOVED,
            Verb.PERSON_ADDED,
            Verb.PERSON_CHANGED,
            Verb.PROJECT_MADE,
            Verb.PROJECT_CHANGED,
            Verb.PROJECT_REMOVED,
        ),
    ),
    "credentials": (
        gettext_lazy("Credentials and keys"),
        (
            Verb.CREDENTIAL_ADDED,
            Verb.CREDENTIAL_CHANGED,
            Verb.CREDENTIAL_REMOVED,
            Verb.KEY_REPLACED,
        ),
    ),
    "money": (
        gettext_lazy("Prices and budgets"),
        (Verb.PRICE_SET, Verb.PRICE_ENDED, Verb.PRICE_REMOVED, Verb.BUDGET_CHANGED),
    ),
    "prompts": (gettext_lazy("Saved prompts"), (Verb.PROMPT_SAVED, Verb.PROMPT_CHANGED)),
    "tasks": (
        gettext_lazy("Tracking and cancelling"),
        (Verb.TRACKED, Verb.ADOPTED, Verb.CANCELLED),
    ),
    "deletions": (gettext_lazy("Deletions"), (Verb.DELETED, Verb.RESTORED, Verb.PURGED)),
    "exports": (gettext_lazy("Exports"), (Verb.EXPORTED,)),
}
KINDS = {
    "task": gettext_lazy("Task"),
    "copy": gettext_lazy("Saved file"),
    "user": gettext_lazy("Person"),
    "membership": gettext_lazy("Membership"),
    "invitation": gettext_lazy("Invitation"),
    "project": gettext_lazy("Project"),
    "credential": gettext_lazy("Credential"),
    "price": gettext_lazy("Price"),
    "savedprompt": gettext_lazy("Saved prompt"),
}


@dataclass(frozen=True, kw_only=True)
class AuditFilters:
    """One field per name in the query string; what cannot be read counts as not given."""

    what: str = ""
    person: int | None = None
    project: int | None = None
    kind: str = ""
    since: date | None = None
    until: date | None = None
    address: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> AuditFilters:
        what, kind = query.get("what", ""), query.get("kind", "")
        return cls(
            what=what if what in GROUPS else "",
            person=number(query.get("person", "")),
            project=number(query.get("project", "")),
            kind=kind if kind in KINDS else "",
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
            address=_address(query.get("address", "")),
        )

    def narrow(self, entries: AuditQuerySet) -> AuditQuerySet:
        wanted = {
            "verb__in": GROUPS[self.what][1] if self.what else None,
            "actor_id": self.person,
            "project_id": self.project,
            "kind": self.kind,
            "at__gte": _midnight(self.since) if self.since else None,
            "at__lt": _midnight(self.until + timedelta(days=1)) if self.until else None,
            "address": self.address,
        }
        return entries.filter(**{name: value for name, value in wanted.items() if value})

    def pairs(self) -> list[tuple[str, str]]:
        found = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, str(value)) for name, value in found if value]

    def query(self, **more: object) -> str:
        pairs = [*self.pairs(), *((name, str(value)) for name, value in more.items())]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def without(self, name: str) -> AuditFilters:
        return replace(self, **{name: getattr(AuditFilters(), name)})


@dataclass(frozen=True)
class Page:
    """`older` is the ?before= of the page that follows."""

    entries: list[AuditEntry]
    is_first: bool
    older: int | None


def page_of(entries: AuditQuerySet, query: QueryDict) -> Page:
    """The newest, or those just older than `before`."""
    before = number(query.get("before", ""))
    wanted = entries.filter(pk__lt=before) if before else entries
    found = list(wanted.order_by("-pk")[: ROWS + 1])
    return Page(found[:ROWS], not before, found[ROWS - 1].pk if len(found) > ROWS else None)


def every(entries: AuditQuerySet) -> Iterator[AuditEntry]:
    """All of them, the newest first, in portions: no statement waits for a slow reader."""
    portion = list(entries.order_by("-pk")[:AT_ONCE])
    while portion:
        yield from portion
        portion = list(entries.filter(pk__lt=portion[-1].pk).order_by("-pk")[:AT_ONCE])


def drop_downs(user: Any, filters: AuditFilters) -> list[Choice]:
    """Two queries; three for who is not staff."""
    managed = Project.objects.managed_by(user).order_by("name")
    projects = [(str(each.pk), each.name) for each in managed]
    people = [(str(each.pk), each.get_username()) for each in _people(user)]
    groups = [(name, str(label)) for name, (label, _verbs) in GROUPS.items()]
    kinds = [(name, str(label)) for name, label in KINDS.items()]
    offered = [
        Choice("what", _("What"), _("Everything"), groups, filters.what),
        Choice("person", _("Person"), _("Everyone"), people, str(filters.person or "")),
        Choice("project", _("Project"), _("All projects"), projects, str(filters.project or "")),
        Choice("kind", _("Kind of thing"), _("All kinds"), kinds, filters.kind),
    ]
    return [choice for choice in offered if len(choice.options) > 1 or choice.value]


def chips(filters: AuditFilters, choices: list[Choice]) -> list[Chip]:
    found = [(choice.name, choice.label, choice.picked) for choice in choices if choice.value]
    if filters.since:
        found.append(("since", _("From"), date_format(filters.since)))
    if filters.until:
        found.append(("until", _("To"), date_format(filters.until)))
    if filters.address:
        found.append(("address", _("Address"), filters.address))
    return [Chip(label, value, filters.without(name).query()) for name, label, value in found]


def _people(user: Any) -> Any:
    people = User.objects.only("username").order_by("username")
    if user.is_staff:
        return people
    managed = Project.objects.ids_managed_by(user)
    return people.filter(
        Exists(Membership.objects.filter(user=OuterRef("pk"), project__in=managed))
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
