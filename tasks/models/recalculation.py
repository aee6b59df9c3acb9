"""Recalculations: what charges came to before and after the price list changed for days gone by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import PriceAccess
from tasks.models.charge import NOBODY
from tasks.models.credential import Credential


class RecalculationQuerySet(PriceAccess["Recalculation"]):
    pass


class Recalculation(models.Model):
    """One change of what past charges come to, with the sums as they were.

    `before` and `after` have the number of takes and their money by currency, in millionths; those
    without a price are under "": {"CNY": [12, 5400000], "": [189, 0]}.
    """

    at = models.DateTimeField(_("recalculated"))
    person = models.BigIntegerField(_("person's id"), default=NOBODY)
    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="recalculations", verbose_name=_("credential")
    )
    model = models.CharField(_("model"), max_length=60)
    since = models.DateField(_("takes made since"))
    before = models.JSONField(_("sums before"))
    after = models.JSONField(_("sums after"))

    objects = RecalculationQuerySet.as_manager()

    class Meta:
        verbose_name = _("recalculation")
        verbose_name_plural = _("recalculations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.credential} · {self.model} · {self.since}"
