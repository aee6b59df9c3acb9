"""Thirty days in which what was deleted can be had back; what tasks and copies have of it alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project

KEPT = timedelta(days=30)
#: Then nothing can be restored any more and nothing is removed yet: two machines' clocks differ.
SPARE = timedelta(hours=1)

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TrashQuerySet(models.QuerySet[Row]):
    """Of rows with `deleted_at` and `deleted_by`."""

    def kept(self) -> Self:
        """What nobody has deleted."""
        return self.filter(deleted_at=None)

    def in_trash(self, now: datetime) -> Self:
        """What can still be restored."""
        return self.filter(deleted_at__gt=now - KEPT)

    def past_trash(self, now: datetime) -> Self:
        """What is to be removed for good."""
        return self.filter(deleted_at__lte=now - KEPT - SPARE)

    def give_up(self, now: datetime) -> int:
        """Have their time in the trash be over; the purge does the rest. How many there are."""
        return self.update(deleted_at=now - KEPT - SPARE)


class Trashable(models.Model):
    """In the trash since somebody deleted it."""

    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("deleted by"),
    )

    class Meta:
        abstract = True


def days_left(deleted_at: datetime, now: datetime) -> int:
    """Days until it can no longer be restored, the one that has begun included."""
    return max(0, ceil((deleted_at + KEPT - now) / timedelta(days=1)))


def entrusted_to(user: Any, *, task: str = "") -> models.Q:
    """Members delete what is their own, managers what is their projects', staff anything.

    `task` is the way from the rows to their task: "", or "task__".
    """
    if user.is_active and user.is_staff:
        return models.Q()
    working = Project.objects.open_to_work_by(user).order_by()
    own = models.Q(**{f"{task}created_by": user.pk, f"{task}project__in": working})
    return own | models.Q(**{f"{task}project__in": Project.objects.managed_by(user).order_by()})
