"""Budgets: what a project, a person or a credential may use in a month, a week or a day."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tasks.models.access import BudgetAccess
from tasks.models.credential import Credential
from tasks.models.period import Period
from tasks.models.price import Currency
from tasks.models.projects import Project

TOKENS = "tokens"
UNITS = [(TOKENS, _("tokens")), *Currency.choices]
MOST_LEVELS = 5
USUAL_LEVELS = "80, 100"


class Scope(models.TextChoices):
    """The kinds of users whose use a budget counts."""

    PROJECT = "project", _("project")
    MEMBER = "member", _("person in a project")
    PERSON = "person", _("person over all projects")
    CREDENTIAL = "credential", _("credential")


def levels_in(text: str) -> tuple[int, ...]:
    """The levels in a list like "50, 80, 100", in ascending order, each once."""
    return tuple(sorted({int(each) for each in re.findall(r"\d+", text)}))


def validate_levels(text: str) -> None:
    """Raise ValidationError unless it is a list of few whole percents, from 1 to 100, or empty."""
    if not text.strip():
        return
    parts = [part.strip().removesuffix("%").strip() for part in re.split("[,，、;；]", text)]
    is_list = all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts)
    if not is_list or not all(1 <= int(part) <= 100 for part in parts):
        raise ValidationError(_("Enter percents from 1 to 100, like 50, 80, 100."))
    if len(set(map(int, parts))) > MOST_LEVELS:
        raise ValidationError(_("At most %(number)s levels."), params={"number": MOST_LEVELS})


class BudgetQuerySet(BudgetAccess["Budget"]):
    def of(self, project: Project | int) -> BudgetQuerySet:
        """Budgets of a project as a whole."""
        return self.filter(project=project, person=None)

    def applying_to(self, project: Project, credential: Credential, person: Any) -> BudgetQuerySet:
        """Budgets that count a create of this person, in the one order in which they are locked."""
        counts = Q(project=project, person=None) | Q(credential=credential.pk)
        if person is not None:
            counts |= Q(project=project, person=person.pk) | Q(project=None, person=person.pk)
        return self.filter(counts).order_by("pk")

    def with_subjects(self) -> BudgetQuerySet:
        """Read with each what it is for and who set it, for pages that name them."""
        return self.select_related("project", "person", "credential", "set_by")

    def like(self, budget: Budget) -> BudgetQuerySet:
        """Other budgets of the same scope, period and unit; there may be none."""
        fields = ("project_id", "person_id", "credential_id", "period", "unit")
        return self.filter(**{name: getattr(budget, name) for name in fields}).exclude(pk=budget.pk)


def _one_each(scope: str, *fields: str, **condition: Any) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=[*fields, "period", "unit"],
        condition=Q(**condition),
        name=f"one_{scope}_budget_each",
    )


class Budget(models.Model):
    """One limit of what is used in each period.

    Its scope follows from what it names: a project, a person in a project, a person, or a
    credential. Several may hold for one create, and then it must fit into all of them.
    """

    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, verbose_name=_("project")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name=_("person"),
    )
    credential = models.ForeignKey(
        Credential, models.CASCADE, null=True, blank=True, verbose_name=_("credential")
    )
    period = models.CharField(_("period"), max_length=5, choices=Period, default=Period.MONTH)
    unit = models.CharField(_("counted in"), max_length=6, choices=UNITS, default=TOKENS)
    limit = models.DecimalField(
        _("limit"), max_digits=15, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    levels = models.CharField(
        _("warn at"),
        max_length=40,
        blank=True,
        default=USUAL_LEVELS,
        help_text=_("Percent of the limit, like 50, 80, 100. Empty: no warning."),
    )
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("set by"),
    )
    set_at = models.DateTimeField(_("set on"), null=True, editable=False)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=Q(project__isnull=False, credential=None)
                | Q(person__isnull=False, credential=None)
                | Q(credential__isnull=False, project=None, person=None),
                name="budget_has_a_scope",
                violation_error_message=_(
                    "A budget is for a project, a person in it, a person, or a credential."
                ),
            ),
            _one_each("project", "project", project__isnull=False, person=None),
            _one_each("member", "project", "person", project__isnull=False, person__isnull=False),
            _one_each("person", "person", project=None, person__isnull=False),
            _one_each("credential", "credential", credential__isnull=False),
        ]

    def __str__(self) -> str:
        return " · ".join(str(each) for each in self.subjects)

    def clean(self) -> None:
        try:
            validate_levels(self.levels)
        except ValidationError as error:
            raise ValidationError({"levels": error}) from error

    @property
    def subjects(self) -> list[Any]:
        """The project, person or credential that it is for; both of a person in a project."""
        return [each for each in (self.project, self.person, self.credential) if each]

    @property
    def scope(self) -> Scope:
        if self.credential_id:
            return Scope.CREDENTIAL
        if self.person_id:
            return Scope.MEMBER if self.project_id else Scope.PERSON
        return Scope.PROJECT

    @property
    def span(self) -> Period:
        return Period(self.period)

    @property
    def is_in_tokens(self) -> bool:
        return self.unit == TOKENS

    @property
    def most(self) -> int:
        """The limit in tokens or in millionths of the currency."""
        return int(self.limit) if self.is_in_tokens else int(self.limit * 1_000_000)

    @property
    def marks(self) -> tuple[int, ...]:
        """The levels in percent, in ascending order."""
        return levels_in(self.levels)

    def level_of(self, percent: float) -> int | None:
        """The highest level that this share of the limit has reached; None below all of them."""
        return max((level for level in self.marks if percent >= level), default=None)
