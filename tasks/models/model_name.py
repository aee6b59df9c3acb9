"""Names of models beyond the catalog's own, as a team adds them: endpoints, gateways' names."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.providers.catalog import MODELS, Model, find_model, vendor_name
from tasks.providers.registry import provider


class ModelNameQuerySet(models.QuerySet["ModelName"]):
    def at(self, slug: str) -> dict[str, Model]:
        """Every name that this provider's models go by, the newest model first; added ones last."""
        vendor = provider(slug).vendor
        known = {vendor_name(model, vendor): model for model in reversed(MODELS)}
        added = self.filter(provider=slug).order_by("name")
        return known | {row.name: model for row in added if (model := find_model(row.known_as))}


class ModelName(models.Model):
    provider = models.SlugField(_("provider"), max_length=30)
    name = models.CharField(
        _("name"),
        max_length=200,
        help_text=_("As it is sent: ep-20261120-abcde, doubao-seedance-2.0-V2V …"),
    )
    known_as = models.CharField(_("model behind it"), max_length=60)

    objects = ModelNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("model name")
        verbose_name_plural = _("model names")
        ordering = ["provider", "name"]
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="named_once")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if any(letter.isspace() for letter in self.name):
            raise ValidationError({"name": _("A model's name has no spaces.")})
