"""Exports: Excel files that are written beside the pages, asked for and fetched here."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from tasks.models import AuditAction, Export, ExportState, ExportTable, Profile
from tasks.models.access import still_sees
from tasks.models.charge import day_of
from tasks.models.export import ExportQuerySet
from tasks.models.storage import remove_files
from tasks.team.audit import note
from tasks.team.limits import Limit
from tasks.web.costs import cost_exports
from tasks.web.costs.cost_filters import CostFilters, projects_seen_by
from tasks.web.costs.export_rows import SHOWN, ExportRow
from tasks.web.files import SavedFile, answer
from tasks.web.limits import limited

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def export_list(request: HttpRequest) -> HttpResponse:
    """List the files that this person asked for, the newest first."""
    projects_seen_by(request.user)
    return render(request, "costs/exports.html", _context(request))


@require_GET
def export_progress(request: HttpRequest) -> HttpResponse:
    """Show the same list as it is now, for a page that waits for a file."""
    projects_seen_by(request.user)
    return render(request, "costs/_exports.html", _context(request))


@require_POST
@limited(Limit.EXPORT)
def ask_for_sums(request: HttpRequest) -> HttpResponse:
    """Let the sums of a period be written to an Excel file."""
    return _ask(request, ExportTable.SUMS, [], _("sums of costs"))


@require_POST
@limited(Limit.EXPORT)
def ask_for_takes(request: HttpRequest) -> HttpResponse:
    """Let takes be written to an Excel file, and remember which columns this person wants."""
    heads = [each.head for each in cost_exports.chosen(request.POST.getlist("column"))]
    Profile.objects.remember(request.user, export_columns=",".join(heads))
    return _ask(request, ExportTable.TAKES, heads, _("takes and their costs"))


@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a file to whoever asked for it, while they see the money that is in it."""
    export = get_object_or_404(_own(request).filter(state=ExportState.READY), pk=pk)
    if not still_sees(request.user, export.projects):
        raise Http404
    row = ExportRow(export)
    saved = SavedFile(
        name=export.name, content_type=XLSX, download_name=row.file_name, size=export.size
    )
    return answer(request, saved)


@require_POST
def delete_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an export with its file; one that is being written stops."""
    export = get_object_or_404(_own(request), pk=pk)
    remove_files(export.name)
    export.delete()
    return redirect("exports")


def _own(request: HttpRequest) -> ExportQuerySet:
    return Export.objects.visible_to(request.user).kept(timezone.now())


def _ask(request: HttpRequest, table: ExportTable, columns: list[str], label: str) -> HttpResponse:
    seen, now = projects_seen_by(request.user), timezone.now()
    filters = CostFilters.read(request.POST, day_of(now))
    note(request, AuditAction.EXPORTED, label=label, **filters.noted)
    Export.objects.ask(
        request.user,
        table,
        query=filters.query().removeprefix("?"),
        columns=columns,
        projects=filters.projects_among(seen),
        now=now,
    )
    return redirect("exports")


def _context(request: HttpRequest) -> dict[str, object]:
    rows = [ExportRow(each) for each in _own(request)[:SHOWN]]
    return {
        "rows": rows,
        "waits": any(row.export.is_open for row in rows),
        "now": timezone.now(),
    }
