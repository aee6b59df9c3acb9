"""The audit's page: it can be read, filtered and exported, but never changed."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tasks.models import AuditAction, AuditEntry, Project
from tasks.models.access import require_manager
from tasks.models.audit import AuditQuerySet
from tasks.team.audit import note
from tasks.team.limits import Limit
from tasks.web.limits import limited
from tasks.web.lists import csv_tables
from tasks.web.lists.audit import (
    AuditFilters,
    audit_page,
    chips,
    drop_downs,
    every,
    tasks_of,
)
from tasks.web.presenters.audit import AuditEntryPresenter


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """List the entries, newest first, filtered by the address; managers see their projects'."""
    filters = AuditFilters.read(request.GET)
    page = audit_page(_entries(request, request.GET), request.GET)
    choices = drop_downs(request.user, filters)
    lines, tasks = list(_lines(page.entries)), tasks_of(page.entries, request.user)
    for line in lines:
        line.task = tasks.get(line.entry.pk)
    context = {
        "now": timezone.now(),
        "page": page,
        "lines": lines,
        "audit_filters": filters,
        "drop_downs": choices,
        "chips": chips(filters, choices),
        "older_url": filters.query(before=page.older),
    }
    return render(request, "audit/page.html", context)


@require_POST
@limited(Limit.EXPORT)
def export_audit(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered entries as CSV; the export itself is noted first, so it is among them."""
    entries = _entries(request, request.POST)
    filters: dict[str, Any] = dict(AuditFilters.read(request.POST).pairs())
    note(request, AuditAction.EXPORTED, label=_("the audit"), **filters)
    head = ["id", "at", "actor", "actor id", "verb", "kind", "object id", "to what", "project"]
    head += ["address", "changes", "in words", "token"]
    table = csv_tables.pieces(head, map(_csv_row, _lines(every(entries))))
    response = StreamingHttpResponse(table, content_type="text/csv; charset=utf-8")
    name = f"Dailies audit {timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _entries(request: HttpRequest, query: QueryDict) -> AuditQuerySet:
    require_manager(request.user)
    return AuditFilters.read(query).narrow(AuditEntry.objects.visible_to(request.user))


def _lines(entries: Iterable[AuditEntry]) -> Iterator[AuditEntryPresenter]:
    names = dict(Project.objects.values_list("pk", "name"))
    return (AuditEntryPresenter(entry, names) for entry in entries)


def _csv_row(line: AuditEntryPresenter) -> list[Any]:
    entry = line.entry
    changes = "; ".join(f"{name}: {words}" for name, words in line.changes)
    actor = [entry.pk, entry.at.isoformat(timespec="seconds"), entry.actor, entry.actor_id]
    subject = [entry.verb, entry.kind, entry.object_id, entry.label]
    where = [line.project, entry.address, changes, line.sentence, entry.token or ""]
    return [*actor, *subject, *where]
