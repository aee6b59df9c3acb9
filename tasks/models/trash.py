"""The trash: deleted tasks and copies can be restored for thirty days, then they are purged."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

KEPT = timedelta(days=30)
#: Time after that without restoring or purging, as the clocks of two machines differ.
SPARE = timedelta(hours=1)

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TrashQuerySet(models.QuerySet[Row]):
    """Rows with `deleted_at` and `deleted_by`."""

    def kept(self) -> Self:
        """Rows that nobody has deleted."""
        return self.filter(deleted_at=None)

    def in_trash(self, now: datetime) -> Self:
        """Rows that can still be restored."""
        return self.filter(deleted_at__gt=now - KEPT)

    def past_trash(self, now: datetime) -> Self:
        """Rows that are to be purged."""
        return self.filter(deleted_at__lte=now - KEPT - SPARE)

    def give_up(self, now: datetime) -> int:
        """End their time in the trash, so that the next purge takes them; return their number."""
        return self.update(deleted_at=now - KEPT - SPARE)


class Trashable(models.Model):
    """A row that can be moved to the trash: `deleted_at` is None until somebody does."""

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
