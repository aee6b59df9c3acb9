"""Prompts that a project keeps: saved beside the form, looked after on a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import audit
from tasks.forms.prompts import SavedPromptForm
from tasks.making.form import MakeForm
from tasks.models import Project, SavedPrompt, Verb
from tasks.views.make import check_may_work, form_page


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the prompt in the box under the name beside it; the form comes back as it is."""
    check_may_work(request)
    form = MakeForm(request.POST, user=request.user, looking=True)
    form.is_valid()
    if form.project_chosen is None:
        raise PermissionDenied
    row = SavedPrompt(project=form.project_chosen, created_by_id=request.user.pk)
    given = {"name": request.POST.get("prompt_name"), "text": request.POST.get("prompt")}
    saving = SavedPromptForm(given, instance=row)
    form.saved = _kept(request, saving)
    form.saving_errors = [said for errors in saving.errors.values() for said in errors]
    if "hx-request" in request.headers:
        return render(request, "make/_body.html", {"form": form})
    return form_page(request, form)


@require_GET
def saved_prompts(request: HttpRequest) -> HttpResponse:
    """Of one project at a time, where there are several."""
    projects = list(Project.objects.open_to_work_by(request.user))
    if not projects:
        raise PermissionDenied
    wanted = request.GET.get("project", "")
    project = next((each for each in projects if str(each.pk) == wanted), projects[0])
    here = SavedPrompt.objects.filter(project=project)
    mine = set(here.changeable_by(request.user).values_list("pk", flat=True))
    shown = [(each, each.pk in mine) for each in here.select_related("created_by")]
    context = {"projects": projects, "project": project, "shown": shown}
    return render(request, "prompts/page.html", context)


@require_http_methods(["GET", "POST"])
def saved_prompt(request: HttpRequest, pk: int) -> HttpResponse:
    row = _changeable(request, pk)
    form = SavedPromptForm(request.POST or None, instance=row)
    if request.method == "POST" and _kept(request, form):
        messages.success(request, _("The prompt is saved."))
        return _to_all(row)
    row.refresh_from_db()
    return render(request, "prompts/edit.html", {"form": form, "saved": row})


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Videos that were made of it keep their prompts, so nothing is lost that cannot be typed."""
    row = _changeable(request, pk)
    with transaction.atomic():
        audit.note(request, Verb.DELETED, row, project=row.project_id)
        row.delete()
    messages.success(request, _("“%(name)s” is deleted.") % {"name": row.name})
    return _to_all(row)


@transaction.atomic
def _kept(request: HttpRequest, form: SavedPromptForm) -> SavedPrompt | None:
    """What was saved, with a line of the record; there is none where all is as it was."""
    is_new = form.instance.pk is None
    row = form.kept()
    told = {} if is_new else _changes(form)
    if row and (is_new or told):
        verb = Verb.PROMPT_SAVED if is_new else Verb.PROMPT_CHANGED
        audit.note(request, verb, row, project=row.project_id, **told)
    return row


def _changes(form: SavedPromptForm) -> dict[str, Any]:
    """The names, but of the words only how many: the record keeps for ever what it is told."""
    before, after = form.initial, form.instance
    told: dict[str, Any] = {}
    if before["name"] != after.name:
        told["name"] = [before["name"], after.name]
    if before["text"] != after.text:
        told["characters"] = [len(before["text"]), len(after.text)]
    return told


def _changeable(request: HttpRequest, pk: int) -> SavedPrompt:
    rows = SavedPrompt.objects.changeable_by(request.user).select_related("project")
    return get_object_or_404(rows, pk=pk)


def _to_all(row: SavedPrompt) -> HttpResponse:
    return redirect(f"{reverse('saved_prompts')}?project={row.project_id}")
