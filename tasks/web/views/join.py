"""The link of an invitation, for people who are signed in and for people without an account."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tasks.models import Invitation, Membership
from tasks.models.access import only_looks
from tasks.models.projects import digest
from tasks.team import people
from tasks.team.signin.login import start_session
from tasks.web.forms.people import AccountForm


@never_cache
@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation, and accept it by POST; opening it, as mail scanners do, does nothing."""
    usable = Invitation.objects.usable(token, now=timezone.now())
    invitation = usable.select_related("project", "invited_by").first()
    if invitation is None:
        return _has_ended(request, token)
    if request.user.is_authenticated:
        return _join_with_account(request, token, invitation)
    return _create_account(request, token, invitation)


def _join_with_account(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    """Let the signed-in user join; a member with the same rights already does not use it up."""
    user: Any = request.user
    existing = Membership.objects.covering(user, invitation).first()
    if request.method != "POST":
        context = {**_invitation_context(invitation), "had": existing}
        return render(request, "people/join.html", context)
    if existing:
        return redirect("tasks")
    if people.join(request, token, lambda: user) is None:
        return _has_ended(request, token)
    _greet(request, invitation)
    return redirect("tasks")


def _create_account(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    form = AccountForm(request.POST or None, invited=invitation.email)
    if not form.is_valid():
        here = urlencode({"next": request.path})
        sign_in = f"{resolve_url(settings.LOGIN_URL)}?{here}"
        context = {**_invitation_context(invitation), "form": form, "sign_in_url": sign_in}
        return render(request, "people/join.html", context)
    try:
        joined = people.join(request, token, form.save)
    except IntegrityError:  # somebody has just taken the name, which the form now reports
        return _create_account(request, token, invitation)
    if joined is None:
        return _has_ended(request, token)
    response = start_session(request, joined.user, by="invitation", url=reverse("tasks"))
    _greet(request, invitation)
    return response


def _greet(request: HttpRequest, invitation: Invitation) -> None:
    name = people.known_as(invitation.project)
    messages.success(request, _("Welcome to %(project)s.") % {"project": name})


def _invitation_context(invitation: Invitation) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "project_name": people.known_as(invitation.project),
        "only_looks": only_looks(invitation.role),
    }


def _has_ended(request: HttpRequest, token: str) -> HttpResponse:
    rows = Invitation.objects.filter(token_hash=digest(token)).select_related("invited_by")
    context = {"invitation": rows.first()}
    return render(request, "people/invitation_ended.html", context, status=410)
