"""Prices: what a million tokens, a second or a video cost with a credential, on which days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tasks.models.access import PriceAccess
from tasks.models.credential import Credential
from tasks.providers.catalog.models import MODELS, find_model
from tasks.providers.catalog.tariff import Tariff

MODEL_CHOICES = [(model.name, model.label) for model in reversed(MODELS)]
LARGEST = Decimal("99999.9999")
LONGEST_NAME = 60  # of a model; a longer one is cut


class Currency(models.TextChoices):
    CNY = "CNY", "CNY ¥"
    USD = "USD", "USD $"
    EUR = "EUR", "EUR €"
    GBP = "GBP", "GBP £"
    HKD = "HKD", "HKD"
    JPY = "JPY", "JPY"
    SGD = "SGD", "SGD"


class Tier(models.TextChoices):
    """Resolutions that are priced alike, named by the largest of them."""

    UP_TO_720P = "720p", _("480p and 720p")
    FULL_HD = "1080p", "1080p"
    UHD = "4k", "4k"


class PriceUnit(models.TextChoices):
    """The unit that a provider bills."""

    TOKENS = "tokens", _("a million tokens")
    SECOND = "second", _("a second of the video")
    VIDEO = "video", _("a video")


VIDEO_CHOICES = [(None, _("either")), (True, _("with a video given")), (False, _("without"))]
AUDIO_CHOICES = [(None, _("either")), (True, _("with sound")), (False, _("silent"))]


class PriceQuerySet(PriceAccess["Price"]):
    def on(self, day: date) -> PriceQuerySet:
        """Prices that are valid on this day of the site's time zone."""
        return self.during(day, day)

    def during(self, first: date, last: date | None) -> PriceQuerySet:
        """Prices that are valid on some day from the first to the last; no end if that is None."""
        prices = self.filter(Q(valid_until=None) | Q(valid_until__gte=first))
        return prices if last is None else prices.filter(valid_from__lte=last)


class Price(models.Model):
    """A price of one credential: contracts, discounts and gateways' groups differ by account.

    No two prices apply to the same video, so there is no precedence among them. A price that has
    been valid stays as it was; a change is a new row from a later day on
    (tasks/billing/prices.py).
    """

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="prices", verbose_name=_("credential")
    )
    #: The catalog's name, or the provider's for a model that the catalog does not know.
    model = models.CharField(_("model"), max_length=LONGEST_NAME)
    unit = models.CharField(
        _("price of"),
        max_length=6,
        choices=PriceUnit,
        default=PriceUnit.TOKENS,
        db_default=PriceUnit.TOKENS,
    )
    amount = models.DecimalField(
        _("price"),
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
        price = f"{self.amount.normalize():f} {self.currency}"
        if self.unit != PriceUnit.TOKENS:
            price = f"{price} · {self.get_unit_display()}"
        return f"{', '.join([self.model_label, *self.conditions])}: {price}"

    @property
    def model_label(self) -> str:
        """The model's label, or its name where the catalog does not know it."""
        known = find_model(self.model)
        return known.label if known else self.model

    @property
    def conditions(self) -> list[str]:
        """Words for the videos that the price is limited to."""
        words = [str(self.get_tier_display())] if self.tier else []
        if self.with_video is not None:
            given, not_given = _("with a video given"), _("without a video given")
            words.append(str(given if self.with_video else not_given))
        if self.with_audio is not None:
            words.append(str(_("with sound") if self.with_audio else _("silent")))
        return words

    def applies_to(self, tariff: Tariff) -> bool:
        """Whether it is the price of this tariff. Of something unknown it must not depend."""
        return (
            self.model == tariff.model
            and self.tier in ("", tariff.tier)
            and self.with_video in (None, tariff.with_video)
            and self.with_audio in (None, tariff.with_audio)
        )

    def clashes_with(self, other: Price) -> bool:
        """Whether both would apply to some video on some day."""
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

    @property
    def is_of_tokens(self) -> bool:
        return self.unit == PriceUnit.TOKENS

    def rate(self, *, flex: bool) -> int:
        """The price of its unit, in ten-thousandths of the currency."""
        return int(self.amount * 10_000) * (self.flex_percent if flex else 100) // 100

    def micros(self, tokens: int, *, seconds: int | None, flex: bool) -> int | None:
        """The price of a video, in millionths of the currency, rounded down.

        None where its unit is the second, and the video's length is unknown.
        """
        rate = self.rate(flex=flex)
        if self.unit == PriceUnit.VIDEO:
            return rate * 100
        if self.unit == PriceUnit.SECOND:
            return None if seconds is None else seconds * rate * 100
        return tokens * rate // 10_000


def price_for(prices: Iterable[Price], credential: int, tariff: Tariff, day: date) -> Price | None:
    """The price that applies, if any."""
    for price in prices:
        is_candidate = price.credential_id == credential and price.is_valid_on(day)
        if is_candidate and price.applies_to(tariff):
            return price
    return None
