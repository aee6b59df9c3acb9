"""The saved prompts of a project: saved beside the compose form, managed on their own page."""

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

from tasks.models import AuditAction, Project, SavedPrompt
from tasks.models.access import require_worker
from tasks.team import audit
from tasks.web.compose.form import ComposeForm
from tasks.web.forms.prompts import SavedPromptForm
from tasks.web.views.compose import form_context, form_page


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the prompt of the form under the name beside it, and show the form unchanged."""
    require_worker(request.user)
    form = ComposeForm(request.POST, user=request.user, is_preview=True)
    form.is_valid()
    if form.project_chosen is None:
        raise PermissionDenied
    row = SavedPrompt(project=form.project_chosen, created_by_id=request.user.pk)
    posted = {"name": request.POST.get("prompt_name"), "text": request.POST.get("prompt")}
    prompt_form = SavedPromptForm(posted, instance=row)
    saved = _save(request, prompt_form)
    outcome: dict[str, Any] = {"saved": saved} | ({"prompt_name": ""} if saved else {})
    outcome["saving_errors"] = [e for errors in prompt_form.errors.values() for e in errors]
    if "hx-request" in request.headers:
        return render(request, "compose/_body.html", form_context(request, form, **outcome))
    return form_page(request, form, **outcome)


@require_GET
def saved_prompts(request: HttpRequest) -> HttpResponse:
    """List the prompts of one project, chosen by `?project=7`; by default the first one's."""
    projects = list(Project.objects.usable_by(request.user))
    if not projects:
        raise PermissionDenied
    chosen = request.GET.get("project", "")
    project = next((each for each in projects if str(each.pk) == chosen), projects[0])
    rows = SavedPrompt.objects.filter(project=project)
    editable = set(rows.editable_by(request.user).values_list("pk", flat=True))
    presented = [(each, each.pk in editable) for each in rows.select_related("created_by")]
    context = {"projects": projects, "project": project, "presented": presented}
    return render(request, "prompts/page.html", context)


@require_http_methods(["GET", "POST"])
def saved_prompt(request: HttpRequest, pk: int) -> HttpResponse:
    row = _editable(request, pk)
    form = SavedPromptForm(request.POST or None, instance=row)
    if request.method == "POST" and _save(request, form):
        messages.success(request, _("Prompt saved."))
        return _redirect_to_list(row)
    row.refresh_from_db()
    return render(request, "prompts/edit.html", {"form": form, "saved": row})


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a saved prompt for good. The tasks that used it keep their own copy."""
    row = _editable(request, pk)
    with transaction.atomic():
        audit.note(request, AuditAction.DELETED, row, project=row.project_id)
        row.delete()
    messages.success(request, _("“%(name)s” was deleted.") % {"name": row.name})
    return _redirect_to_list(row)


@transaction.atomic
def _save(request: HttpRequest, form: SavedPromptForm) -> SavedPrompt | None:
    """Save the prompt, and note it in the audit if anything changed; return None on errors."""
    is_new = form.instance.pk is None
    row = form.save_if_valid()
    changes = {} if is_new else _changes(form)
    if row and (is_new or changes):
        action = AuditAction.PROMPT_SAVED if is_new else AuditAction.PROMPT_CHANGED
        audit.note(request, action, row, project=row.project_id, **changes)
    return row


def _changes(form: SavedPromptForm) -> dict[str, Any]:
    """The changes for the audit, which keeps them for ever: names, but only lengths of texts."""
    before, after = form.initial, form.instance
    changes: dict[str, Any] = {}
    if before["name"] != after.name:
        changes["name"] = [before["name"], after.name]
    if before["text"] != after.text:
        changes["characters"] = [len(before["text"]), len(after.text)]
    return changes


def _editable(request: HttpRequest, pk: int) -> SavedPrompt:
    rows = SavedPrompt.objects.editable_by(request.user).select_related("project")
    return get_object_or_404(rows, pk=pk)


def _redirect_to_list(row: SavedPrompt) -> HttpResponse:
    return redirect(f"{reverse('saved_prompts')}?project={row.project_id}")
