"""Model names that a team adds to the catalog's: endpoints, names of gateways."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.available_model import AvailableModel
from tasks.models.credential import Credential
from tasks.providers.catalog.models import Model, find_model
from tasks.providers.registry import provider


class ModelNameQuerySet(models.QuerySet["ModelName"]):
    def at(self, slug: str) -> dict[str, Model]:
        """Names of this provider's models, the newest model first, then those that were added."""
        known = provider(slug).models_by_name()
        added = self.filter(provider=slug).order_by("name")
        return known | {row.name: model for row in added if (model := find_model(row.known_as))}

    def offered_at(self, credential: Credential) -> dict[str, Model]:
        """Models that a credential's form offers, by the names sent to the provider.

        They are those of `at`, and last what only the provider's own list names.
        """
        return self.offered_among([credential])[credential.pk]

    def offered_among(
        self, credentials: Iterable[Credential], names: Collection[str] | None = None
    ) -> dict[int, dict[str, Model]]:
        """Models that each of these credentials offers, by its id; two queries in all.

        `names`: read no others of those that a team has added or a provider lists, which may be
        hundreds.
        """
        credentials = list(credentials)
        only = {} if names is None else {"name__in": names}
        added = self.filter(provider__in={each.provider for each in credentials}, **only)
        known = {each.provider: provider(each.provider).models_by_name() for each in credentials}
        for row in added.order_by("name"):
            if model := find_model(row.known_as):
                known[row.provider][row.name] = model
        offered = {each.pk: dict(known[each.provider]) for each in credentials}
        listed = AvailableModel.objects.filter(credential__in=offered, has_ended=False, **only)
        for each in listed.order_by("name"):
            if each.name not in offered[each.credential_id] and (model := each.model):
                offered[each.credential_id][each.name] = model
        return offered


class ModelName(models.Model):
    """One more name of a model of the catalog, at one provider."""

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
