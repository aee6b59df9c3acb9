"""A team's account with a provider: its sealed key, its limits, how it fares."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks import sealing
from tasks.providers import Provider, ProviderError, Trouble
from tasks.providers import provider as provider_of

#: Asking on is pointless until a person changes the key or the account.
NEEDS_A_PERSON = frozenset(
    {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN, Trouble.OVERDUE}
    | {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS}
)
PATIENCE = 5  # troubles in a row before we leave a provider alone for a while
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)


class CredentialQuerySet(models.QuerySet["Credential"]):
    def askable(self, now: datetime) -> CredentialQuerySet:
        """Switched on, and not resting after trouble."""
        rested = models.Q(paused_until=None) | models.Q(paused_until__lte=now)
        return self.filter(rested, active=True)

    def in_trouble(self) -> CredentialQuerySet:
        return self.filter(active=True).exclude(trouble="")


class Credential(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)
    provider = models.SlugField(_("provider"), max_length=30)
    base_url = models.CharField(
        _("base URL"),
        max_length=300,
        help_text=_("Filled in for known providers. Without a slash at the end."),
    )
    active = models.BooleanField(
        _("active"), default=True, help_text=_("Tasks of an inactive credential are not checked.")
    )
    requests_per_second = models.FloatField(
        _("requests per second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01)],
        help_text=_("Leave empty for the provider's own limit."),
    )
    check_seconds = models.FloatField(
        _("seconds between checks of a task"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5)],
        help_text=_("Leave empty for a pace that fits the provider and slows down with age."),
    )

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed_key = models.TextField(editable=False, default="")
    key_tail = models.CharField(_("key ends with"), max_length=4, editable=False, default="")

    heard_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=20, default="", editable=False)
    trouble_message = models.CharField(_("last words"), max_length=500, default="", editable=False)
    trouble_since = models.DateTimeField(_("in trouble since"), null=True, editable=False)
    troubles_in_a_row = models.PositiveIntegerField(
        _("troubles in a row"), default=0, editable=False
    )
    paused_until = models.DateTimeField(_("resting until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def service(self) -> Provider:
        return provider_of(self.provider)

    @property
    def gets_per_second(self) -> float:
        return self.requests_per_second or self.service.gets_per_second

    def replace_key(self, key: str) -> None:
        """Seal a new key into the row and forget the old one's troubles; does not save."""
        self.sealed_key = sealing.seal(key, bound_to=str(self.uid))
        self.key_tail = key[-4:] if len(key) >= 12 else ""
        self.forgive()

    def reveal_key(self) -> str:
        """The key, for the one request that carries it. Raises sealing.Unreadable."""
        return sealing.unseal(self.sealed_key, bound_to=str(self.uid))

    def forgive(self) -> None:
        self.trouble = self.trouble_message = ""
        self.trouble_since = self.paused_until = None
        self.troubles_in_a_row = 0

    def hear(self, now: datetime) -> None:
        """The provider answered properly."""
        self.forgive()
        self.heard_at = now

    def miss(self, error: ProviderError, now: datetime) -> None:
        """The provider answered badly, or not at all."""
        self.trouble_since = self.trouble_since if self.trouble else now
        self.trouble, self.trouble_message = error.trouble, str(error)[:500]
        self.troubles_in_a_row += 1
        pause = self._pause_after(error)
        if pause:
            self.paused_until = now + pause

    def _pause_after(self, error: ProviderError) -> timedelta | None:
        if error.retry_after is not None:
            return min(timedelta(seconds=error.retry_after), timedelta(days=1))
        needs_a_person = error.trouble in NEEDS_A_PERSON
        if not needs_a_person and self.troubles_in_a_row < PATIENCE:
            return None
        doublings = min(self.troubles_in_a_row - (1 if needs_a_person else PATIENCE), 10)
        return min(SHORTEST_PAUSE * 2**doublings, LONGEST_PAUSE)

    HEALTH_FIELDS = (
        "heard_at",
        "trouble",
        "trouble_message",
        "trouble_since",
        "troubles_in_a_row",
        "paused_until",
    )
