"""What a million tokens cost with an account, and from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.providers.catalog import MODELS
from tasks.providers.tariff import Tariff

MODEL_CHOICES = [(model.name, model.label) for model in reversed(MODELS)]
LARGEST = Decimal("99999.9999")


class Currency(models.TextChoices):
    CNY = "CNY", "CNY ¥"
    USD = "USD", "USD $"
    EUR = "EUR", "EUR €"
    GBP = "GBP", "GBP £"
    HKD = "HKD", "HKD"
    JPY = "JPY", "JPY"
    SGD = "SGD", "SGD"


class Tier(models.TextChoices):
    """What is priced alike, by the largest resolution in it."""

    UP_TO_720P = "720p", _("480p and 720p")
    FULL_HD = "1080p", "1080p"
    UHD = "4k", "4k"


VIDEO_CHOICES = [(None, _("either")), (True, _("with a video given")), (False, _("without"))]
AUDIO_CHOICES = [(None, _("either")), (True, _("with sound")), (False, _("silent"))]


class PriceQuerySet(models.QuerySet["Price"]):
    def on(self, day: date) -> PriceQuerySet:
        """Valid on this day of the site's time zone."""
        return self.during(day, day)

    def during(self, first: date, last: date | None) -> PriceQuerySet:
        """Valid on some day from the first to the last; None: for ever."""
        found = self.filter(Q(valid_until=None) | Q(valid_until__gte=first))
        return found if last is None else found.filter(valid_from__lte=last)

    def editable_by(self, user: Any) -> PriceQuerySet:
        """Managers of a project that uses the account."""
        return self.filter(credential__in=Credential.objects.comparable_by(user))


class Price(models.Model):
    """One account's: contracts, discounts and gateways' groups differ by account, not by provider.

    No two apply to the same video, so none has to give way to another. What has been valid stays as
    it was; a change is another row from a later day on (tasks/prices.py).
    """

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="prices", verbose_name=_("credential")
    )
    model = models.CharField(_("model"), max_length=60, choices=MODEL_CHOICES)
    amount = models.DecimalField(
        _("price of a million tokens"),
        max_digits=9,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(LARGEST)],
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.CNY)
    tier = models.CharField(_("resolution"), max_length=5, choices=Tier, default="", blank=True)
    with_video = models.BooleanField(_("video given"), null=True, blank=True, choices=VIDEO_CHOICES)
    with_audio = models.BooleanField(_("sound"), null=True, blank=True, choices=AUDIO_CHOICES)
    flex_percent = models.PositiveSmallIntegerField(
        _("flex costs, in percent"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Of the price. Only where the model has the flex tier."),
    )
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(
        _("until"), null=True, blank=True, help_text=_("The last day. Empty: until it is changed.")
    )
    source = models.CharField(
        _("where it is from"),
        max_length=200,
        default="",
        blank=True,
        help_text=_("A contract, a page and its date."),
    )

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["credential", "model", "tier", "with_video", "with_audio", "valid_from"]
        indexes = [models.Index(fields=["credential", "model"], name="price_of_model")]

    def __str__(self) -> str:
        parts = [self.get_model_display(), *self.conditions]
        return f"{', '.join(map(str, parts))}: {self.amount.normalize():f} {self.currency}"

    @property
    def conditions(self) -> list[str]:
        """What it applies to only, in words."""
        words = [str(self.get_tier_display())] if self.tier else []
        if self.with_video is not None:
            with_it = self.with_video
            words.append(str(_("with a video given") if with_it else _("without a video given")))
        if self.with_audio is not None:
            words.append(str(_("with sound") if self.with_audio else _("silent")))
        return words

    def applies_to(self, tariff: Tariff) -> bool:
        """Where something is not known, only a price that does not ask for it."""
        return (
            self.model == tariff.model
            and self.tier in ("", tariff.tier)
            and self.with_video in (None, tariff.with_video)
            and self.with_audio in (None, tariff.with_audio)
        )

    def clashes_with(self, other: Price) -> bool:
        """Whether there is a video on some day that both would apply to."""
        if (self.credential_id, self.model) != (other.credential_id, other.model):
            return False
        ends_before = self.valid_until is not None and self.valid_until < other.valid_from
        begins_after = other.valid_until is not None and other.valid_until < self.valid_from
        return not (ends_before or begins_after) and all(
            {getattr(self, name), getattr(other, name)} & either
            or getattr(self, name) == getattr(other, name)
            for name, either in (("tier", {""}), ("with_video", {None}), ("with_audio", {None}))
        )

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def rate(self, *, flex: bool) -> int:
        """Ten-thousandths of the currency's millionth for one token."""
        return int(self.amount * 10_000) * (self.flex_percent if flex else 100) // 100

    def micros(self, tokens: int, *, flex: bool) -> int:
        """Millionths of the currency, rounded down."""
        return tokens * self.rate(flex=flex) // 10_000


def price_for(prices: Iterable[Price], credential: int, tariff: Tariff, day: date) -> Price | None:
    """The one that applies, if any."""
    for price in prices:
        is_its = price.credential_id == credential and price.is_valid_on(day)
        if is_its and price.applies_to(tariff):
            return price
    return None
