"""The entries that an address of the audit asks for, paged by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import AuditAction, AuditEntry, Copy, Project, Task
from tasks.models.access import people_managed_by
from tasks.models.audit import AuditQuerySet
from tasks.providers.numbers import whole_number
from tasks.web.lists.days import midnight, read_day
from tasks.web.lists.filter_choices import Chip, DropDown

ROWS = 100
PORTION = 2_000  # rows of an export that are in memory at once

#: Verbs that are filtered for together, under one label.
GROUPS: dict[str, tuple[Any, tuple[AuditAction, ...]]] = {
    "sign-ins": (
        gettext_lazy("Sign-ins"),
        (
            AuditAction.SIGNED_IN,
            AuditAction.SIGN_IN_FAILED,
            AuditAction.SIGNED_OUT,
            AuditAction.SESSIONS_ENDED,
            AuditAction.PASSWORD_CHANGED,
            AuditAction.FACTOR_ADDED,
            AuditAction.FACTOR_REMOVED,
            AuditAction.TOKEN_MADE,
            AuditAction.TOKEN_REVOKED,
        ),
    ),
    "people": (
        gettext_lazy("People and projects"),
        (
            AuditAction.INVITED,
            AuditAction.INVITATION_WITHDRAWN,
            AuditAction.JOINED,
            AuditAction.ROLE_CHANGED,
            AuditAction.PERSON_REMOVED,
            AuditAction.PERSON_ADDED,
            AuditAction.PERSON_CHANGED,
            AuditAction.SERVICE_MADE,
            AuditAction.PROJECT_MADE,
            AuditAction.PROJECT_CHANGED,
            AuditAction.PROJECT_REMOVED,
        ),
    ),
    "credentials": (
        gettext_lazy("Credentials and keys"),
        (
            AuditAction.CREDENTIAL_ADDED,
            AuditAction.CREDENTIAL_CHANGED,
            AuditAction.CREDENTIAL_REMOVED,
            AuditAction.KEY_REPLACED,
        ),
    ),
    "money": (
        gettext_lazy("Prices and budgets"),
        (
            AuditAction.PRICE_SET,
            AuditAction.PRICE_ENDED,
            AuditAction.PRICE_REMOVED,
            AuditAction.BUDGET_CHANGED,
        ),
    ),
    "prompts": (
        gettext_lazy("Saved prompts"),
        (AuditAction.PROMPT_SAVED, AuditAction.PROMPT_CHANGED),
    ),
    "tasks": (
        gettext_lazy("Tracking and cancelling"),
        (AuditAction.TRACKED, AuditAction.ADOPTED, AuditAction.MOVED, AuditAction.CANCELLED),
    ),
    "deletions": (
        gettext_lazy("Deletions"),
        (AuditAction.DELETED, AuditAction.RESTORED, AuditAction.PURGED),
    ),
    "exports": (gettext_lazy("Exports"), (AuditAction.EXPORTED,)),
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
    """The filters, one field per name in the query string; unreadable values count as absent."""

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
        try:
            address = str(ip_address(query.get("address", "").strip()))
        except ValueError:
            address = ""
        return cls(
            what=what if what in GROUPS else "",
            person=whole_number(query.get("person", "")),
            project=whole_number(query.get("project", "")),
            kind=kind if kind in KINDS else "",
            since=read_day(query.get("since", "")),
            until=read_day(query.get("until", "")),
            address=address,
        )

    def narrow(self, entries: AuditQuerySet) -> AuditQuerySet:
        conditions = {
            "verb__in": GROUPS[self.what][1] if self.what else None,
            "actor_id": self.person,
            "project_id": self.project,
            "kind": self.kind,
            "at__gte": midnight(self.since) if self.since else None,
            "at__lt": midnight(self.until + timedelta(days=1)) if self.until else None,
            "address": self.address,
        }
        return entries.filter(**{name: value for name, value in conditions.items() if value})

    def pairs(self) -> list[tuple[str, str]]:
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, str(value)) for name, value in pairs if value]

    def query(self, **more: object) -> str:
        pairs = [*self.pairs(), *((name, str(value)) for name, value in more.items())]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def without(self, name: str) -> AuditFilters:
        return replace(self, **{name: getattr(AuditFilters(), name)})


@dataclass(frozen=True)
class AuditPage:
    """A page of entries; `older` is the ?before= of the page that follows."""

    entries: list[AuditEntry]
    is_first: bool
    older: int | None


def audit_page(entries: AuditQuerySet, query: QueryDict) -> AuditPage:
    """The newest entries, or those just older than ?before=."""
    before = whole_number(query.get("before", ""))
    wanted = entries.filter(pk__lt=before) if before else entries
    rows = list(wanted.order_by("-pk")[: ROWS + 1])
    return AuditPage(rows[:ROWS], not before, rows[ROWS - 1].pk if len(rows) > ROWS else None)


def tasks_of(entries: Iterable[AuditEntry], user: Any) -> dict[int, Task]:
    """The tasks that entries name and this person still sees, by the entries' ids.

    Four queries at most: for entries of files, the projects, the tasks, their copies.
    """
    named = [entry for entry in entries if entry.kind in ("task", "copy") and entry.object_id]
    copies = [entry.object_id or 0 for entry in named if entry.kind == "copy"]
    files = dict(Copy.objects.filter(pk__in=copies).values_list("pk", "task")) if copies else {}
    ids = {e.pk: files.get(e.object_id or 0) if e.kind == "copy" else e.object_id for e in named}
    known = {entry: pk for entry, pk in ids.items() if pk is not None}
    if not known:
        return {}
    visible = Task.objects.visible_to(user).filter(pk__in=known.values())
    tasks = visible.only("status", "ratio", "trouble").prefetch_related("copies").in_bulk()
    return {entry: tasks[pk] for entry, pk in known.items() if pk in tasks}


def every(entries: AuditQuerySet) -> Iterator[AuditEntry]:
    """All entries, the newest first, read in portions: no statement waits for a slow reader."""
    portion = list(entries.order_by("-pk")[:PORTION])
    while portion:
        yield from portion
        portion = list(entries.filter(pk__lt=portion[-1].pk).order_by("-pk")[:PORTION])


def drop_downs(user: Any, filters: AuditFilters) -> list[DropDown]:
    """The drop-downs that offer a choice, or are in use. Two queries."""
    managed = Project.objects.managed_by(user).order_by("name")
    projects = [(str(each.pk), each.name) for each in managed]
    listed = people_managed_by(user).only("username").order_by("username")
    people = [(str(each.pk), each.get_username()) for each in listed]
    groups = [(name, str(label)) for name, (label, _verbs) in GROUPS.items()]
    kinds = [(name, str(label)) for name, label in KINDS.items()]
    drop_downs = [
        DropDown("what", _("What"), _("Everything"), groups, filters.what),
        DropDown("person", _("Person"), _("Everyone"), people, str(filters.person or "")),
        DropDown("project", _("Project"), _("All projects"), projects, str(filters.project or "")),
        DropDown("kind", _("Type"), _("All types"), kinds, filters.kind),
    ]
    return [choice for choice in drop_downs if len(choice.options) > 1 or choice.value]


def chips(filters: AuditFilters, choices: list[DropDown]) -> list[Chip]:
    pairs = [(choice.name, choice.label, choice.picked) for choice in choices if choice.value]
    if filters.since:
        pairs.append(("since", _("From"), date_format(filters.since)))
    if filters.until:
        pairs.append(("until", _("To"), date_format(filters.until)))
    if filters.address:
        pairs.append(("address", _("Address"), filters.address))
    return [Chip(label, value, filters.without(name).query()) for name, label, value in pairs]
