"""Who works in which project: inviting, joining, roles, removing. Each is noted with its change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.audit import note
from tasks.models import Invitation, Membership, Project, Role, Verb

log = logging.getLogger(__name__)


class NeedsAManager(Exception):
    """The last manager of a project can be changed or removed by staff only."""

    def __str__(self) -> str:
        return _("A project needs a manager. Make somebody else one first.")


# Invitations


@transaction.atomic
def invite(request: HttpRequest, project: Project, role: str, email: str) -> tuple[Invitation, str]:
    """The invitation and its link, which cannot be shown again."""
    made, token = Invitation.objects.make(
        project=project, role=role, email=email, invited_by=request.user, now=timezone.now()
    )
    note(request, Verb.INVITED, made, project=project, role=role)
    return made, _link(request, token)


@transaction.atomic
def invite_again(request: HttpRequest, pk: int) -> tuple[Invitation, str]:
    """A new link; "" where the old one was used in the meantime."""
    found = _managed(request.user, pk)
    rows = Invitation.objects.filter(pk=found.pk)
    token = rows.renew(invited_by=request.user, now=timezone.now())
    if not token:
        return found, ""
    note(request, Verb.INVITED, found, project=found.project_id, role=found.role)
    found.refresh_from_db()
    return found, _link(request, token)


@transaction.atomic
def withdraw(request: HttpRequest, pk: int) -> Invitation:
    found = _managed(request.user, pk)
    if Invitation.objects.filter(pk=found.pk).withdraw(timezone.now()):
        note(request, Verb.INVITATION_WITHDRAWN, found, project=found.project_id)
    return found


def _managed(user: Any, pk: int) -> Invitation:
    return get_object_or_404(Invitation.objects.managed_by(user).select_related("project"), pk=pk)


def _link(request: HttpRequest, token: str) -> str:
    path = reverse("join", args=[token])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def send(invitation: Invitation, link: str) -> bool:
    """By e-mail, where this installation can send any; else the link is there for copying."""
    if not invitation.email or not settings.EMAIL_READY:
        return False
    until = timezone.localtime(invitation.ends_at)
    words = {"project": known_as(invitation.project), "link": link, "until": f"{until:%Y-%m-%d}"}
    body = _(
        "You are invited to %(project)s. This link lets one person in, until %(until)s:\n\n"
        "%(link)s\n"
    )
    try:
        subject = _("An invitation to %(project)s") % words
        return send_mail(subject, body % words, None, [invitation.email]) == 1
    except (OSError, SMTPException) as error:
        log.warning("An invitation could not be sent: %s", type(error).__name__)
        return False


def known_as(project: Project) -> str:
    """What is joined; the only project is never spoken of."""
    return project.name if Project.objects.exclude(pk=project.pk).exists() else "Dailies"


# Joining


def join(request: HttpRequest, token: str, person: Callable[[], Any]) -> Membership | None:
    """Spend the link, then let in whom `person` gives; None when somebody was quicker.

    In this order, so that of two answers at once only one makes an account.
    """
    now = timezone.now()
    with transaction.atomic():
        found = Invitation.objects.usable(token, now=now).select_related("project").first()
        if found is None or not Invitation.objects.use(token, now=now):
            return None
        user = person()
        Invitation.objects.filter(pk=found.pk).update(used_by=user)
        return _admit(request, found, user)


def _admit(request: HttpRequest, invitation: Invitation, user: Any) -> Membership:
    """A role that reaches further stays."""
    had = Membership.objects.filter(project=invitation.project, user=user).first()
    before = had.role if had else ""
    row = had or Membership(project=invitation.project, user=user, role=invitation.role)
    if not Role(row.role).reaches(invitation.role):
        row.role = invitation.role
    row.save()
    project, roles = invitation.project, [before, row.role]
    note(request, Verb.JOINED, user, project=project, actor=user, role=roles)
    return row


# Those who are in


def change_role(request: HttpRequest, pk: int, role: str) -> Membership:
    """Raises NeedsAManager."""
    with transaction.atomic():
        found = _held(request.user, pk)
        before = found.role
        if before == role:
            return found
        _require_another_manager(request.user, found)
        found.role = role
        found.save(update_fields=["role"])
        note(request, Verb.ROLE_CHANGED, found.user, project=found.project, role=[before, role])
        return found


def remove(request: HttpRequest, pk: int) -> Membership:
    """Their tasks stay; their access ends with their next request. Raises NeedsAManager."""
    with transaction.atomic():
        found = _held(request.user, pk)
        _require_another_manager(request.user, found)
        note(request, Verb.PERSON_REMOVED, found.user, project=found.project, role=[found.role, ""])
        Membership.objects.filter(pk=found.pk).delete()
        return found


def _held(user: Any, pk: int) -> Membership:
    """As it is once nobody else can change the people of its project.

    Looked up again under the lock: two managers may be taking each other's role at once.
    """
    theirs = Membership.objects.managed_by(user)
    Project.objects.select_for_update().get(pk=get_object_or_404(theirs, pk=pk).project_id)
    return get_object_or_404(theirs.select_related("project", "user"), pk=pk)


def _require_another_manager(user: Any, leaving: Membership) -> None:
    if user.is_staff or leaving.role != Role.MANAGER:
        return
    others = Membership.objects.filter(project=leaving.project).exclude(pk=leaving.pk)
    if not others.managers().exists():
        raise NeedsAManager


# Projects


@transaction.atomic
def make_project(request: HttpRequest, form: Any) -> Project:
    made: Project = form.save()
    note(request, Verb.PROJECT_MADE, made, project=made)
    return made


@transaction.atomic
def rename_project(request: HttpRequest, form: Any) -> Project:
    before = form.initial["name"]
    renamed: Project = form.save()
    note(request, Verb.PROJECT_CHANGED, renamed, project=renamed, name=[before, renamed.name])
    return renamed
