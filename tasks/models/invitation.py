"""Invitations: a link that lets one person into one project."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess, Role, inviter_still_manages
from tasks.models.projects import Project, digest

INVITATION_LIFE = timedelta(days=7)


class InvitationQuerySet(ProjectRowAccess["Invitation"]):
    def make(
        self, *, project: Project, role: str, email: str = "", invited_by: Any, now: datetime
    ) -> tuple[Invitation, str]:
        """Create an invitation; return it with its link's token, of which only a hash is kept."""
        token = secrets.token_urlsafe(32)
        row = self.create(
            project=project,
            role=role,
            email=email,
            invited_by=invited_by,
            token_hash=digest(token),
            created_at=now,
            ends_at=now + INVITATION_LIFE,
        )
        return row, token

    def pending(self, now: datetime) -> InvitationQuerySet:
        """Invitations that still work; whoever invited must still manage the project."""
        return self.filter(
            inviter_still_manages(), used_at=None, withdrawn_at=None, ends_at__gt=now
        )

    def usable(self, token: str, *, now: datetime) -> InvitationQuerySet:
        return self.pending(now).filter(token_hash=digest(token))

    def use(self, token: str, *, now: datetime) -> bool:
        """Spend the link; True for exactly one caller."""
        return self.usable(token, now=now).update(used_at=now) == 1

    def renew(self, *, invited_by: Any, now: datetime) -> str:
        """Give an unused invitation a new link and return its token; "" if it was used.

        The old link stops working.
        """
        token = secrets.token_urlsafe(32)
        renewed = self.filter(used_at=None).update(
            token_hash=digest(token),
            invited_by=invited_by,
            created_at=now,
            ends_at=now + INVITATION_LIFE,
            withdrawn_at=None,
        )
        return token if renewed else ""

    def withdraw(self, now: datetime) -> int:
        return self.filter(used_at=None, withdrawn_at=None).update(withdrawn_at=now)


class Invitation(models.Model):
    """An invitation to one project: its link works once, until it ends or is withdrawn."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("invited"))
    ends_at = models.DateTimeField(_("ends"))
    used_at = models.DateTimeField(_("accepted"), null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("accepted by"),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.email or self.get_role_display()} · {self.project}"
