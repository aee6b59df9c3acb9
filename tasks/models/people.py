"""Projects, who works in them, and the link that lets the first one in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LINK_LIFE = timedelta(minutes=15)


class Role(models.TextChoices):
    """In the order of what they may; each may all that those before it may."""

    VIEWER = "viewer", _("viewer")
    MEMBER = "member", _("member")
    MANAGER = "manager", _("manager")

    def reaches(self, other: str) -> bool:
        return list(Role).index(self) >= list(Role).index(Role(other))


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: Any) -> ProjectQuerySet:
        if user.is_active and user.is_staff:
            return self
        return self.filter(membership__user=user) if user.is_active else self.none()

    def ids_visible_to(self, user: Any) -> list[int]:
        return list(self.visible_to(user).order_by().values_list("pk", flat=True))

    def open_to_work_by(self, user: Any) -> ProjectQuerySet:
        """Those in which this person may track and make tasks."""
        if user.is_active and user.is_staff:
            return self
        return self.visible_to(user).exclude(
            membership__in=Membership.objects.filter(user=user, role=Role.VIEWER)
        )

    def managed_by(self, user: Any) -> ProjectQuerySet:
        """Those whose people and credentials this person looks after."""
        if user.is_active and user.is_staff:
            return self
        if not user.is_active:
            return self.none()
        return self.filter(membership__user=user, membership__role=Role.MANAGER)

    def ids_managed_by(self, user: Any) -> list[int]:
        return list(self.managed_by(user).order_by().values_list("pk", flat=True))


class Project(models.Model):
    """What a group of people works on; every task belongs to one."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
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


class MembershipQuerySet(models.QuerySet["Membership"]):
    def managed_by(self, user: Any) -> MembershipQuerySet:
        return self.filter(project__in=Project.objects.managed_by(user))

    def managers(self) -> MembershipQuerySet:
        """Those who can still come in."""
        return self.filter(role=Role.MANAGER, user__is_active=True)


class Membership(models.Model):
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
        """A new link's token; only its hash is kept, so the database cannot be used to enter."""
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
        """Spend the link: true for exactly one caller."""
        return self.usable(token, now=now).update(used_at=now) == 1


class SignInLink(models.Model):
    """A link printed on the server's own terminal: for one account, or to create the first.

    It stands for a password, and for a second factor only if that was said when it was printed.
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
        return f"link for {self.user or 'the first account'}"


def digest(token: str) -> str:
    """What is kept of a link's token, so that the database cannot be used to enter."""
    return hashlib.sha256(token.encode()).hexdigest()
