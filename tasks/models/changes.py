"""The counter of changes, and the last change of each project, which open pages ask for."""

from __future__ import annotations

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.projects import Project


class ChangeCounterQuerySet(models.QuerySet["ChangeCounter"]):
    def next(self) -> int:
        """Return the number of a new change; call it in the transaction that writes the change.

        The row's lock makes commit order equal to number order, so a reader that has seen n
        has seen everything up to n. A database sequence would not promise that.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tasks_changecounter SET value = value + 1 WHERE id = 1 RETURNING value"
            )
            return int(cursor.fetchone()[0])

    def now(self) -> int:
        """The number of the last change, in whichever project."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM tasks_changecounter WHERE id = 1")
            return int(cursor.fetchone()[0])


class ChangeCounter(models.Model):
    """One row; every change of a task takes its next value."""

    value = models.BigIntegerField(default=0)

    objects = ChangeCounterQuerySet.as_manager()

    class Meta:
        verbose_name = _("change counter")
        verbose_name_plural = _("change counters")

    def __str__(self) -> str:
        return str(self.value)


class ProjectChangeQuerySet(ProjectRowAccess["ProjectChange"]):
    pass


class ProjectChange(models.Model):
    """The number of a project's last change: the highest `change` among its tasks, ever.

    Triggers on the tasks keep it, so no writer can forget to. They write while the writer holds
    the counter's lock, so whoever reads n here has all changes of the project up to n before them.
    `access.sight_of` reads it for open pages.
    """

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, verbose_name=_("project")
    )
    number = models.BigIntegerField(_("last change"), default=0)

    objects = ProjectChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("last change of a project")
        verbose_name_plural = _("last changes of projects")

    def __str__(self) -> str:
        return f"{self.project_id}: {self.number}"
