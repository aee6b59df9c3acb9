"""An invitation's link: for whoever is signed in, and for whoever has no account yet."""

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

from tasks import people
from tasks.door.entering import let_in
from tasks.forms.people import AccountForm
from tasks.models import Invitation, Membership, Role
from tasks.models.people import digest


@never_cache
@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at it (as mail scanners do) spends nothing; the button does."""
    usable = Invitation.objects.usable(token, now=timezone.now())
    invitation = usable.select_related("project", "invited_by").first()
    if invitation is None:
        return _has_ended(request, token)
    if request.user.is_authenticated:
        return _join_as(request, token, invitation)
    return _create_account(request, token, invitation)


def _join_as(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    """Who is in already, and may as much, spends nothing."""
    user: Any = request.user
    had = Membership.objects.filter(project=invitation.project_id, user=user).first()
    is_in = bool(had and Role(had.role).reaches(invitation.role))
    if request.method == "POST" and is_in:
        return redirect("tasks")
    if request.method == "POST":
        joined = people.join(request, token, lambda: user)
        return _welcome(request, invitation) if joined else _has_ended(request, token)
    context = {**_told(invitation), "had": had if is_in else None}
    return render(request, "people/join.html", context)


def _create_account(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    form = AccountForm(request.POST or None, invited=invitation.email)
    if not form.is_valid():
        here = urlencode({"next": request.path})
        sign_in = f"{resolve_url(settings.LOGIN_URL)}?{here}"
        context = {**_told(invitation), "form": form, "sign_in_url": sign_in}
        return render(request, "people/join.html", context)
    try:
        joined = people.join(request, token, form.save)
    except IntegrityError:  # somebody took the name a moment before; the form finds that now
        return _create_account(request, token, invitation)
    if joined is None:
        return _has_ended(request, token)
    entered = let_in(request, joined.user, by="invitation", url=reverse("tasks"))
    _greet(request, invitation)
    return entered


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    _greet(request, invitation)
    return redirect("tasks")


def _greet(request: HttpRequest, invitation: Invitation) -> None:
    name = people.known_as(invitation.project)
    messages.success(request, _("Welcome to %(project)s.") % {"project": name})


def _told(invitation: Invitation) -> dict[str, Any]:
    return {"invitation": invitation, "project_name": people.known_as(invitation.project)}


def _has_ended(request: HttpRequest, token: str) -> HttpResponse:
    known = Invitation.objects.filter(token_hash=digest(token)).select_related("invited_by").first()
    return render(request, "people/invitation_ended.html", {"invitation": known}, status=410)
