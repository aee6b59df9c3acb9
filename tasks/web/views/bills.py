"""Providers' bills: uploaded by staff, compared by a job, and what only they have adopted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from tasks import queue
from tasks.models import (
    AuditAction,
    Bill,
    BillColumns,
    BillRow,
    BillState,
    Credential,
    Project,
    Task,
    Verdict,
)
from tasks.models.access import require_staff
from tasks.team.audit import note
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.team.people import known_as
from tasks.tracking.bills.adopting import AT_ONCE, adopt_rows
from tasks.tracking.bills.columns import FORMATS, Columns, proposed, signature
from tasks.tracking.bills.comparing import by_day
from tasks.web.costs.cost_names import names_of
from tasks.web.forms.bills import BillColumnsForm, BillForm
from tasks.web.limits import limited, refused
from tasks.web.lists import csv_tables
from tasks.web.lists.paging import key_page
from tasks.web.presenters import bills as presenter
from tasks.web.presenters.untracked import adopting_projects
from tasks.web.views.posted import ids

EXPORT_HEADS = (
    "verdict", "line", "task id", "day", "model", "tokens", "amount", "currency",
    "our tokens", "our amount", "our currency", "task", "charge",
)  # fmt: skip
PORTION = 2_000


@require_http_methods(["GET", "POST"])
def bills(request: HttpRequest) -> HttpResponseBase:
    """List the bills, newest first, and take another one."""
    require_staff(request.user)
    if request.method == "GET":
        return _list_page(request, BillForm(initial={"credential": request.GET.get("credential")}))
    try:
        spend(request.user, Limit.IMPORT)
    except LimitReachedError as error:
        messages.error(request, str(error))
        return refused(_list_page(request, BillForm()), error)
    form = BillForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list_page(request, form)
    row = form.to_bill()
    row.uploaded_by, row.uploaded_at = request.user.pk or 0, timezone.now()
    try:
        with transaction.atomic():
            row.save()
            note(request, AuditAction.BILL_UPLOADED, row, credential=str(row.credential))
    except IntegrityError:
        known = Bill.objects.get(credential=row.credential, digest=row.digest)
        messages.info(request, _("This file has been uploaded before. Here it is."))
        return redirect("bill", known.pk)
    queue.compare_bill(row.pk)
    return redirect("bill", row.pk)


def _list_page(request: HttpRequest, form: BillForm) -> HttpResponse:
    rows = Bill.objects.visible_to(request.user).light()
    page = key_page(rows, request.GET)
    listed = list(rows.filter(pk__in=page.ids).select_related("credential").order_by("-pk"))
    people = names_of("person", {each.uploaded_by for each in listed})
    context = {
        "form": form,
        "page": page,
        "rows": [
            (each, people(each.uploaded_by), presenter.STATE_BADGES[BillState(each.state)])
            for each in listed
        ],
        "has_credentials": Credential.objects.exists(),
        "formats": FORMATS,
        "now": timezone.now(),
    }
    return render(request, "bills/list.html", context)


def _bill(request: HttpRequest, pk: int) -> Bill:
    require_staff(request.user)
    visible = Bill.objects.visible_to(request.user).light().select_related("credential")
    return get_object_or_404(visible, pk=pk)


@require_GET
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bill: how far its job is, which columns it needs, or its rows beside ours."""
    return _bill_page(request, _bill(request, pk))


def _bill_page(
    request: HttpRequest, row: Bill, form: BillColumnsForm | None = None
) -> HttpResponse:
    context = {**_head(row), "now": timezone.now()}
    if row.has_file and row.heads and not row.is_under_way:
        columns = Columns.from_json(row.columns) if row.columns else proposed(row.heads)
        context["form"] = form or BillColumnsForm(heads=row.heads, initial=columns)
        context["samples"] = _samples(row)
        context["format"] = next((each for each in FORMATS if each.name == row.format), None)
    if row.state == BillState.COMPARED:
        context |= _result(request, row)
    return render(request, "bills/page.html", context)


def _head(row: Bill) -> dict[str, Any]:
    return {
        "bill": row,
        "badge": presenter.STATE_BADGES[BillState(row.state)],
        "issue": presenter.issue_of(row),
        "person": names_of("person", {row.uploaded_by})(row.uploaded_by),
    }


def _samples(row: Bill) -> list[tuple[str, list[str]]]:
    """The names of the file's columns, each with what is in it in the first rows."""
    return [
        (head, [cells[place] for cells in row.samples if place < len(cells) and cells[place]])
        for place, head in enumerate(row.heads)
    ]


def _result(request: HttpRequest, row: Bill) -> dict[str, Any]:
    """The context of a compared bill: its groups, the rows of the chosen one, its days."""
    chosen = request.GET.get("group", "")
    if chosen not in row.totals:
        chosen = presenter.first_group(row)
    rows = BillRow.objects.filter(bill=row, verdict=chosen)
    page = key_page(rows, request.GET)
    listed = BillRow.objects.filter(pk__in=page.ids).order_by("-pk")
    groups = presenter.groups(row, chosen)
    return {
        "groups": groups,
        "group": next((each for each in groups if each.is_chosen), None),
        "page": page,
        "lines": presenter.bill_lines(listed, request.user),
        "days": presenter.day_lines(by_day(row)),
        "projects": _projects(request, row) if chosen == Verdict.ONLY_THERE else [],
        "most_adopted": AT_ONCE,
    }


def _projects(request: HttpRequest, row: Bill) -> list[Project]:
    return adopting_projects(row.credential, request.user)


@require_GET
def bill_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the job is; once it has ended, have the page load anew."""
    row = _bill(request, pk)
    if not row.is_under_way:
        return HttpResponseClientRefresh()
    return render(request, "bills/_state.html", {**_head(row), "now": timezone.now()})


@require_POST
def bill_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a bill by the chosen columns, and remember them for tables with the same names."""
    row = _bill(request, pk)
    if row.is_under_way or not row.has_file:
        return redirect("bill", pk)
    form = BillColumnsForm(request.POST, heads=row.heads, initial=Columns())
    if not form.is_valid():
        return _bill_page(request, row, form)
    columns = form.to_columns().to_json()
    with transaction.atomic():
        BillColumns.objects.update_or_create(
            signature=signature(row.heads),
            defaults={
                "columns": columns,
                "chosen_by": request.user.pk or 0,
                "chosen_at": timezone.now(),
            },
        )
        row.read_again(columns)
        note(request, AuditAction.BILL_COLUMNS, row, credential=str(row.credential))
    queue.compare_bill(pk)
    return redirect("bill", pk)


@require_POST
def bill_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare a bill with today's charges."""
    row = _bill(request, pk)
    if row.state == BillState.COMPARED:
        row.compare_again()
        queue.compare_bill(pk)
    return redirect("bill", pk)


@require_POST
def bill_adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt the chosen rows that only the bill has, or the first of all, into a project."""
    row = _bill(request, pk)
    project = _chosen_project(request, row)
    rows: QuerySet[BillRow] = BillRow.objects.filter(bill=row)
    if "all" not in request.POST:
        rows = rows.filter(pk__in=ids(request, "row"))

    def noted(tasks: list[Task]) -> None:
        label = tasks[0].remote_id if len(tasks) == 1 else str(row.credential)
        note(request, AuditAction.ADOPTED, project=project, label=label, number=len(tasks))

    adopted = adopt_rows(row, rows, project, timezone.now(), on_adopted=noted)
    if count := len(adopted.tasks):
        sentence = ngettext(
            "%(count)s task adopted into %(project)s.",
            "%(count)s tasks adopted into %(project)s.",
            count,
        )
        messages.success(request, sentence % {"count": count, "project": known_as(project)})
        row.compare_again()
        queue.compare_bill(pk)
    else:
        messages.info(
            request, _("Nothing was adopted: nothing was selected, or all are tracked now.")
        )
    if adopted.malformed:
        sentence = ngettext(
            "%(count)s id doesn't look like this provider's, so it wasn't adopted.",
            "%(count)s ids don't look like this provider's, so they weren't adopted.",
            adopted.malformed,
        )
        messages.info(request, sentence % {"count": adopted.malformed})
    return redirect("bill", pk)


def _chosen_project(request: HttpRequest, row: Bill) -> Project:
    """The only project, or the chosen one. Raises Http404 for any other."""
    projects = _projects(request, row)
    if len(projects) == 1:
        return projects[0]
    chosen = request.POST.get("project", "")
    found = next((each for each in projects if str(each.pk) == chosen), None)
    if found is None:
        raise Http404
    return found


@require_POST
@limited(Limit.EXPORT)
def bill_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Export all rows of a bill beside ours as CSV."""
    row = _bill(request, pk)
    note(request, AuditAction.EXPORTED, row, label=_("the bill %(name)s") % {"name": row})
    lines = csv_tables.pieces(EXPORT_HEADS, _export_rows(row))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"Dailies bill {row.pk}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _export_rows(row: Bill) -> Iterator[list[Any]]:
    """The rows in the order of the file, then those that are only here; no slow statement."""
    last = 0
    while portion := list(BillRow.objects.filter(bill=row, pk__gt=last).order_by("pk")[:PORTION]):
        for each in portion:
            theirs = [each.tokens, _money(each.micros), each.currency]
            ours = [each.our_tokens, _money(each.our_micros), each.our_currency]
            place = [each.verdict, each.line or "", each.remote_id, each.day, each.model]
            yield [*place, *theirs, *ours, each.task, each.charge]
        last = portion[-1].pk


def _money(micros: int | None) -> str:
    return "" if micros is None else f"{Decimal(micros) / 1_000_000:f}"


@require_POST
def bill_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a bill with its rows. Tasks that were adopted from it stay."""
    require_staff(request.user)
    visible = Bill.objects.visible_to(request.user).light().select_related("credential")
    with transaction.atomic():
        for row in visible.filter(pk=pk):  # none, if somebody else has just removed it
            note(request, AuditAction.BILL_REMOVED, row, credential=str(row.credential))
            row.delete()
    messages.success(request, _("Bill removed."))
    return redirect("bills")
