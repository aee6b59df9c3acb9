"""The people of a project, for its managers; and the projects themselves, for staff."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks.models import Invitation, Membership, Project
from tasks.models.access import administers, invites_only_by, require_staff
from tasks.providers.numbers import whole_number
from tasks.team import people
from tasks.team.limits import Limit, LimitReachedError, spend
from tasks.web.forms.people import ROLES, InvitationForm, ProjectForm, RoleForm, ViewerDetailsForm
from tasks.web.limits import refused
from tasks.web.presenters.people import Person, invitations_of, people_of


@require_GET
def people_page(request: HttpRequest) -> HttpResponse:
    return _page(request, _chosen_project(request, request.GET.get("project", "")))


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponseBase:
    if request.method == "GET":  # changing the language leads back to this address
        return redirect("people")
    project = _chosen_project(request, request.POST.get("project", ""))
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form=form)
    role, email = form.cleaned_data["role"], form.cleaned_data["email"]
    try:
        spend(request.user, Limit.INVITE, int(people.sends_letters_to(email)))
    except LimitReachedError as error:
        form.add_error("email", str(error))
        return refused(_page(request, project, form=form), error)
    return _show_link(request, *people.invite(request, project, role, email))


@never_cache
@require_http_methods(["GET", "POST"])
def invite_again(request: HttpRequest, pk: int) -> HttpResponseBase:
    if request.method == "GET":  # changing the language leads back to this address
        return redirect("people")
    known = get_object_or_404(Invitation.objects.managed_by(request.user), pk=pk)
    try:
        spend(request.user, Limit.INVITE, int(people.sends_letters_to(known.email)))
    except LimitReachedError as error:
        messages.error(request, str(error))
        return refused(_page(request, known.project), error)
    invitation, link = people.invite_again(request, pk)
    if link:
        return _show_link(request, invitation, link)
    messages.info(request, _("Someone has already accepted this invitation."))
    return _back(invitation.project_id)


@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = people.withdraw(request, pk)
    messages.success(request, _("Invitation withdrawn. Its link no longer works."))
    return _back(invitation.project_id)


@require_POST
def person_role(request: HttpRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(_managed(request), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    try:
        membership = people.change_role(request, pk, form.cleaned_data["role"])
        words = {"name": _name(membership), "role": membership.get_role_display()}
        messages.success(request, _("%(name)s is now: %(role)s") % words)
    except people.LastManagerError as refusal:
        messages.error(request, str(refusal))
    if "hx-request" in request.headers:
        context = {"person": Person(membership=membership), "roles": ROLES, "oob": True}
        return render(request, "people/_role_news.html", context)
    return _back(membership.project_id, request)


@require_http_methods(["GET", "POST"])
def remove_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation (GET), then remove the person from the project."""
    membership = get_object_or_404(_managed(request), pk=pk)
    if request.method == "GET":
        others = Project.objects.exclude(pk=membership.project.pk)
        context = {
            "person": membership,
            "one_project": not others.exists(),
            "sees_all": administers(membership.user),
            "ends_invitations": invites_only_by(membership),
        }
        return render(request, "people/remove.html", context)
    try:
        people.remove(request, pk)
        messages.success(request, _("%(name)s was removed.") % {"name": _name(membership)})
    except people.LastManagerError as refusal:
        messages.error(request, str(refusal))
    return _back(membership.project_id, request)


def _managed(request: HttpRequest) -> QuerySet[Membership]:
    return Membership.objects.managed_by(request.user).select_related("project", "user")


@require_POST
def create_project(request: HttpRequest) -> HttpResponse:
    require_staff(request.user)
    form = ProjectForm(request.POST)
    if not form.is_valid():
        return _page(request, _chosen_project(request, ""), project_form=form)
    project = people.make_project(request, form)
    messages.success(request, _("Project created. Invite its people."))
    return _back(project.pk)


@require_POST
def rename_project(request: HttpRequest, pk: int) -> HttpResponse:
    require_staff(request.user)
    project = get_object_or_404(Project, pk=pk)
    form = ProjectForm(request.POST, instance=project)
    if not form.is_valid():
        project.refresh_from_db()
        return _page(request, project, rename_form=form)
    people.rename_project(request, form)
    messages.success(request, _("Project renamed."))
    return _back(project.pk)


@require_POST
def viewer_details(request: HttpRequest, pk: int) -> HttpResponse:
    """Set whether the viewers of a project see its costs and technical details."""
    project = get_object_or_404(Project.objects.managed_by(request.user), pk=pk)
    form = ViewerDetailsForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    shown = form.cleaned_data["viewers_see_details"]
    people.show_details_to_viewers(request, project, shown=shown)
    if shown:
        message = _("Viewers can now see costs and technical details.")
    else:
        message = _("Viewers can now see only clips, prompts and settings.")
    messages.success(request, message)
    return _back(project.pk)


def _chosen_project(request: HttpRequest, chosen: str) -> Project:
    """The project of this id, or else the first one that the user manages.

    Raises Http404 for a project that they do not manage, PermissionDenied if they manage none.
    """
    managed = Project.objects.managed_by(request.user).order_by("pk")
    first = managed.first()
    if first is None:
        raise PermissionDenied
    if not chosen:
        return first
    return get_object_or_404(managed, pk=whole_number(chosen) or 0)


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
    """Show an invitation's link in the answer itself, because it is stored nowhere."""
    sent = people.send(invitation, link)
    return _page(request, invitation.project, invited=invitation, link=link, sent=sent)


def _name(membership: Membership) -> str:
    return membership.user.get_full_name() or membership.user.get_username()


def _back(project_id: int, request: HttpRequest | None = None) -> HttpResponse:
    """Redirect to the project's people, or to the list if `request`'s user manages it no longer."""
    if request and not Project.objects.managed_by(request.user).filter(pk=project_id).exists():
        return redirect("tasks")
    return redirect(f"{reverse('people')}?project={project_id}")
