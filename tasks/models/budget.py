"""Budgets: a project's limit for a month, and how many takes its people may ask for."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.price import Currency
from tasks.models.projects import Project

MOST_TAKES = 20  # at one press, until a manager says otherwise
HARD_LIMIT = 200
TOKENS = "tokens"

UNITS = [(TOKENS, _("tokens")), *Currency.choices]


class BudgetQuerySet(ProjectRowAccess["Budget"]):
    def of(self, project: Project) -> Budget:
        """The budget of a project; unsaved until somebody changes it or places takes."""
        return self.filter(project=project).first() or Budget(project=project)

    def lock(self, project: Project) -> Budget:
        """Lock the budget until the transaction ends, so that nobody else counts what is left.

        On SQLite the transaction already keeps everybody else from writing.
        """
        self.get_or_create(project=project)
        return self.select_for_update(no_key=True).get(project=project)


class Budget(models.Model):
    """The limits of one project: for a month, for one press, and for a person's hour."""

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
        """The limit in tokens or in millionths of the currency; None without a limit."""
        if self.limit is None:
            return None
        return int(self.limit) if self.is_in_tokens else int(self.limit * 1_000_000)
