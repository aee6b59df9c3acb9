"""What each task costs its project: held while it is open, then as the provider counted."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.models.people import Project
from tasks.models.price import Currency, Price
from tasks.models.task import Task
from tasks.providers.tariff import Tariff

NOBODY = 0


def day_of(at: datetime) -> date:
    """In the site's time zone, whatever a person's own is: a month ends for all at once."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()


def month_of(day: date) -> str:
    """2026-11"""
    return f"{day:%Y-%m}"


class ChargeState(models.TextChoices):
    HELD = "held", _("Held")  # open, unconfirmed, or made without being told what it took
    BILLED = "billed", _("Counted")  # by the provider
    FREE = "free", _("Free")  # nothing was made


class ChargeQuerySet(models.QuerySet["Charge"]):
    def placed_by(self, person: int, after: datetime) -> ChargeQuerySet:
        """Takes that this person asked for, by the time, the oldest first."""
        return self.filter(person=person, placed_at__gt=after).order_by("placed_at")


class Charge(models.Model):
    """It outlives its task: deleting what was paid for brings no money back.

    People are plain numbers here, as in the audit. Money is in whole millionths, so that sums are
    exact on every database.
    """

    task = models.OneToOneField(
        Task, models.SET_NULL, null=True, related_name="charge", verbose_name=_("task")
    )
    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"))
    credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, verbose_name=_("credential")
    )
    person = models.BigIntegerField(_("person's id"), default=NOBODY)
    day = models.DateField(_("made on"))
    placed_at = models.DateTimeField(_("asked for"), null=True)  # None: made elsewhere
    state = models.CharField(
        _("state"), max_length=6, choices=ChargeState, default=ChargeState.HELD
    )
    tokens = models.BigIntegerField(_("tokens"), default=0)

    model = models.CharField(_("model"), max_length=60, default="", blank=True)
    tier = models.CharField(_("resolution"), max_length=5, default="", blank=True)
    with_video = models.BooleanField(_("video given"), null=True)
    with_audio = models.BooleanField(_("sound"), null=True)
    is_flex = models.BooleanField(_("flex"), default=False)

    price = models.ForeignKey(Price, models.SET_NULL, null=True, verbose_name=_("price"))
    currency = models.CharField(
        _("currency"), max_length=3, choices=Currency, default="", blank=True
    )
    micros = models.BigIntegerField(_("money"), default=0, help_text=_("millionths"))

    objects = ChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["person", "placed_at"],
                name="charge_rate",
                condition=models.Q(placed_at__isnull=False),
            ),
            models.Index(fields=["credential", "model", "day"], name="charge_priced"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} · {self.day} · {self.tokens}"

    @property
    def tariff(self) -> Tariff:
        return Tariff(
            model=self.model,
            tier=self.tier,
            with_video=self.with_video,
            with_audio=self.with_audio,
            is_flex=self.is_flex,
        )

    @property
    def is_billed(self) -> bool:
        return self.state == ChargeState.BILLED

    def take_price(self, price: Price | None) -> None:
        """By what it is told in money; does not save."""
        self.price = price
        self.currency = price.currency if price else ""
        self.micros = price.micros(self.tokens, flex=self.is_flex) if price else 0

    SETTLED_FIELDS = ("state", "tokens", "tier", "with_video", "with_audio", "is_flex")
    PRICED_FIELDS = ("price", "currency", "micros")


class SpendingQuerySet(models.QuerySet["Spending"]):
    def visible_to(self, user: Any) -> SpendingQuerySet:
        return self.filter(project__in=Project.objects.visible_to(user))


class Spending(models.Model):
    """The charges of a project, month, person and currency, added up by the database itself.

    Triggers on the charges keep them, so whoever writes one cannot forget to, and neither a page
    nor the gate adds up a million rows. The key is made of the four, so that rows which are loaded
    from elsewhere take the place of what the triggers have counted meanwhile.
    """

    key = models.CharField(max_length=60, primary_key=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"))
    month = models.CharField(_("month"), max_length=7)
    person = models.BigIntegerField(_("person's id"), default=NOBODY)
    currency = models.CharField(_("currency"), max_length=3, default="", blank=True)
    takes = models.BigIntegerField(_("takes"), default=0)
    tokens = models.BigIntegerField(_("tokens counted"), default=0)
    held_tokens = models.BigIntegerField(_("tokens held"), default=0)
    micros = models.BigIntegerField(_("money counted"), default=0, help_text=_("millionths"))
    held_micros = models.BigIntegerField(_("money held"), default=0, help_text=_("millionths"))

    objects = SpendingQuerySet.as_manager()

    class Meta:
        verbose_name = _("spending")
        verbose_name_plural = _("spending")
        ordering = ["-month", "project"]
        indexes = [models.Index(fields=["project", "month"], name="spending_month")]

    def __str__(self) -> str:
        return self.key


def in_currency(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000
