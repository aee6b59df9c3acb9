"""Charges: what each task costs its project, reserved at first, then as the provider counted."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.credential import Credential
from tasks.models.price import Currency, Price
from tasks.models.projects import Project
from tasks.models.task import Task
from tasks.providers.catalog.tariff import Tariff

NOBODY = 0


def day_of(at: datetime) -> date:
    """The day in the site's time zone, so that a month ends for everybody at once."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()


class ChargeState(models.TextChoices):
    # Open, unconfirmed, or succeeded without the provider saying what it took.
    RESERVED = "reserved", _("Reserved")
    BILLED = "billed", _("Counted")  # by the provider
    FREE = "free", _("Free")  # nothing was created


class Outcome(models.TextChoices):
    """The end of a take, as far as it is known: a task's status in words that outlive the task."""

    OPEN = "open", _("Open")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    LOST = "lost", _("Lost")  # the provider no longer knows it
    NOT_CREATED = "not_created", _("Not created")  # as a person confirmed
    UNKNOWN = "unknown", _("Unknown")  # deleted before charges noted it


class ChargeQuerySet(ProjectRowAccess["Charge"]):
    def placed_by(self, person: int, after: datetime) -> ChargeQuerySet:
        """Charges of the takes this person asked for after that time, the oldest first."""
        return self.filter(person=person, placed_at__gt=after).order_by("placed_at")


class Charge(models.Model):
    """The cost of one task. It outlives the task: deleting what was paid for refunds nothing.

    It carries all that costs are grouped by, for the same reason. People and batches are plain
    numbers here, as in the audit. Money is in whole millionths, so that sums are exact on every
    database.
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
    placed_at = models.DateTimeField(_("asked for"), null=True)  # None: created elsewhere
    state = models.CharField(
        _("state"), max_length=8, choices=ChargeState, default=ChargeState.RESERVED
    )
    #: As the provider counted; where it counts none, the most that they were estimated at.
    tokens = models.BigIntegerField(_("tokens"), default=0)
    #: Begun ones of the video that is made, at most while it is not made; None if unknown.
    seconds = models.PositiveIntegerField(_("seconds"), null=True)

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
    #: What the provider itself named, in `currency`; then no price list counts.
    provider_micros = models.BigIntegerField(
        _("money that the provider named"), null=True, help_text=_("millionths")
    )

    provider = models.CharField(_("provider"), max_length=30, default="", db_default="", blank=True)
    batch = models.BigIntegerField(_("batch's id"), null=True)  # None: created elsewhere
    api_token = models.BigIntegerField(_("API token's id"), null=True)  # None: on a page
    mode = models.CharField(_("mode"), max_length=20, default="", db_default="", blank=True)
    #: As asked for, then as made; `tier` is what is priced alike.
    resolution = models.CharField(
        _("exact resolution"), max_length=10, default="", db_default="", blank=True
    )
    outcome = models.CharField(
        _("outcome"),
        max_length=11,
        choices=Outcome,
        default=Outcome.OPEN,
        db_default=Outcome.OPEN,
    )
    is_counted = models.BooleanField(_("provider counted tokens"), default=False, db_default=False)
    #: Begun ones, of a success only; None if its length is unknown.
    made_seconds = models.PositiveIntegerField(_("seconds made"), null=True)
    error_code = models.CharField(
        _("error code"), max_length=60, default="", db_default="", blank=True
    )
    #: By our own clock, from the moment it was asked for.
    queue_seconds = models.PositiveIntegerField(_("seconds until it ran"), null=True)
    finish_seconds = models.PositiveIntegerField(_("seconds until it ended"), null=True)

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
            models.Index(fields=["day", "id"], name="charge_day"),
            models.Index(
                fields=["batch"],
                name="charge_batch",
                condition=models.Q(batch__isnull=False),
            ),
            models.Index(
                fields=["api_token", "day"],
                name="charge_token",
                condition=models.Q(api_token__isnull=False),
            ),
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

    @property
    def is_reserved_like_another(self) -> bool:
        """Whether money is reserved for a model without a price: the dearest known model's."""
        is_reserved = self.state == ChargeState.RESERVED
        return is_reserved and bool(self.currency) and self.price_id is None

    def apply_price(self, price: Price | None) -> None:
        """Compute the money from this price, or none without one that fits; does not save.

        Money that the provider named stays as it is.
        """
        if self.provider_micros is not None:
            return
        micros = None
        if price:
            micros = price.micros(self.tokens, seconds=self.seconds, flex=self.is_flex)
        self.price = None if micros is None else price
        self.currency = self.price.currency if self.price else ""
        self.micros = micros or 0

    def take_named_cost(self, micros: int, currency: str) -> None:
        """Take over the money that the provider named; does not save."""
        self.provider_micros = self.micros = micros
        self.currency, self.price = currency, None

    SETTLED_FIELDS = (
        *("state", "tokens", "seconds", "tier", "with_video", "with_audio", "is_flex"),
        *("provider_micros", "resolution", "outcome", "is_counted", "made_seconds", "error_code"),
        *("queue_seconds", "finish_seconds"),
    )
    PRICED_FIELDS = ("price", "currency", "micros")


def in_currency(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000
