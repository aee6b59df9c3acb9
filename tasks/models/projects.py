"""Projects, memberships, and the one-time link that lets the first person in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models.access import MembershipAccess, ProjectAccess, Role

LINK_LIFE = timedelta(minutes=15)


class ProjectQuerySet(ProjectAccess["Project"]):
    pass


class Project(models.Model):
    """The shared work of a group of people; every task belongs to one."""

    #: Whether the person who asked sees the details of it; with_details_for sets it.
    shows_details = False

    name = models.CharField(_("name"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    viewers_see_details = models.BooleanField(
        _("viewers see costs and technical details"), default=False, db_default=False
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects"
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(MembershipAccess["Membership"]):
    pass


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_each")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.project} · {self.get_role_display()}"


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    def make(self, *, user: Any = None, without_second_factor: bool = False, now: datetime) -> str:
        """Create a link and return its token, of which only a hash is kept."""
        token = secrets.token_urlsafe(32)
        self.create(
            token_hash=digest(token),
            user=user,
            without_second_factor=without_second_factor,
            ends_at=now + LINK_LIFE,
        )
        return token

    def usable(self, token: str, *, now: datetime) -> SignInLinkQuerySet:
        return self.filter(token_hash=digest(token), used_at=None, ends_at__gt=now)

    def use(self, token: str, *, now: datetime) -> bool:
        """Spend the link; True for exactly one caller."""
        return self.usable(token, now=now).update(used_at=now) == 1


class SignInLink(models.Model):
    """A link printed on the server's own terminal: for one account, or to create the first.

    It replaces the password, and a second factor only if that was asked for when it was printed.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    without_second_factor = models.BooleanField(default=False)
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = SignInLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("one-time link")
        verbose_name_plural = _("one-time links")

    def __str__(self) -> str:
        return f"{self.user or '-'} · {self.ends_at:%Y-%m-%d %H:%M}"


def digest(token: str) -> str:
    """The hash of a link's token; with it alone, from the database, nobody can sign in."""
    return hashlib.sha256(token.encode()).hexdigest()
