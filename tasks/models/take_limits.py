"""Limits of takes: how many a project's people may ask for at one press, and each in an hour."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.projects import Project

MOST_TAKES = 20  # at one press, until a manager says otherwise
HARD_LIMIT = 200


class TakeLimitsQuerySet(ProjectRowAccess["TakeLimits"]):
    def of(self, project: Project | int) -> TakeLimits:
        """The limits of a project; unsaved until somebody changes them."""
        pk = project.pk if isinstance(project, Project) else project
        return self.filter(project=pk).first() or TakeLimits(project_id=pk)

    def lock(self, project: Project) -> TakeLimits:
        """Lock the limits until the transaction ends, so that nobody else changes them."""
        self.get_or_create(project=project)
        return self.select_for_update(no_key=True).get(project=project)


class TakeLimits(models.Model):
    """The most takes that may be asked for in a project: at one press, and by each in an hour."""

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, verbose_name=_("project")
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

    objects = TakeLimitsQuerySet.as_manager()

    class Meta:
        verbose_name = _("limits of takes")
        verbose_name_plural = _("limits of takes")

    def __str__(self) -> str:
        return str(self.project)
