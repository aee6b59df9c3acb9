"""People and projects: invitations, joining, roles, removal. Each change is in the audit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.models import ApiToken, AuditAction, Invitation, Membership, Project
from tasks.models.access import higher_role, may_take_role
from tasks.team import mail
from tasks.team.audit import note

log = logging.getLogger(__name__)


class LastManagerError(Exception):
    """The last manager of a project can be changed or removed by staff only."""

    def __str__(self) -> str:
        return _("A project needs at least one manager. Make another person a manager first.")


# Invitations


@transaction.atomic
def invite(request: HttpRequest, project: Project, role: str, email: str) -> tuple[Invitation, str]:
    """Create an invitation; return it with its link, which cannot be shown again."""
    invitation, token = Invitation.objects.make(
        project=project, role=role, email=email, invited_by=request.user, now=timezone.now()
    )
    note(request, AuditAction.INVITED, invitation, project=project, role=role)
    return invitation, _link(request, token)


@transaction.atomic
def invite_again(request: HttpRequest, pk: int) -> tuple[Invitation, str]:
    """Renew an invitation; return it with its new link, "" if the old one was used meanwhile."""
    invitation = _managed(request.user, pk)
    rows = Invitation.objects.filter(pk=invitation.pk)
    token = rows.renew(invited_by=request.user, now=timezone.now())
    if not token:
        return invitation, ""
    project, role = invitation.project_id, invitation.role
    note(request, AuditAction.INVITED, invitation, project=project, role=role)
    invitation.refresh_from_db()
    return invitation, _link(request, token)


@transaction.atomic
def withdraw(request: HttpRequest, pk: int) -> Invitation:
    invitation = _managed(request.user, pk)
    if Invitation.objects.filter(pk=invitation.pk).withdraw(timezone.now()):
        project = invitation.project_id
        note(request, AuditAction.INVITATION_WITHDRAWN, invitation, project=project)
    return invitation


def _managed(user: Any, pk: int) -> Invitation:
    return get_object_or_404(Invitation.objects.managed_by(user).select_related("project"), pk=pk)


def _link(request: HttpRequest, token: str) -> str:
    path = reverse("join", args=[token])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def sends_letters_to(email: str) -> bool:
    """Whether an invitation to this address leaves by e-mail."""
    return bool(email and settings.EMAIL_READY)


def send(invitation: Invitation, link: str) -> bool:
    """Send the link by e-mail; False if that is impossible or failed, so that it must be copied."""
    if not sends_letters_to(invitation.email):
        return False
    words = {
        "project_name": known_as(invitation.project),
        "by": _inviter(invitation),
        "role": invitation.get_role_display(),
        "until": f"{timezone.localtime(invitation.ends_at):%Y-%m-%d}",
    }
    subject = _("You've been invited to %(project_name)s") % words
    try:
        return mail.compose("invitation", subject, invitation.email, link=link, **words).send() == 1
    except (OSError, SMTPException) as error:
        log.warning("An invitation could not be sent: %s", type(error).__name__)
        return False


def _inviter(invitation: Invitation) -> str:
    person = invitation.invited_by
    return person.get_full_name() or person.get_username() if person else "Dailies"


def known_as(project: Project) -> str:
    """The name that an invitation shows: the project's, or the site's if it is the only project."""
    return project.name if Project.objects.exclude(pk=project.pk).exists() else "Dailies"


# Joining


def join(request: HttpRequest, token: str, get_user: Callable[[], Any]) -> Membership | None:
    """Spend the link, then add the person that `get_user` returns; None if it was spent before.

    In this order only one of two requests at once creates an account. A higher role stays.
    """
    now = timezone.now()
    with transaction.atomic():
        invitation = Invitation.objects.usable(token, now=now).select_related("project").first()
        if invitation is None or not Invitation.objects.use(token, now=now):
            return None
        user, project = get_user(), invitation.project
        Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
        existing = Membership.objects.filter(project=invitation.project, user=user).first()
        before = existing.role if existing else ""
        membership = existing or Membership(project=project, user=user, role=invitation.role)
        membership.role = higher_role(membership.role, invitation.role)
        membership.save()
        roles = [before, membership.role]
        note(request, AuditAction.JOINED, user, project=project, actor=user, role=roles)
        return membership


# Members


def change_role(request: HttpRequest, pk: int, role: str) -> Membership:
    """Change a member's role. Raises LastManagerError."""
    with transaction.atomic():
        membership = _locked(request.user, pk)
        before = membership.role
        if before == role:
            return membership
        if not may_take_role(request.user, membership):
            raise LastManagerError
        membership.role = role
        membership.save(update_fields=["role"])
        user, project = membership.user, membership.project
        note(request, AuditAction.ROLE_CHANGED, user, project=project, role=[before, role])
        return membership


def remove(request: HttpRequest, pk: int) -> Membership:
    """End a membership, and access with the next request; tasks stay. Raises LastManagerError.

    The person's tokens for the project are revoked: an invitation brings none of them back.
    """
    with transaction.atomic():
        membership = _locked(request.user, pk)
        if not may_take_role(request.user, membership):
            raise LastManagerError
        user, project, role = membership.user, membership.project, membership.role
        note(request, AuditAction.PERSON_REMOVED, user, project=project, role=[role, ""])
        Membership.objects.filter(pk=membership.pk).delete()
        ApiToken.objects.filter(person=user, project=project).revoke(timezone.now())
        return membership


def _locked(user: Any, pk: int) -> Membership:
    """A membership that this person manages, while nobody else can change people of its project.

    It is read again under the lock: two managers may be taking each other's role at once.
    """
    managed = Membership.objects.managed_by(user)
    Project.objects.select_for_update().get(pk=get_object_or_404(managed, pk=pk).project_id)
    return get_object_or_404(managed.select_related("project", "user"), pk=pk)


# Projects


@transaction.atomic
def make_project(request: HttpRequest, form: Any) -> Project:
    project: Project = form.save()
    note(request, AuditAction.PROJECT_MADE, project, project=project)
    return project


@transaction.atomic
def rename_project(request: HttpRequest, form: Any) -> Project:
    before = form.initial["name"]
    project: Project = form.save()
    names = [before, project.name]
    note(request, AuditAction.PROJECT_CHANGED, project, project=project, name=names)
    return project


@transaction.atomic
def show_details_to_viewers(request: HttpRequest, project: Project, *, shown: bool) -> None:
    """Show costs and technical details to the viewers of a project, or hide them from now on."""
    if (
        Project.objects.filter(pk=project.pk)
        .exclude(viewers_see_details=shown)
        .update(viewers_see_details=shown)
    ):
        values = [not shown, shown]
        action = AuditAction.PROJECT_CHANGED
        note(request, action, project, project=project, viewers_see_details=values)
