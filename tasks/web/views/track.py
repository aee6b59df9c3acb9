"""Tracking tasks that were created elsewhere: paste or upload, check the preview, track."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tasks.models import AuditAction, Credential, Project, Task, UntrackedTask
from tasks.models.access import require_worker
from tasks.team import audit
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.tracking.imports.pasted_ids import ImportEntry, PreviewKind, PreviewLine, preview_lines
from tasks.web.forms.track import TrackForm, fields_of
from tasks.web.limits import refused


@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponseBase:
    """Show the form, the preview, or track the tasks; every step posts the whole list again.

    Nothing is stored between the steps. `?id=…&credential=…&project=…` leads to the preview, for
    links from elsewhere.
    """
    require_worker(request.user)
    if request.method == "POST":
        names = [name for name in TrackForm.base_fields if name in request.POST]
        posted = {name: request.POST[name] for name in names}
        if request.POST.get("step") == "edit":
            return _show_form(request, TrackForm(user=request.user, initial=posted))
        form = TrackForm(request.POST, request.FILES, user=request.user)
    else:
        ids, named = " ".join(request.GET.getlist("id")).strip(), _named_choices(request)
        if not ids:
            return _show_form(request, TrackForm(user=request.user, initial=named))
        posted = {"ids": ids, **named}
        form = TrackForm(posted, user=request.user)
    try:  # before anything is parsed
        spend(request.user, Limit.IMPORT if request.FILES else Limit.TRACK)
    except LimitReachedError as error:
        messages.error(request, str(error))
        page = _show_form(request, TrackForm(user=request.user, initial=posted))
        return refused(page, error)
    if not form.is_valid():
        return _show_form(request, form)
    credential: Credential = form.cleaned_data["credential"]
    tracked = _tracked(form.entries, credential, request.user)
    lines = preview_lines(form.entries, credential.service.dialect.id_issue, tracked)
    wants_doubtful = "doubtful" in request.POST
    kinds = {PreviewKind.NEW} | ({PreviewKind.DOUBTFUL} if wants_doubtful else set())
    entries = [line.entry for line in lines if line.kind in kinds]
    only_doubtful = not entries and any(line.kind == PreviewKind.DOUBTFUL for line in lines)
    if request.POST.get("step") != "track" or only_doubtful:
        return _show_preview(request, form, lines)
    return _track(request, form, entries)


def _named_choices(request: HttpRequest) -> dict[str, Any]:
    """The credential and the project that the address names, by id or by name."""
    form = TrackForm(user=request.user)
    names = [name for name in ("credential", "project") if name in form.fields]
    chosen = {name: form.choice_of(name, request.GET.get(name, "")) for name in names}
    return {name: row.pk for name, row in chosen.items() if row}


def _show_form(request: HttpRequest, form: TrackForm) -> HttpResponse:
    context = {
        "form": form,
        "any_credential": Credential.objects.visible_to(request.user).filter(active=True).exists(),
        "address": request.build_absolute_uri(reverse("track")),
    }
    return render(request, "track/form.html", context)


def _tracked(
    entries: list[ImportEntry], credential: Credential, user: Any
) -> dict[str, Task | None]:
    """The tasks that are tracked already, by their ids; None for those in others' projects."""
    ids = {entry.text for entry in entries}
    rows = Task.objects.filter(base_url=credential.base_url, remote_id__in=ids)
    tracked: dict[str, Task | None] = dict.fromkeys(rows.values_list("remote_id", flat=True))
    columns = ("remote_id", "status", "deleted_at")
    in_trash = rows.exclude(deleted_at=None).filter(project__in=Project.objects.visible_to(user))
    for task in [*rows.visible_to(user).only(*columns), *in_trash.only(*columns)]:
        tracked[task.remote_id] = task
    return tracked


def _show_preview(request: HttpRequest, form: TrackForm, lines: list[PreviewLine]) -> HttpResponse:
    counts = Counter(line.kind for line in lines)
    context = {
        "form": form,
        "lines": lines,
        "new": counts[PreviewKind.NEW],
        "doubtful": counts[PreviewKind.DOUBTFUL],
        "malformed": counts[PreviewKind.MALFORMED],
        "unused": form.unused,
        "credential": form.cleaned_data["credential"],
        "project": form.project_chosen,
        "one_project": form.only_project is not None,
        "ids": form.carried,
        "now": timezone.now(),
    }
    return render(request, "track/preview.html", context)


def _track(request: HttpRequest, form: TrackForm, entries: list[ImportEntry]) -> HttpResponse:
    now, credential, project = timezone.now(), form.cleaned_data["credential"], form.project_chosen
    with transaction.atomic():
        tracked = Task.objects.track(
            [entry.text for entry in entries],
            credential=credential,
            project=project,
            created_by=request.user,
            now=now,
            given={entry.text: fields_of(entry, now) for entry in entries},
        )
        UntrackedTask.objects.take_away(credential.base_url, [task.remote_id for task in tracked])
        if tracked:
            label = tracked[0].remote_id if len(tracked) == 1 else str(credential)
            audit.note(
                request, AuditAction.TRACKED, project=project, label=label, number=len(tracked)
            )
    message = _("Nothing new: all of these are already tracked.")
    if count := len(tracked):
        message = ngettext(
            "Tracking %(count)s task. Getting its status…",
            "Tracking %(count)s tasks. Getting their status…",
            count,
        ) % {"count": count}
    messages.success(request, message)
    return redirect("tasks")
