"""Tracking tasks that were made elsewhere: paste, look at the preview, track."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tasks.forms import TrackForm
from tasks.models import Credential, Project, Task
from tasks.pasted import Kind, Line, sort_out


@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Each step carries the whole list along, so that nothing typed is lost and nothing is kept."""
    if not Project.objects.open_to_work_by(request.user).exists():
        raise PermissionDenied
    if request.method == "GET" or request.POST.get("step") == "edit":
        return _show_form(request, TrackForm(user=request.user, initial=_carried(request)))
    form = TrackForm(request.POST, user=request.user)
    if not form.is_valid():
        return _show_form(request, form)
    lines = _preview(form, request.user)
    wanted = _wanted(lines, doubtful="doubtful" in request.POST)
    only_doubtful = not wanted and any(line.kind == Kind.DOUBTFUL for line in lines)
    if request.POST.get("step") != "track" or only_doubtful:
        return _show_preview(request, form, lines)
    return _track(request, form, wanted)


def _carried(request: HttpRequest) -> dict[str, Any]:
    return {name: request.POST[name] for name in TrackForm.base_fields if name in request.POST}


def _show_form(request: HttpRequest, form: TrackForm) -> HttpResponse:
    any_credential = Credential.objects.filter(active=True).exists()
    return render(request, "track/form.html", {"form": form, "any_credential": any_credential})


def _preview(form: TrackForm, user: Any) -> list[Line]:
    credential: Credential = form.cleaned_data["credential"]
    found = form.cleaned_data["ids"].splitlines()
    tracked = _tracked(found, credential, user)
    return sort_out(found, credential.service.dialect.complaint, tracked)


def _tracked(found: list[str], credential: Credential, user: Any) -> dict[str, Task | None]:
    """Rows that follow these ids already; of those in others' projects nothing but the fact."""
    there = Task.objects.filter(base_url=credential.base_url, remote_id__in=set(found))
    tracked: dict[str, Task | None] = dict.fromkeys(there.values_list("remote_id", flat=True))
    for task in there.visible_to(user).only("remote_id", "status"):
        tracked[task.remote_id] = task
    return tracked


def _wanted(lines: list[Line], *, doubtful: bool) -> list[str]:
    kinds = {Kind.NEW, Kind.DOUBTFUL} if doubtful else {Kind.NEW}
    return [line.text for line in lines if line.kind in kinds]


def _show_preview(request: HttpRequest, form: TrackForm, lines: list[Line]) -> HttpResponse:
    counts = Counter(line.kind for line in lines)
    context = {
        "form": form,
        "lines": lines,
        "new": counts[Kind.NEW],
        "doubtful": counts[Kind.DOUBTFUL],
        "malformed": counts[Kind.MALFORMED],
        "credential": form.cleaned_data["credential"],
        "project": form.project_chosen,
        "one_project": form.only_project is not None,
        "ids": " ".join(form.cleaned_data["ids"].splitlines()),
    }
    return render(request, "track/preview.html", context)


def _track(request: HttpRequest, form: TrackForm, remote_ids: list[str]) -> HttpResponse:
    tracked = Task.objects.track(
        remote_ids,
        credential=form.cleaned_data["credential"],
        project=form.project_chosen,
        created_by=request.user,
        now=timezone.now(),
    )
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
