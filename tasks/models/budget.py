"""What a project may spend in a month, and how much its people may ask for at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project
from tasks.models.price import Currency

MOST_TAKES = 20  # at one press, until a manager says otherwise
HARD_LIMIT = 200
TOKENS = "tokens"

UNITS = [(TOKENS, _("tokens")), *Currency.choices]


class BudgetQuerySet(models.QuerySet["Budget"]):
    def of(self, project: Project) -> Budget:
        """As it stands; not written before somebody changes it, or something is placed."""
        return self.filter(project=project).first() or Budget(project=project)

    def lock(self, project: Project) -> Budget:
        """Until the transaction ends nobody else counts what is left. On SQLite nobody writes."""
        self.get_or_create(project=project)
        return self.select_for_update(no_key=True).get(project=project)

    def visible_to(self, user: Any) -> BudgetQuerySet:
        return self.filter(project__in=Project.objects.visible_to(user))


class Budget(models.Model):
    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, verbose_name=_("project")
    )
    unit = models.CharField(_("counted in"), max_length=6, choices=UNITS, default=TOKENS)
    limit = models.DecimalField(
        _("limit of a month"),
        max_digits=15,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Empty: without a limit."),
    )
    most_takes = models.PositiveSmallIntegerField(
        _("takes at one press"),
        default=MOST_TAKES,
        validators=[MinValueValidator(1), MaxValueValidator(HARD_LIMIT)],
    )
    takes_per_hour = models.PositiveIntegerField(
        _("takes of a person in an hour"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: only what holds for the whole site."),
    )

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")

    def __str__(self) -> str:
        return str(self.project)

    @property
    def is_in_tokens(self) -> bool:
        return self.unit == TOKENS

    @property
    def most(self) -> int | None:
        """The limit in tokens or in millionths of the currency; None where there is none."""
        if self.limit is None:
            return None
        return int(self.limit) if self.is_in_tokens else int(self.limit * 1_000_000)
