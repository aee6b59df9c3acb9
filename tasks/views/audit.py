"""Who did what: to read, to filter, to take along; never to change."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tasks.audit import note
from tasks.listing import audit as listing
from tasks.listing import sheets
from tasks.models import AuditEntry, Project, Verb
from tasks.models.audit import AuditQuerySet
from tasks.showing.audit import Line


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Newest first, narrowed by what the address says; a manager's is that of their projects."""
    filters = listing.AuditFilters.read(request.GET)
    page = listing.page_of(_entries(request, request.GET), request.GET)
    choices = listing.drop_downs(request.user, filters)
    context = {
        "now": timezone.now(),
        "page": page,
        "lines": list(_lines(page.entries)),
        "audit_filters": filters,
        "drop_downs": choices,
        "chips": listing.chips(filters, choices),
        "older_url": filters.query(before=page.older),
    }
    return render(request, "audit/page.html", context)


@require_POST
def export_audit(request: HttpRequest) -> HttpResponseBase:
    """All that the filters leave, as CSV; who takes it along is noted in it first."""
    entries = _entries(request, request.POST)
    note(request, Verb.EXPORTED, label=_("the audit"), **_asked(request.POST))
    response = StreamingHttpResponse(_sheet(entries), content_type="text/csv; charset=utf-8")
    name = f"Dailies audit {timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _entries(request: HttpRequest, query: QueryDict) -> AuditQuerySet:
    if not (request.user.is_staff or Project.objects.managed_by(request.user).exists()):
        raise PermissionDenied
    return listing.AuditFilters.read(query).narrow(AuditEntry.objects.visible_to(request.user))


def _asked(query: QueryDict) -> dict[str, Any]:
    return dict(listing.AuditFilters.read(query).pairs())


def _lines(entries: Iterable[AuditEntry]) -> Iterator[Line]:
    names = dict(Project.objects.values_list("pk", "name"))
    return (Line(entry, names) for entry in entries)


def _sheet(entries: AuditQuerySet) -> Iterator[str]:
    head = ["id", "at", "actor", "actor id", "verb", "kind", "object id", "to what", "project"]
    rows = map(_cells, _lines(listing.every(entries)))
    return sheets.lines([*head, "address", "changes", "in words"], rows)


def _cells(line: Line) -> list[Any]:
    entry = line.entry
    changes = "; ".join(f"{name}: {words}" for name, words in line.changes)
    what = [entry.verb, entry.kind, entry.object_id, entry.label]
    who = [entry.pk, entry.at.isoformat(timespec="seconds"), entry.actor, entry.actor_id]
    return [*who, *what, line.project, entry.address, changes, line.sentence]
