"""A team's account with a provider: its sealed key, its limits, how it fares."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks import sealing
from tasks.models.people import Project
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

    def usable_in(self, project: Project) -> CredentialQuerySet:
        """With which tasks of this project may be tracked and made."""
        return self.filter(active=True).filter(_open_to(models.Q(pk=project.pk)))

    def visible_to(self, user: Any) -> CredentialQuerySet:
        """Those that some project of this person may use."""
        if user.is_active and user.is_staff:
            return self
        projects = Project.objects.visible_to(user).order_by()
        chosen = models.Exists(projects.filter(credentials=models.OuterRef("pk")))
        return self.filter(chosen | models.Q(models.Exists(projects), open_to_all=True))

    def comparable_by(self, user: Any) -> CredentialQuerySet:
        """Those whose list this person may look through: managers, of their projects'."""
        if user.is_active and user.is_staff:
            return self
        managed = Project.objects.ids_managed_by(user)
        return self.filter(_open_to(models.Q(pk__in=managed))) if managed else self.none()

    def editable_by(self, user: Any) -> CredentialQuerySet:
        """Staff edit all; a manager those that nobody else's project uses."""
        if user.is_active and user.is_staff:
            return self
        managed = Project.objects.ids_managed_by(user)
        if not managed:
            return self.none()
        others = Project.objects.exclude(pk__in=managed)
        mine = self.filter(_open_to(models.Q(pk__in=managed))).exclude(
            pk__in=self.model.projects.through.objects.filter(project__in=others).values(
                "credential"
            )
        )
        return mine if not others.exists() else mine.filter(open_to_all=False)


def _open_to(projects: models.Q) -> models.Q:
    chosen = Project.objects.filter(projects, credentials=models.OuterRef("pk"))
    return models.Q(open_to_all=True) | models.Q(models.Exists(chosen))


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
    #: As tasks/providers/findings.py writes it; pages put it into words.
    test_findings = models.JSONField(_("findings of the test"), default=list, editable=False)

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

    def write_health(self) -> None:
        """How it fares; a key or an address that is new has not been heard of yet."""
        self._same().update(**{name: getattr(self, name) for name in self.HEALTH_FIELDS})

    def ask_for_test(self, now: datetime) -> None:
        self.test_asked_at = now
        self.save(update_fields=["test_asked_at"])

    def forget_test(self) -> None:
        """It told of another key, or of another address; does not save."""
        self.test_asked_at = self.tested_at = None
        self.test_findings = []

    def keep_findings(self, findings: list[dict[str, Any]], now: datetime) -> None:
        """What a test found of this key at this address, as long as they are these."""
        self.tested_at, self.test_findings = now, findings
        self._same().update(tested_at=now, test_findings=findings)

    def _same(self) -> models.QuerySet[Credential]:
        """This row, unless somebody has typed another key or address into it meanwhile."""
        return Credential.objects.filter(
            pk=self.pk, sealed_key=self.sealed_key, base_url=self.base_url
        )

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
