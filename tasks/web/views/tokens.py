"""Tokens of the API: one's own, and for managers those of a project and its services."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tasks.models import ApiToken, Project, Service
from tasks.models.access import administers, token_scopes
from tasks.providers.numbers import whole_number
from tasks.team import tokens
from tasks.web.forms.tokens import OwnTokenForm, ServiceForm, ServiceTokenForm, TokenForm
from tasks.web.presenters.tokens import token_rows, tokens_reaching


@never_cache
@require_http_methods(["GET", "POST"])
def own_tokens(request: HttpRequest) -> HttpResponse:
    """List one's own tokens; POST makes one, which the answer shows and nothing after it."""
    person: Any = request.user
    form = OwnTokenForm(request.POST or None, asker=person)
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid() and _is_of_use(form, person):
        made = _make(request, person, form)
        form = OwnTokenForm(asker=person)
    now = timezone.now()
    rows = token_rows(ApiToken.objects.own(person), now)
    return render(request, "tokens/own.html", {"form": form, "rows": rows, "now": now, **made})


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token, one's own or one of a project that one manages."""
    revocable = ApiToken.objects.revocable_by(request.user).select_related("person")
    token = get_object_or_404(revocable, pk=pk)
    tokens.revoke(request, token, timezone.now())
    messages.success(
        request, _("%(name)s was revoked. Requests with it are refused.") % {"name": token.name}
    )
    if token.person == request.user or not token.project_id:
        return redirect("api_tokens")
    return redirect(f"{reverse('project_tokens')}?project={token.project_id}")


@never_cache
@require_http_methods(["GET", "POST"])
def project_tokens(request: HttpRequest) -> HttpResponse:
    """List a project's tokens; POST makes one for a service of it."""
    data = request.POST if request.method == "POST" else request.GET
    project = _managed_project(request, data.get("project", ""))
    if request.method != "POST":
        return _project_page(request, project)
    form = _service_token_form(request, project, request.POST)
    if form.is_valid():
        person = form.cleaned_data["service"].user
        if _is_of_use(form, person, project):
            made = _make(request, person, form, project=project)
            return _project_page(request, project, **made)
    return _project_page(request, project, form=form)


@require_POST
def make_service(request: HttpRequest) -> HttpResponse:
    """Make a service of a project."""
    project = _managed_project(request, request.POST.get("project", ""))
    form = ServiceForm(request.POST)
    if form.is_valid():
        try:
            tokens.make_service(request, project, now=timezone.now(), **form.cleaned_data)
        except tokens.NameTakenError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Service created. Create a token for it."))
            return redirect(f"{reverse('project_tokens')}?project={project.pk}")
    return _project_page(request, project, service_form=form)


def _make(request: HttpRequest, person: User, form: TokenForm, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    token, text = tokens.make_token(request, person, now=now, **{**form.values(now), **more})
    return {"made": token, "text": text}


def _is_of_use(form: TokenForm, person: User, project: Project | None = None) -> bool:
    """Whether this person may do in that project what the scope says; else the form tells."""
    project = project or form.cleaned_data.get("project")
    if form.cleaned_data["scope"] in token_scopes(person, project):
        return True
    form.add_error("scope", _("The role in this project doesn't allow this. Choose less."))
    return False


def _managed_project(request: HttpRequest, chosen: str) -> Project:
    """The project of this id, or the first that the user manages.

    Raises Http404 for one that they do not manage, PermissionDenied if they manage none.
    """
    managed = Project.objects.managed_by(request.user).order_by("pk")
    first = managed.first()
    if first is None:
        raise PermissionDenied
    return get_object_or_404(managed, pk=whole_number(chosen) or 0) if chosen else first


def _service_token_form(request: HttpRequest, project: Project, data: Any = None) -> Any:
    services = Service.objects.of(project)
    return ServiceTokenForm(data, asker=request.user, services=services, prefix="token")


def _project_page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    now = timezone.now()
    rows = ApiToken.objects.managed_by(request.user).filter(project=project)
    context = {
        "now": now,
        "project": project,
        "projects": list(Project.objects.managed_by(request.user)),
        "rows": token_rows(rows, now),
        "reaching": tokens_reaching(project, now),
        "may_revoke_all": administers(request.user),
        "services": Service.objects.of(project),
        "form": _service_token_form(request, project),
        "service_form": ServiceForm(),
        **more,
    }
    return render(request, "tokens/project.html", context)
