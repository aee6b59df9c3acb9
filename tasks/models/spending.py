"""Spending: sums of the charges, kept by the database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.charge import NOBODY
from tasks.models.projects import Project

NO_CREDENTIAL = 0  # of a charge whose credential was removed


class Spending(models.Model):
    """Sums of the charges of one project, day, person, credential and currency.

    Triggers on the charges keep them, so no writer can forget to, and neither a page nor the gate
    adds up a million rows. Each period of a budget is some of these days. The key is made of the
    five columns, so that rows loaded from elsewhere replace what the triggers have counted
    meanwhile. People and credentials are plain numbers: the sums outlive them.
    """

    key = models.CharField(max_length=90, primary_key=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, verbose_name=_("project"))
    day = models.DateField(_("day"))
    person = models.BigIntegerField(_("person's id"), default=NOBODY)
    credential = models.BigIntegerField(_("credential's id"), default=NO_CREDENTIAL)
    currency = models.CharField(_("currency"), max_length=3, default="", blank=True)
    takes = models.BigIntegerField(_("takes"), default=0)
    tokens = models.BigIntegerField(_("tokens counted"), default=0)
    reserved_tokens = models.BigIntegerField(_("tokens reserved"), default=0)
    micros = models.BigIntegerField(_("money counted"), default=0, help_text=_("millionths"))
    reserved_micros = models.BigIntegerField(
        _("money reserved"), default=0, help_text=_("millionths")
    )

    class Meta:
        verbose_name = _("spending")
        verbose_name_plural = _("spending")
        ordering = ["-day", "project"]
        indexes = [
            models.Index(fields=["project", "day"], name="spending_project"),
            models.Index(fields=["person", "day"], name="spending_person"),
            models.Index(fields=["credential", "day"], name="spending_credential"),
        ]

    def __str__(self) -> str:
        return self.key
