"""Tracking tasks that were made elsewhere: paste or upload, look at the preview, track."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tasks import audit
from tasks.forms.track import TrackForm, fields_of
from tasks.models import Credential, Found, Project, Task, Verb
from tasks.pasted import Entry, Kind, Line, sort_out


@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Each step carries the whole list along, so that nothing typed is lost and nothing is kept.

    `?id=…&credential=…&project=…` leads to the preview, for links of other people's making.
    """
    if not Project.objects.open_to_work_by(request.user).exists():
        raise PermissionDenied
    if request.POST.get("step") == "edit" or (request.method == "GET" and not _asked_for(request)):
        return _show_form(request, TrackForm(user=request.user, initial=_carried(request)))
    form = _filled_form(request)
    if not form.is_valid():
        return _show_form(request, form)
    lines = _preview(form, request.user)
    wanted = _wanted(lines, doubtful="doubtful" in request.POST)
    only_doubtful = not wanted and any(line.kind == Kind.DOUBTFUL for line in lines)
    if request.POST.get("step") != "track" or only_doubtful:
        return _show_preview(request, form, lines)
    return _track(request, form, wanted)


def _asked_for(request: HttpRequest) -> str:
    return " ".join(request.GET.getlist("id")).strip()


def _filled_form(request: HttpRequest) -> TrackForm:
    if request.method == "POST":
        return TrackForm(request.POST, request.FILES, user=request.user)
    return TrackForm({"ids": _asked_for(request), **_named(request)}, user=request.user)


def _named(request: HttpRequest) -> dict[str, Any]:
    """Credential and project that an address names, by id or by name."""
    form = TrackForm(user=request.user)
    names = [name for name in ("credential", "project") if name in form.fields]
    chosen = {name: form.choice_of(name, request.GET.get(name, "")) for name in names}
    return {name: row.pk for name, row in chosen.items() if row}


def _carried(request: HttpRequest) -> dict[str, Any]:
    if request.method == "GET":
        return _named(request)
    return {name: request.POST[name] for name in TrackForm.base_fields if name in request.POST}


def _show_form(request: HttpRequest, form: TrackForm) -> HttpResponse:
    context = {
        "form": form,
        "any_credential": Credential.objects.visible_to(request.user).filter(active=True).exists(),
        "address": request.build_absolute_uri(reverse("track")),
    }
    return render(request, "track/form.html", context)


def _preview(form: TrackForm, user: Any) -> list[Line]:
    credential: Credential = form.cleaned_data["credential"]
    tracked = _tracked(form.entries, credential, user)
    return sort_out(form.entries, credential.service.dialect.complaint, tracked)


def _tracked(entries: list[Entry], credential: Credential, user: Any) -> dict[str, Task | None]:
    """Rows that follow these ids already; of those in others' projects nothing but the fact."""
    ids = {entry.text for entry in entries}
    there = Task.objects.filter(base_url=credential.base_url, remote_id__in=ids)
    tracked: dict[str, Task | None] = dict.fromkeys(there.values_list("remote_id", flat=True))
    light = ("remote_id", "status", "deleted_at")
    in_trash = there.exclude(deleted_at=None).filter(project__in=Project.objects.visible_to(user))
    for task in [*there.visible_to(user).only(*light), *in_trash.only(*light)]:
        tracked[task.remote_id] = task
    return tracked


def _wanted(lines: list[Line], *, doubtful: bool) -> list[Entry]:
    kinds = {Kind.NEW, Kind.DOUBTFUL} if doubtful else {Kind.NEW}
    return [line.entry for line in lines if line.kind in kinds]


def _show_preview(request: HttpRequest, form: TrackForm, lines: list[Line]) -> HttpResponse:
    counts = Counter(line.kind for line in lines)
    context = {
        "form": form,
        "lines": lines,
        "new": counts[Kind.NEW],
        "doubtful": counts[Kind.DOUBTFUL],
        "malformed": counts[Kind.MALFORMED],
        "unused": form.unused,
        "credential": form.cleaned_data["credential"],
        "project": form.project_chosen,
        "one_project": form.only_project is not None,
        "ids": form.carried,
        "now": timezone.now(),
    }
    return render(request, "track/preview.html", context)


def _track(request: HttpRequest, form: TrackForm, entries: list[Entry]) -> HttpResponse:
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
        Found.objects.take_away(credential.base_url, [task.remote_id for task in tracked])
        if tracked:
            label = tracked[0].remote_id if len(tracked) == 1 else str(credential)
            audit.note(request, Verb.TRACKED, project=project, label=label, number=len(tracked))
    messages.success(request, _told(len(tracked)))
    return redirect("tasks")


def _told(count: int) -> str:
    if not count:
        return _("Nothing was new: all of these are tracked already.")
    sentence = ngettext(
        "%(count)s task is tracked now; its first answer is on the way.",
        "%(count)s tasks are tracked now; their first answers are on the way.",
        count,
    )
    return sentence % {"count": count}
