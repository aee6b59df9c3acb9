"""The people of a project, for those who manage it; projects themselves, for staff."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import people as work
from tasks.forms.people import ROLES, InvitationForm, ProjectForm, RoleForm
from tasks.models import Invitation, Membership, Project
from tasks.showing.people import Person, invitations_of, people_of


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    return _page(request, _chosen(request, request.GET.get("project", "")))


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # the language was changed, and leads back to the address
        return redirect("people")
    project = _chosen(request, request.POST.get("project", ""))
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form=form)
    role, email = form.cleaned_data["role"], form.cleaned_data["email"]
    return _show_link(request, *work.invite(request, project, role, email))


@never_cache
@require_http_methods(["GET", "POST"])
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "GET":  # the language was changed, and leads back to the address
        return redirect("people")
    invitation, link = work.invite_again(request, pk)
    if link:
        return _show_link(request, invitation, link)
    messages.info(request, _("Somebody has accepted this invitation already."))
    return _back(invitation.project_id)


@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = work.withdraw(request, pk)
    messages.success(request, _("The invitation is withdrawn; its link lets nobody in."))
    return _back(invitation.project_id)


@require_POST
def person_role(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_managed(request), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    try:
        found = work.change_role(request, pk, form.cleaned_data["role"])
        messages.success(request, _now_is(found))
    except work.NeedsAManager as refusal:
        messages.error(request, str(refusal))
    if "hx-request" in request.headers:
        return _role_fragment(request, found)
    return _back(found.project_id, request)


@require_http_methods(["GET", "POST"])
def remove_person(request: HttpRequest, pk: int) -> HttpResponse:
    """First a page that says what will happen; then it happens."""
    found = get_object_or_404(_managed(request), pk=pk)
    if request.method == "GET":
        context = {"person": found, "one_project": _is_only(found.project)}
        return render(request, "people/remove.html", context)
    try:
        work.remove(request, pk)
        messages.success(request, _("%(name)s is removed.") % {"name": _name(found)})
    except work.NeedsAManager as refusal:
        messages.error(request, str(refusal))
    return _back(found.project_id, request)


def _managed(request: HttpRequest) -> QuerySet[Membership]:
    return Membership.objects.managed_by(request.user).select_related("project", "user")


@require_POST
def make_project(request: HttpRequest) -> HttpResponse:
    _require_staff(request)
    form = ProjectForm(request.POST)
    if not form.is_valid():
        return _page(request, _chosen(request, ""), project_form=form)
    made = work.make_project(request, form)
    messages.success(request, _("The project is made. Invite its people."))
    return _back(made.pk)


@require_POST
def rename_project(request: HttpRequest, pk: int) -> HttpResponse:
    _require_staff(request)
    project = get_object_or_404(Project, pk=pk)
    form = ProjectForm(request.POST, instance=project)
    if not form.is_valid():
        project.refresh_from_db()
        return _page(request, project, rename_form=form)
    work.rename_project(request, form)
    messages.success(request, _("The project has its new name."))
    return _back(project.pk)


def _require_staff(request: HttpRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied


def _chosen(request: HttpRequest, asked: str) -> Project:
    """The one asked for, or the first; another's is not found, and who manages none is refused."""
    managed = Project.objects.managed_by(request.user).order_by("pk")
    first = managed.first()
    if first is None:
        raise PermissionDenied
    if not asked:
        return first
    known = asked.isascii() and asked.isdigit() and len(asked) < 19
    return get_object_or_404(managed, pk=int(asked) if known else 0)


def _page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    now = timezone.now()
    projects = list(Project.objects.managed_by(request.user))
    context = {
        "now": now,
        "project": project,
        "projects": projects,
        "people": people_of(project),
        "invitations": invitations_of(project, now),
        "form": InvitationForm(),
        "project_form": ProjectForm(),
        "rename_form": ProjectForm(instance=project),
        "roles": ROLES,
        **more,
    }
    return render(request, "people/page.html", context)


def _show_link(request: HttpRequest, invitation: Invitation, link: str) -> HttpResponse:
    """In the answer itself, for the link is kept nowhere."""
    sent = work.send(invitation, link)
    return _page(request, invitation.project, invited=invitation, link=link, sent=sent)


def _role_fragment(request: HttpRequest, found: Membership) -> HttpResponse:
    context = {"person": Person(membership=found), "roles": ROLES, "oob": True}
    return render(request, "people/_role_news.html", context)


def _now_is(found: Membership) -> str:
    told = {"name": _name(found), "role": found.get_role_display()}
    return _("%(name)s is now: %(role)s") % told


def _name(found: Membership) -> str:
    return found.user.get_full_name() or found.user.get_username()


def _is_only(project: Project) -> bool:
    return not Project.objects.exclude(pk=project.pk).exists()


def _back(project_id: int, request: HttpRequest | None = None) -> HttpResponse:
    """To the project's people; who has just let go of managing sees the list instead."""
    if request and not Project.objects.managed_by(request.user).filter(pk=project_id).exists():
        return redirect("tasks")
    return redirect(f"{reverse('people')}?project={project_id}")
