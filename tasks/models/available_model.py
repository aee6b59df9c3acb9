"""The video models that a provider lists for a credential, known to the catalog or not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.providers.catalog.models import Model, find_model, is_catalogued, unchecked_model
from tasks.providers.dialects.model_list import ListedModel


class AvailableModelQuerySet(models.QuerySet["AvailableModel"]):
    def replace(self, credential: Credential, listed: Iterable[ListedModel], now: datetime) -> None:
        """Keep exactly these models of the credential; one that stays keeps its first day."""
        rows = [
            self.model(
                credential=credential,
                name=each.name,
                status=each.status,
                task_types=list(each.task_types),
                has_ended=each.has_ended,
                first_seen_at=now,
            )
            for each in listed
        ]
        with transaction.atomic():
            self.filter(credential=credential).exclude(name__in=[r.name for r in rows]).delete()
            self.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["credential", "name"],
                update_fields=["status", "task_types", "has_ended"],
            )


class AvailableModel(models.Model):
    """A model in the newest list of a credential's provider."""

    credential = models.ForeignKey(
        Credential,
        models.CASCADE,
        related_name="available_models",
        verbose_name=_("credential"),
    )
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(_("status"), max_length=40, default="")
    task_types = models.JSONField(_("kinds of task"), default=list)
    has_ended = models.BooleanField(_("shut down"), default=False)
    first_seen_at = models.DateTimeField(_("first seen"))

    objects = AvailableModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("available model")
        verbose_name_plural = _("available models")
        ordering = ["credential", "name"]
        constraints = [models.UniqueConstraint(fields=["credential", "name"], name="listed_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def model(self) -> Model | None:
        """The catalog's entry for it, or its nearest relative with settings that are unchecked."""
        return find_model(self.name) if self.is_known else unchecked_model(self.name)

    @property
    def is_known(self) -> bool:
        return is_catalogued(self.name)
