"""Tokens of the API, and the services that have no other way in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ServiceAccess, TokenAccess, TokenScope
from tasks.models.budget import TOKENS, UNITS
from tasks.models.projects import Project
from tasks.models.raw_rows import columns_of, fields_of, instance_of
from tasks.providers.redact import API_TOKEN_PREFIX

#: Letters by which a token is recognized in a list and in a log.
PREFIX_LENGTH = 12
#: "Last used" is not more exact than this.
USED_EVERY = timedelta(minutes=1)


class ServiceQuerySet(ServiceAccess["Service"]):
    def of(self, project: Project) -> ServiceQuerySet:
        """Services that are in the project still, with their accounts."""
        here = self.filter(project=project, user__projects=project, user__is_active=True)
        return here.select_related("user").order_by("user__username")


class Service(models.Model):
    """A program of one project: an account that can never sign in, and asks with tokens only.

    It is a member like anybody, with a role of its own, so every rule, budget and charge holds for
    it; it outlives whoever made it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="service",
        verbose_name=_("account"),
    )
    project = models.ForeignKey(
        Project, models.SET_NULL, null=True, related_name="services", verbose_name=_("project")
    )
    made_by = models.BigIntegerField(_("id of who made it"), null=True)
    created_at = models.DateTimeField(_("made"))

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.user)


class ApiTokenQuerySet(TokenAccess["ApiToken"]):
    def with_person(self, digest: str) -> ApiToken | None:
        """The token with this hash, also one that ended, with the person as whom it asks."""
        people: Any = self.model._meta.get_field("person").related_model
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns_of(self.model, 't')}, {columns_of(people, 'u')}"
                f" FROM {self.model._meta.db_table} t"
                f" JOIN {people._meta.db_table} u ON u.id = t.person_id WHERE t.digest = %s",
                [digest],
            )
            row = cursor.fetchone()
        if row is None:
            return None
        number = len(fields_of(self.model))
        token = instance_of(self.model, row[:number])
        token.person = instance_of(people, row[number:])
        return token

    def alive(self, now: datetime) -> ApiTokenQuerySet:
        """Tokens that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def revoke(self, now: datetime) -> bool:
        """Revoke them; whether that was new."""
        return self.filter(revoked_at=None).update(revoked_at=now) > 0

    def note_use(self, token: ApiToken, now: datetime, address: str | None) -> None:
        """Save when and from where it was used; not what another process has just saved."""
        before = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
        used = {"last_used_at": now, "last_used_from": address}
        self.filter(before, pk=token.pk).update(**used)


class ApiToken(models.Model):
    """One token: whoever has it may ask as its person, as far as scope and project reach.

    Its text is shown once. The row keeps a hash; it has 256 random bits, so a plain one is enough.
    """

    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(_("begins with"), max_length=PREFIX_LENGTH, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("acts as"),
    )
    #: None: all projects that the person is in, also those they join later.
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, verbose_name=_("project")
    )
    scope = models.CharField(_("scope"), max_length=6, choices=TokenScope, default=TokenScope.READ)
    unit = models.CharField(_("counted in"), max_length=6, choices=UNITS, default=TOKENS)
    #: None: only the budgets limit it.
    day_limit = models.DecimalField(
        _("limit a day"),
        max_digits=15,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    last_used_at = models.DateTimeField(_("last used"), null=True)
    last_used_from = models.GenericIPAddressField(_("used from"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def is_alive(self, now: datetime) -> bool:
        return self.revoked_at is None and not self.has_expired(now)

    def was_used_lately(self, now: datetime) -> bool:
        return self.last_used_at is not None and self.last_used_at > now - USED_EVERY

    @property
    def is_in_tokens(self) -> bool:
        return self.unit == TOKENS

    @property
    def most(self) -> int | None:
        """The limit a day in tokens or in millionths of the currency; None without one."""
        if self.day_limit is None:
            return None
        return int(self.day_limit) if self.is_in_tokens else int(self.day_limit * 1_000_000)

    def asker(self) -> Any:
        """The person as whom it asks: the rules of access find the token on them."""
        person: Any = self.person
        person.api_token = self
        return person

    def projects(self) -> models.QuerySet[Project]:
        """Projects that it may see now."""
        return Project.objects.visible_to(self.asker())

    def spendable_projects(self) -> models.QuerySet[Project]:
        """Projects in which it may create now."""
        return Project.objects.spendable_by(self.asker())


def new_text() -> str:
    """The text of a new token."""
    return API_TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
