"""Credentials: a team's accounts with providers, with sealed key, limits and health."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks import encryption
from tasks.models.access import CredentialAccess
from tasks.models.projects import Project
from tasks.providers import Provider, ProviderError, Trouble
from tasks.providers import provider as provider_of
from tasks.providers.dialects.model_list import ListedModel

#: Further requests are pointless until a person changes the key or the account.
NEEDS_A_PERSON = frozenset(
    {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN, Trouble.OVERDUE}
    | {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS}
)
PATIENCE = 5  # troubles in a row before a credential is paused
MODELS_EVERY = timedelta(days=1)
LONGEST_QUOTA = timedelta(days=32)  # of a plan by the month, until its reset
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)


class CredentialQuerySet(CredentialAccess["Credential"]):
    def askable(self, now: datetime) -> CredentialQuerySet:
        """Active credentials that are not paused after trouble."""
        rested = models.Q(paused_until=None) | models.Q(paused_until__lte=now)
        return self.filter(rested, active=True)

    def due_for_models(self, now: datetime) -> list[Credential]:
        """Credentials whose provider has a list of models that was not asked for since a day."""
        lately = models.Q(models_asked_at__gt=now - MODELS_EVERY)
        due = self.askable(now).exclude(lately & models.Q(models_asked_at__isnull=False))
        return [credential for credential in due if credential.service.models_path]

    def with_latest_task(self) -> CredentialQuerySet:
        """Annotated with `latest_task`: the id of the newest task, None without any.

        The range, of one credential only, is asked along the index of credential and id. For
        "equals", PostgreSQL goes back through all tasks until one of a rare credential comes:
        2 s of a million.
        """
        newest = self.model._meta.apps.get_model("tasks", "Task")._base_manager
        only = {f"credential__{bound}": models.OuterRef("pk") for bound in ("gte", "lte")}
        own = newest.filter(**only).order_by("credential_id", "-pk")
        return self.annotate(latest_task=models.Subquery(own.values("pk")[:1]))

    def in_trouble(self) -> CredentialQuerySet:
        return self.filter(active=True).exclude(trouble="")


class Credential(models.Model):
    """One account with a provider."""

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
    open_to_all = models.BooleanField(
        _("every project may use it"),
        default=True,
        help_text=_("Otherwise only the projects chosen below."),
    )
    projects = models.ManyToManyField(
        Project, blank=True, related_name="credentials", verbose_name=_("projects")
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

    test_asked_at = models.DateTimeField(_("test asked for"), null=True, editable=False)
    tested_at = models.DateTimeField(_("tested"), null=True, editable=False)
    #: As tasks/providers/transport/connection_check.py writes it; pages put it into words.
    test_findings = models.JSONField(_("findings of the test"), default=list, editable=False)

    #: Creates wait until then, because the quota of the account's plan is used up.
    creates_wait_until = models.DateTimeField(_("creates wait until"), null=True, editable=False)
    models_asked_at = models.DateTimeField(_("models asked for"), null=True, editable=False)
    models_listed_at = models.DateTimeField(_("models listed"), null=True, editable=False)
    models_trouble = models.CharField(
        _("trouble with the models"), max_length=20, default="", db_default="", editable=False
    )

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
        """Seal a new key into the row and clear the old key's trouble; does not save."""
        self.sealed_key = encryption.seal(key, bound_to=str(self.uid))
        self.key_tail = key[-4:] if len(key) >= 12 else ""
        self.creates_wait_until = None
        self.clear_error()

    def reveal_key(self) -> str:
        """The key, for the one request that carries it. Raises DecryptionError."""
        return encryption.unseal(self.sealed_key, bound_to=str(self.uid))

    def clear_error(self) -> None:
        self.trouble = self.trouble_message = ""
        self.trouble_since = self.paused_until = None
        self.troubles_in_a_row = 0

    def is_paused(self, now: datetime) -> bool:
        """Whether nothing is to be asked for now."""
        return self.paused_until is not None and self.paused_until > now

    def record_answer(self, now: datetime) -> None:
        """Record a proper answer, which ends any trouble; does not save."""
        self.clear_error()
        self.heard_at = now

    def record_error(self, error: ProviderError, now: datetime) -> None:
        """Record a bad answer or none, and pause after some in a row; does not save.

        Errors that arrive within a pause were on their way. They count no further: of one outage
        every pause would otherwise see many, and double with each.
        """
        is_late = self.is_paused(now)
        self.trouble_since = self.trouble_since if self.trouble else now
        self.trouble, self.trouble_message = error.trouble, str(error)[:500]
        self.troubles_in_a_row += not is_late
        pause = None if is_late and error.retry_after is None else self._pause_after(error)
        if pause:
            self.paused_until = max(now + pause, self.paused_until or now)

    def write_health(self) -> None:
        """Save the health, unless the key or the address was changed meanwhile."""
        self._same().update(**{name: getattr(self, name) for name in self.HEALTH_FIELDS})

    def ask_for_test(self, now: datetime) -> None:
        self.test_asked_at = now
        self.save(update_fields=["test_asked_at"])

    def forget_test(self) -> None:
        """Drop the findings of a test of another key or address; does not save."""
        self.test_asked_at = self.tested_at = None
        self.test_findings = []

    def keep_findings(self, findings: list[dict[str, Any]], now: datetime) -> None:
        """Save what a test found, unless the key or the address was changed meanwhile."""
        self.tested_at, self.test_findings = now, findings
        self._same().update(tested_at=now, test_findings=findings)

    def hold_creates(self, until: datetime) -> None:
        """Let the creates of this account wait, unless key or address was changed meanwhile."""
        self._same().update(creates_wait_until=until)

    def creates_wait(self, now: datetime) -> datetime | None:
        """The time until which creates of this account wait; None where they are sent at once."""
        until = self.creates_wait_until
        return until if until and until > now else None

    def ask_for_models(self, now: datetime) -> None:
        self.models_asked_at = now
        self.save(update_fields=["models_asked_at"])

    def keep_models(self, listed: Iterable[ListedModel], now: datetime) -> None:
        """Save the provider's list of models, unless key or address was changed meanwhile."""
        if self._same().update(models_listed_at=now, models_trouble=""):
            self.available_models.model.objects.replace(self, listed, now)

    def note_models_trouble(self, trouble: str, now: datetime) -> None:
        """Save why the list did not come; the models of the list before stay."""
        self._same().update(models_listed_at=now, models_trouble=trouble)

    def forget_models(self) -> None:
        """Drop the models of another address; does not save the row itself."""
        self.models_asked_at = self.models_listed_at = None
        self.models_trouble = ""
        self.available_models.all().delete()

    def _same(self) -> models.QuerySet[Credential]:
        """The row of this credential, unless its key or address was changed meanwhile."""
        return Credential.objects.filter(
            pk=self.pk, sealed_key=self.sealed_key, base_url=self.base_url
        )

    def _pause_after(self, error: ProviderError) -> timedelta | None:
        """Time to send nothing; None to go on."""
        if error.retry_after is not None:
            longest = LONGEST_QUOTA if error.trouble == Trouble.QUOTA_USED_UP else timedelta(days=1)
            return min(timedelta(seconds=error.retry_after), longest)
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
