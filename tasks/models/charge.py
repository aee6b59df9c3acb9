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
from tasks.providers.catalog.token_formula import Doubt, Expected

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


#: Ends that providers bill nothing for, by their documentation.
UNPAID = (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)


class TokenCheck(models.TextChoices):
    """Comparison of the tokens billed with the documented formula's for the saved file."""

    EQUAL = "equal", _("As the formula")
    MORE = "more", _("More than the formula")
    LESS = "less", _("Less than the formula")
    UNKNOWN = "unknown", _("Can't be compared")


class ChargeQuerySet(ProjectRowAccess["Charge"]):
    def placed_by(self, person: int, after: datetime) -> ChargeQuerySet:
        """Charges of the takes this person asked for after that time, the oldest first."""
        return self.filter(person=person, placed_at__gt=after).order_by("placed_at")

    def checked_as(self, check: str) -> ChargeQuerySet:
        """Charges whose tokens compare so; the differing ones are read from their own index."""
        signs = {TokenCheck.MORE: "gt", TokenCheck.LESS: "lt"}
        if sign := signs.get(TokenCheck(check)):
            return self.filter(**{f"token_difference__{sign}": 0})
        return self.filter(token_check=check)


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

    #: By the documented formula, from what the saved file says; the fewest and the most. What is
    #: billed beyond either of them is the difference. None of what was not compared.
    formula_least = models.BigIntegerField(_("tokens by the formula, at least"), null=True)
    formula_tokens = models.BigIntegerField(_("tokens by the formula"), null=True)
    token_check = models.CharField(
        _("tokens compared"), max_length=7, choices=TokenCheck, null=True, blank=True
    )
    token_doubt = models.CharField(_("not compared because"), max_length=10, null=True, blank=True)
    token_difference = models.BigIntegerField(_("tokens beyond the formula"), null=True)

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
                fields=["day", "id"],
                name="charge_differing",
                condition=models.Q(token_difference__isnull=False),
            ),
            # All columns that the numbers of compared takes need, so that they never read a row.
            models.Index(
                fields=["day", "project", "token_check", "token_doubt"],
                name="charge_compared",
                condition=models.Q(token_check__isnull=False),
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

    @property
    def is_settled(self) -> bool:
        """Whether it is over and not free, so that its tokens can be compared."""
        is_success = self.outcome == Outcome.SUCCEEDED
        return is_success or (self.is_billed and self.outcome in UNPAID)

    def compare_tokens(self, expected: Expected | Doubt | None) -> None:
        """Compare the tokens billed with the formula's; None is nothing to compare. Does not save.

        A provider that does not bill in tokens is not held to them.
        """
        found = expected if isinstance(expected, Expected) else None
        doubt = expected if isinstance(expected, Doubt) else None
        if expected is not None and self._is_of_other_units:
            found, doubt = None, Doubt.NOT_TOKENS
        elif expected is not None and not self.is_counted:
            doubt = Doubt.UNCOUNTED
        elif found:
            doubt = found.doubt_of(self.tokens)
        difference = found.difference(self.tokens) if found and not doubt else 0
        self.formula_least = found.least if found else None
        self.formula_tokens = found.most if found else None
        self.token_difference = difference or None
        self.token_doubt = str(doubt) if doubt else None
        self.token_check = None if expected is None else _check_of(doubt, difference)

    @property
    def _is_of_other_units(self) -> bool:
        """Whether the bill is not one of tokens: by the price list, or as the provider named it."""
        if self.price and not self.price.is_of_tokens:
            return True
        return self.provider_micros is not None and not self.is_counted

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
    COMPARED_FIELDS = (
        *("formula_least", "formula_tokens"),
        *("token_check", "token_doubt", "token_difference"),
    )


def _check_of(doubt: Doubt | None, difference: int) -> TokenCheck:
    if doubt:
        return TokenCheck.UNKNOWN
    if difference:
        return TokenCheck.MORE if difference > 0 else TokenCheck.LESS
    return TokenCheck.EQUAL


def in_currency(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000
