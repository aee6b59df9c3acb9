"""Invitations: a link that lets one person into one project."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project, Role, digest

INVITATION_LIFE = timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def make(
        self, *, project: Project, role: str, email: str = "", invited_by: Any, now: datetime
    ) -> tuple[Invitation, str]:
        """The row and its link's token; only the token's hash is kept."""
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

    def managed_by(self, user: Any) -> InvitationQuerySet:
        return self.filter(project__in=Project.objects.managed_by(user))

    def pending(self, now: datetime) -> InvitationQuerySet:
        """Those that let somebody in: also their maker must still be one who may invite."""
        return self.filter(may_invite(), used_at=None, withdrawn_at=None, ends_at__gt=now)

    def usable(self, token: str, *, now: datetime) -> InvitationQuerySet:
        return self.pending(now).filter(token_hash=digest(token))

    def use(self, token: str, *, now: datetime) -> bool:
        """Spend the link: true for exactly one caller."""
        return self.usable(token, now=now).update(used_at=now) == 1

    def renew(self, *, invited_by: Any, now: datetime) -> str:
        """A new link's token for an invitation nobody has used, "" if somebody has; the old link
        leads nowhere from then on.
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


def may_invite() -> Exists:
    """Whether who invited still manages the project, so that nobody who was removed comes back
    by a link of their own. No join: `use` must stay one conditional update of one table.
    """
    manages = Q(membership__project=OuterRef("project"), membership__role=Role.MANAGER)
    makers = User.objects.filter(pk=OuterRef("invited_by"), is_active=True)
    return Exists(makers.filter(Q(is_staff=True) | manages))


class Invitation(models.Model):
    """Grants nothing while pending; works once, until it ends or is withdrawn."""

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
